// dmaas repo init, backup
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "base/file.hpp"
#include "base/time_text.hpp"
#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "engine/archive/back_up.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/sources/stream.hpp"

namespace dmaas::cli {
namespace {

using engine::BackupSummary;

struct InitFlags {
  RepositoryFlags repository;
  SourceFlags source;
  unsigned version = 2;
  std::string chunker = "fastcdc";
  bool copy_chunker = false;
};

Result<engine::ChunkerParameters> chunker_parameters(const InitFlags& flags, std::stop_token stop) {
  if (flags.copy_chunker) {
    auto like = TRY(open_source_session(flags.source, flags.repository, std::nullopt, stop));
    return like.repository->chunker_parameters();
  }
  using enum engine::ChunkerKind;
  return engine::ChunkerParameters{.kind = flags.chunker == "rabin" ? rabin : fastcdc};
}

Result<ExitCode> run_init(const InitFlags& flags, std::stop_token stop) {
  auto location = TRY(repository_location(flags.repository));
  auto options = TRY(storage_options(flags.repository));
  auto password = TRY(read_password(flags.repository, AskPassword::twice));
  if (!location.starts_with("rest:"))
    TRY(storage::create_container(location, options, system_clock(), stop));
  auto store = TRY(storage::open_storage(location, options, system_clock()));
  engine::InitOptions init;
  init.version = flags.version;
  init.chunker = TRY(chunker_parameters(flags, stop));
  auto repository_flags = TRY(repository_options(flags.repository));
  auto repository =
      TRY(engine::Repository::init(*store, password, init, repository_flags, system_clock(), stop));
  if (flags.repository.json) {
    print_line(to_text(JsonObject{{"message_type", "initialized"},
                                  {"id", repository->config().id},
                                  {"repository", store->location()}}));
  } else {
    print_line(fmt::format("created restic repository {} at {}",
                           repository->config().id.substr(0, 10), store->location()));
    print_line("Without the password the data is lost: keep a copy of it in a safe place.");
  }
  return ExitCode::success;
}

struct BackupFlags {
  RepositoryFlags repository;
  std::vector<std::string> targets;
  std::vector<std::string> excludes;
  std::vector<std::string> tags;
  std::string host;
  std::string time;
  std::string parent;
  std::string stdin_name = "stdin";
  unsigned read_concurrency = 0;
  bool from_stdin = false;
  bool force = false;
  bool one_file_system = false;
  bool dry_run = false;
  bool with_atime = false;
  bool ignore_inode = false;
};

Result<std::unique_ptr<engine::Source>> open_source(const BackupFlags& flags) {
  if (flags.from_stdin) {
    return engine::open_stream(FileDescriptor{::dup(STDIN_FILENO)}, "/" + flags.stdin_name,
                               system_clock());
  }
  engine::FileSystemOptions options;
  options.exclude = TRY(engine::PathPatterns::parse(flags.excludes));
  if (flags.one_file_system)
    options.other_file_systems = engine::FileSystemOptions::OtherFileSystems::leave_out;
  if (flags.with_atime) options.access_time = engine::AccessTime::record;
  return engine::open_file_system(flags.targets, options);
}

Result<engine::BackupOptions> backup_options(const BackupFlags& flags,
                                             engine::Repository& repository, std::stop_token stop) {
  engine::BackupOptions options;
  if (!flags.time.empty()) options.time = TRY(parse_timestamp(flags.time).context("--time"));
  options.hostname = flags.host;
  options.tags = split_commas(flags.tags);
  options.excludes = flags.excludes;
  options.program_version = program_version();
  if (!flags.parent.empty()) options.parent = TRY(repository.find_snapshot(flags.parent, stop));
  if (flags.force) options.read_mode = engine::ReadMode::full;
  if (flags.ignore_inode) options.inode_check = engine::InodeCheck::ignore;
  options.readers = flags.read_concurrency;
  if (flags.dry_run) options.effect = engine::BackupEffect::dry_run;
  if (standard_error_is_terminal() && !flags.from_stdin) options.estimate = engine::Estimate::scan;
  return options;
}

void print_json(const BackupSummary& summary) {
  const auto& counts = *summary.saved.summary;
  JsonObject object{{"message_type", "summary"},
                    {"files_new", counts.files_new},
                    {"files_changed", counts.files_changed},
                    {"files_unmodified", counts.files_unmodified},
                    {"dirs_new", counts.dirs_new},
                    {"dirs_changed", counts.dirs_changed},
                    {"dirs_unmodified", counts.dirs_unmodified},
                    {"data_blobs", counts.data_blobs},
                    {"tree_blobs", counts.tree_blobs},
                    {"data_added", counts.data_added},
                    {"data_added_packed", counts.data_added_packed},
                    {"total_files_processed", counts.total_files_processed},
                    {"total_bytes_processed", counts.total_bytes_processed},
                    {"total_duration", std::chrono::duration<double>(summary.duration).count()}};
  if (summary.snapshot) object["snapshot_id"] = summary.snapshot->hex();
  for (const auto& problem : summary.problems) {
    print_line(to_text(JsonObject{{"message_type", "error"},
                                  {"during", name_of(problem.kind)},
                                  {"item", problem.path},
                                  {"error", {{"message", problem.message}}}}));
  }
  print_line(to_text(object));
}

void print_text(const BackupSummary& summary) {
  const auto& counts = *summary.saved.summary;
  for (const auto& problem : summary.problems) {
    print_note(fmt::format("{}: {}: {}", name_of(problem.kind), problem.path, problem.message));
  }
  print_line(fmt::format("files: {} new, {} changed, {} unmodified", counts.files_new,
                         counts.files_changed, counts.files_unmodified));
  print_line(fmt::format("directories: {} new, {} changed, {} unmodified", counts.dirs_new,
                         counts.dirs_changed, counts.dirs_unmodified));
  print_line(fmt::format("added to the repository: {} ({} stored)", format_size(counts.data_added),
                         format_size(counts.data_added_packed)));
  print_line(fmt::format("processed {} files, {} in {}", counts.total_files_processed,
                         format_size(counts.total_bytes_processed),
                         format_elapsed(summary.duration)));
  if (summary.snapshot) print_line(fmt::format("snapshot {} saved", summary.snapshot->short_hex()));
}

Result<ExitCode> run_backup(const BackupFlags& flags, std::stop_token stop) {
  auto source = TRY(open_source(flags));
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto& repository = *session.repository;
  TRY(repository.load_index(stop));
  auto options = TRY(backup_options(flags, repository, stop));
  engine::Progress progress;
  auto summary = [&] {
    auto begun = system_clock().monotonic();
    std::optional<ProgressLine> line;
    if (!flags.repository.quiet && !flags.repository.json) {
      line.emplace([&progress, begun] {
        return fmt::format("{}, {} files",
                           format_transfer(progress.bytes_done, progress.bytes_total,
                                           system_clock().monotonic() - begun),
                           progress.files_done.load());
      });
    }
    return engine::back_up(repository, *source, options, progress, stop);
  }();
  if (!summary) return fail(std::move(summary).error());
  if (flags.repository.json) {
    print_json(*summary);
  } else if (!flags.repository.quiet) {
    print_text(*summary);
  }
  auto unread = summary->problem_counts[static_cast<std::size_t>(engine::ProblemKind::unreadable)];
  if (unread == 0) return ExitCode::success;
  print_note(fmt::format("{} files could not be read and are not in the snapshot", unread));
  return ExitCode::incomplete;
}

}  // namespace

void add_writing_commands(CLI::App& repo, CommandLine& line) {
  auto init = std::make_shared<InitFlags>();
  auto* command = repo.add_subcommand("init", "Make a new repository");
  add_repository_flags(*command, init->repository);
  command->add_option("--repository-version", init->version, "Format version")
      ->check(CLI::Range(1, 2))
      ->capture_default_str();
  command
      ->add_option("--chunker", init->chunker,
                   "How files are cut: fastcdc (fast) or rabin (as stock restic cuts)")
      ->check(CLI::IsMember({"fastcdc", "rabin"}))
      ->capture_default_str();
  add_source_flags(*command, init->source);
  command->add_flag("--copy-chunker-params", init->copy_chunker,
                    "Cut files as the repository of --from-repo does, so that what is copied from "
                    "it and what is backed up share data");
  command->callback([&line, init] {
    line.chosen = [init](std::stop_token stop) { return run_init(*init, stop); };
  });

  auto backup = std::make_shared<BackupFlags>();
  command = repo.add_subcommand("backup", "Back up files, or standard input");
  add_repository_flags(*command, backup->repository);
  auto* targets = command->add_option("target", backup->targets, "Files and directories");
  auto* from_stdin =
      command->add_flag("--stdin", backup->from_stdin, "Back up what standard input delivers");
  targets->excludes(from_stdin);
  command->add_option("--stdin-filename", backup->stdin_name, "Its name in the snapshot")
      ->capture_default_str();
  command->add_option("-e,--exclude", backup->excludes,
                      "Leave out what matches this pattern (repeatable)");
  command->add_option("--tag", backup->tags, "Tags for the snapshot: a,b (repeatable)");
  command->add_option("-H,--host", backup->host, "Host name for the snapshot");
  command->add_option("--time", backup->time,
                      "Time for the snapshot, such as 2026-01-02T03:04:05Z");
  command->add_option("--parent", backup->parent, "Compare with this snapshot");
  command->add_option("--read-concurrency", backup->read_concurrency, "Files read at one time");
  command
      ->add_option("--pack-size", backup->repository.pack_size_mib, "Target size of packs in MiB")
      ->capture_default_str();
  command->add_option("--compression-level", backup->repository.compression_level, "zstd level")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  command->add_flag("-f,--force", backup->force, "Read every file, trust no parent");
  command->add_flag("-x,--one-file-system", backup->one_file_system,
                    "Do not enter other file systems");
  command->add_flag("-n,--dry-run", backup->dry_run, "Read and count, write nothing");
  command->add_flag("--with-atime", backup->with_atime, "Record access times");
  command->add_flag("--ignore-inode", backup->ignore_inode, "Do not compare inode numbers");
  command->callback([&line, backup, command] {
    if (!backup->from_stdin && backup->targets.empty())
      throw CLI::RequiredError("target, or --stdin,");
    line.chosen = [backup](std::stop_token stop) { return run_backup(*backup, stop); };
  });
}

}  // namespace dmaas::cli
