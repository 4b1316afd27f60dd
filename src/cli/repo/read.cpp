// dmaas repo restore, snapshots, ls, find, dump, diff, stats
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "base/time_text.hpp"
#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "engine/inspect/diff_trees.hpp"
#include "engine/inspect/used_blobs.hpp"
#include "engine/inspect/walk_tree.hpp"
#include "engine/restore/dump.hpp"
#include "engine/restore/restore.hpp"

namespace dmaas::cli {
namespace {

using engine::StoredSnapshot;

/// "latest:/sub/folder" names a folder of a snapshot.
std::pair<std::string, std::string> split_snapshot(const std::string& text) {
  auto colon = text.find(':');
  return colon == std::string::npos ? std::pair{text, std::string("/")}
                                    : std::pair{text.substr(0, colon), text.substr(colon + 1)};
}

struct RestoreFlags {
  RepositoryFlags repository;
  SnapshotFilter filter;
  std::string snapshot;
  std::string overwrite = "always";
  engine::RestoreOptions options;
  std::vector<std::string> excludes;
  bool remove_extraneous = false;
  bool verify = false;
  bool write_zeros = false;
};

Result<engine::RestoreOptions> restore_options(const RestoreFlags& flags) {
  auto options = flags.options;
  options.exclude = TRY(engine::PathPatterns::parse(flags.excludes));
  if (flags.overwrite == "if-changed") options.overwrite = engine::Overwrite::if_changed;
  if (flags.overwrite == "never") options.overwrite = engine::Overwrite::never;
  if (flags.overwrite == "fail") options.overwrite = engine::Overwrite::fail;
  if (flags.remove_extraneous) options.extraneous = engine::Extraneous::remove;
  if (flags.verify) options.verify = engine::Verify::content;
  if (flags.write_zeros) options.holes = engine::Holes::write_zeros;
  return options;
}

ExitCode report_restore(const engine::RestoreSummary& summary, const RepositoryFlags& flags,
                        std::uint64_t bytes) {
  std::uint64_t problems = 0;
  for (auto count : summary.problem_counts) problems += count;
  for (const auto& problem : summary.problems) {
    if (flags.json) {
      print_line(to_text(JsonObject{{"message_type", "error"},
                                    {"during", name_of(problem.kind)},
                                    {"item", problem.path},
                                    {"error", {{"message", problem.message}}}}));
    } else {
      print_note(fmt::format("{}: {}: {}", name_of(problem.kind), problem.path, problem.message));
    }
  }
  if (flags.json) {
    print_line(to_text(
        JsonObject{{"message_type", "summary"},
                   {"files_restored", summary.files_restored},
                   {"files_skipped", summary.files_skipped},
                   {"files_deleted", summary.entries_removed},
                   {"bytes_restored", bytes},
                   {"problems", problems},
                   {"total_duration", std::chrono::duration<double>(summary.duration).count()}}));
  } else if (!flags.quiet) {
    print_line(fmt::format("restored {} files, {} directories, {} others, {} in {}",
                           summary.files_restored, summary.directories, summary.other_entries,
                           format_size(bytes), format_elapsed(summary.duration)));
    if (problems > 0) print_line(fmt::format("{} problems", problems));
  }
  return problems == 0 ? ExitCode::success : ExitCode::incomplete;
}

Result<ExitCode> run_restore(const RestoreFlags& flags, std::stop_token stop) {
  auto options = TRY(restore_options(flags));
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto [id, folder] = split_snapshot(flags.snapshot);
  auto chosen = TRY(select_snapshot(*session.repository, id, flags.filter, stop));
  options.subpath = folder;
  TRY(session.repository->load_index(stop));
  engine::Progress progress;
  auto summary = [&] {
    auto begun = system_clock().monotonic();
    std::optional<ProgressLine> line;
    if (!flags.repository.quiet && !flags.repository.json) {
      line.emplace([&progress, begun] {
        return format_transfer(progress.bytes_done, progress.bytes_total,
                               system_clock().monotonic() - begun);
      });
    }
    return engine::restore(*session.repository, chosen.snapshot.tree, options, progress, stop);
  }();
  if (!summary) return fail(std::move(summary).error());
  return report_restore(*summary, flags.repository, progress.bytes_done);
}

struct ListFlags {
  RepositoryFlags repository;
  SnapshotFilter filter;
  std::vector<std::string> arguments;
  bool long_listing = false;
};

Result<ExitCode> run_snapshots(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto filter = flags.filter;
  filter.ids = flags.arguments;
  auto snapshots = TRY(select_snapshots(*session.repository, filter, stop));
  if (flags.repository.json) {
    JsonArray array;
    for (const auto& stored : snapshots) array.push_back(snapshot_json(stored));
    print_line(to_text(array));
    return ExitCode::success;
  }
  Table table{{"ID", "TIME", "HOST", "TAGS", "PATHS", "SIZE"}};
  for (const auto& stored : snapshots) {
    const auto& snapshot = stored.snapshot;
    auto size = snapshot.summary ? format_size(snapshot.summary->total_bytes_processed) : "";
    table.add({stored.id.short_hex(), format_seconds(snapshot.time), snapshot.hostname,
               fmt::format("{}", fmt::join(snapshot.tags, ",")),
               fmt::format("{}", fmt::join(snapshot.paths, ",")), size});
  }
  print(table.text());
  print_line(fmt::format("{} snapshots", snapshots.size()));
  return ExitCode::success;
}

std::string long_line(const std::string& path, const engine::Node& node) {
  auto target = node.link_target.empty() ? "" : " -> " + node.link_target;
  return fmt::format("{:<8} {:04o} {:>5} {:>5} {:>12} {} {}{}", name_of(node.type),
                     engine::permissions_of(node.mode), node.uid, node.gid, node.size,
                     format_seconds(node.mtime.timestamp()), path, target);
}

Result<ExitCode> run_ls(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto [id, folder] = split_snapshot(flags.arguments.front());
  auto chosen = TRY(select_snapshot(*session.repository, id, flags.filter, stop));
  TRY(session.repository->load_index(stop));
  std::vector<std::string> prefixes(flags.arguments.begin() + 1, flags.arguments.end());
  if (folder != "/") prefixes.push_back(folder);
  auto wanted = [&](const std::string& path) {
    return prefixes.empty() || std::ranges::any_of(prefixes, [&](const auto& prefix) {
             return path == prefix || path.starts_with(prefix + "/");
           });
  };
  auto show = [&](const std::string& path, const engine::Node& node) -> Result<engine::Descend> {
    if (wanted(path)) {
      print_line(flags.repository.json ? to_text(node_json(path, node))
                 : flags.long_listing  ? long_line(path, node)
                                       : path);
    }
    bool leads_there = wanted(path) || std::ranges::any_of(prefixes, [&](const auto& prefix) {
                         return prefix.starts_with(path + "/");
                       });
    return leads_there ? engine::Descend::yes : engine::Descend::no;
  };
  TRY(engine::walk_tree(*session.repository, chosen.snapshot.tree, show, stop));
  return ExitCode::success;
}

Result<ExitCode> run_find(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto patterns = TRY(engine::PathPatterns::parse(flags.arguments));
  auto snapshots = TRY(select_snapshots(*session.repository, flags.filter, stop));
  TRY(session.repository->load_index(stop));
  std::size_t found = 0;
  for (const auto& stored : snapshots) {
    auto show = [&](const std::string& path, const engine::Node& node) -> Result<engine::Descend> {
      if (patterns.matches(path)) {
        ++found;
        auto json = node_json(path, node);
        json.as_object()["snapshot"] = stored.id.hex();
        print_line(flags.repository.json ? to_text(json) : stored.id.short_hex() + "  " + path);
      }
      return engine::Descend::yes;
    };
    TRY(engine::walk_tree(*session.repository, stored.snapshot.tree, show, stop));
  }
  return found > 0 ? ExitCode::success : ExitCode::failure;
}

Result<> write_to_output(BytesView piece) {
  while (!piece.empty()) {
    auto written = ::write(STDOUT_FILENO, piece.data(), piece.size());
    if (written < 0) return fail(ErrorCode::unavailable, "standard output was closed");
    piece = piece.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<ExitCode> run_dump(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto chosen =
      TRY(select_snapshot(*session.repository, flags.arguments.at(0), flags.filter, stop));
  TRY(session.repository->load_index(stop));
  auto node = TRY(
      engine::find_node(*session.repository, chosen.snapshot.tree, flags.arguments.at(1), stop));
  TRY(engine::dump_file(*session.repository, node, write_to_output, stop));
  return ExitCode::success;
}

Result<ExitCode> run_diff(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto before =
      TRY(select_snapshot(*session.repository, flags.arguments.at(0), flags.filter, stop));
  auto after = TRY(select_snapshot(*session.repository, flags.arguments.at(1), flags.filter, stop));
  TRY(session.repository->load_index(stop));
  static constexpr std::string_view signs =
      "+-MUT";  // as restic: added, removed, content, metadata, type
  auto show = [&](const engine::TreeDifference& difference) -> Result<> {
    auto sign = signs.substr(static_cast<std::size_t>(difference.change), 1);
    print_line(flags.repository.json
                   ? to_text(JsonObject{
                         {"message_type", "change"}, {"path", difference.path}, {"modifier", sign}})
                   : fmt::format("{}    {}", sign, difference.path));
    return {};
  };
  TRY(engine::diff_trees(*session.repository, before.snapshot.tree, after.snapshot.tree, show,
                         stop));
  return ExitCode::success;
}

Result<ExitCode> run_stats(const ListFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto filter = flags.filter;
  filter.ids = flags.arguments;
  auto snapshots = TRY(select_snapshots(*session.repository, filter, stop));
  TRY(session.repository->load_index(stop));
  std::uint64_t files = 0;
  std::uint64_t restore_bytes = 0;
  std::vector<engine::TreeId> roots;
  for (const auto& stored : snapshots) {
    roots.push_back(stored.snapshot.tree);
    auto count = [&](const std::string&, const engine::Node& node) -> Result<engine::Descend> {
      files += node.type == engine::NodeType::file;
      restore_bytes += node.size;
      return engine::Descend::yes;
    };
    TRY(engine::walk_tree(*session.repository, stored.snapshot.tree, count, stop));
  }
  std::uint64_t stored_bytes = 0;
  std::uint64_t plain_bytes = 0;
  auto used = TRY(engine::find_used_blobs(*session.repository, roots, stop));
  for (const auto& handle : used) {
    if (auto location = session.repository->find_blob(handle)) {
      stored_bytes += location->length;
      plain_bytes += location->plain_length();
    }
  }
  if (flags.repository.json) {
    print_line(to_text(JsonObject{{"snapshots_count", snapshots.size()},
                                  {"total_file_count", files},
                                  {"total_restore_size", restore_bytes},
                                  {"total_blob_count", used.size()},
                                  {"total_uncompressed_size", plain_bytes},
                                  {"total_size", stored_bytes}}));
    return ExitCode::success;
  }
  print_line(fmt::format("snapshots  {}", snapshots.size()));
  print_line(fmt::format("files      {}", files));
  print_line(fmt::format("restored   {}", format_size(restore_bytes)));
  print_line(fmt::format("distinct   {} in {} blobs", format_size(plain_bytes), used.size()));
  print_line(fmt::format("stored     {}", format_size(stored_bytes)));
  return ExitCode::success;
}

using ListCommand = Result<ExitCode> (*)(const ListFlags&, std::stop_token);
struct ListCommandText {
  const char* name;
  const char* text;
  const char* arguments;
  int least;
  int most;  // -1: any number
  ListCommand run;
};

CLI::App* add_list_command(CLI::App& repo, CommandLine& line, const ListCommandText& spec,
                           const std::shared_ptr<ListFlags>& flags) {
  auto* command = repo.add_subcommand(spec.name, spec.text);
  add_repository_flags(*command, flags->repository);
  add_filter_flags(*command, flags->filter);
  auto* arguments = command->add_option("arguments", flags->arguments, spec.arguments);
  if (spec.least > 0) arguments->required();
  arguments->expected(std::max(spec.least, 0), spec.most < 0 ? 1 << 20 : spec.most);
  auto run = spec.run;
  command->callback([&line, flags, run] {
    line.chosen = [flags, run](std::stop_token stop) { return run(*flags, stop); };
  });
  return command;
}

void add_restore_command(CLI::App& repo, CommandLine& line) {
  auto flags = std::make_shared<RestoreFlags>();
  auto* command = repo.add_subcommand("restore", "Restore files");
  add_repository_flags(*command, flags->repository);
  add_filter_flags(*command, flags->filter);
  command
      ->add_option("snapshot", flags->snapshot, "latest or an id; with :/folder only that folder")
      ->required();
  command->add_option("-t,--target", flags->options.target, "Directory to restore into")
      ->required();
  command->add_option("-e,--exclude", flags->excludes,
                      "Leave out what matches this pattern (repeatable)");
  command->add_option("--overwrite", flags->overwrite, "What happens to files that exist")
      ->check(CLI::IsMember({"always", "if-changed", "never", "fail"}))
      ->capture_default_str();
  command->add_flag("--delete", flags->remove_extraneous, "Remove what the snapshot does not have");
  command->add_flag("--verify", flags->verify, "Read back what was written");
  command->add_flag("--no-sparse", flags->write_zeros, "Write zeros instead of making holes");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_restore(*flags, stop); };
  });
}

}  // namespace

void add_reading_commands(CLI::App& repo, CommandLine& line) {
  add_restore_command(repo, line);
  auto add = [&](const ListCommandText& spec) {
    auto flags = std::make_shared<ListFlags>();
    return std::pair{add_list_command(repo, line, spec, flags), flags};
  };
  add({"snapshots", "List snapshots", "Ids", 0, -1, run_snapshots});
  auto [ls, ls_flags] =
      add({"ls", "List the files of a snapshot", "Snapshot, and folders in it", 1, -1, run_ls});
  ls->add_flag("-l,--long", ls_flags->long_listing, "With type, permissions, owner, size and time");
  add({"find", "Find files by pattern", "Patterns", 1, -1, run_find});
  add({"dump", "Write one file to standard output", "Snapshot and path", 2, 2, run_dump});
  add({"diff", "Show what changed between two snapshots", "Two snapshots", 2, 2, run_diff});
  add({"stats", "Count files and bytes", "Snapshots; all when empty", 0, -1, run_stats});
}

}  // namespace dmaas::cli
