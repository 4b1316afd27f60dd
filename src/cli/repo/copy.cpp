// dmaas repo copy
#include <fmt/format.h>

#include <memory>

#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "engine/copy/copy_snapshots.hpp"

namespace dmaas::cli {
namespace {

struct CopyFlags {
  RepositoryFlags repository;
  SourceFlags source;
  SnapshotFilter filter;
};

/// Of all snapshots together.
struct CopyTotals {
  std::size_t copied = 0;
  std::size_t were_there = 0;
  std::uint64_t blobs = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_added = 0;
};

void print_copy(const RepositoryFlags& flags, const engine::StoredSnapshot& source,
                const engine::SnapshotCopy& copy) {
  if (flags.json) {
    print_line(to_text(JsonObject{{"message_type", copy.was_there ? "skipped" : "copied"},
                                  {"source_id", source.id.hex()},
                                  {"snapshot_id", copy.id.hex()},
                                  {"blobs", copy.blobs},
                                  {"data_added_packed", copy.bytes_added}}));
  } else if (!flags.quiet) {
    print_line(fmt::format("snapshot {} {} {}", source.id.short_hex(),
                           copy.was_there ? "was copied already, to" : "is copied to",
                           copy.id.short_hex()));
  }
}

void print_totals(const RepositoryFlags& flags, const CopyTotals& totals) {
  if (flags.json) {
    print_line(to_text(JsonObject{{"message_type", "summary"},
                                  {"snapshots_copied", totals.copied},
                                  {"snapshots_skipped", totals.were_there},
                                  {"blobs", totals.blobs},
                                  {"bytes_read", totals.bytes_read},
                                  {"data_added_packed", totals.bytes_added}}));
  } else if (!flags.quiet) {
    print_line(fmt::format("copied {} snapshots, {} were there: {} read, {} stored", totals.copied,
                           totals.were_there, format_size(totals.bytes_read),
                           format_size(totals.bytes_added)));
  }
}

Result<CopyTotals> copy_all(const CopyFlags& flags, engine::Repository& source,
                            engine::Repository& destination, engine::Progress& progress,
                            std::stop_token stop) {
  auto snapshots = TRY(select_snapshots(source, flags.filter, stop));
  TRY(source.load_index(stop).context("repository to take from"));
  TRY(destination.load_index(stop));
  progress.files_total = snapshots.size();
  auto copier = TRY(engine::SnapshotCopier::prepare(source, destination, {}, progress, stop));
  CopyTotals totals;
  for (const auto& snapshot : snapshots) {
    auto copy = TRY(copier.copy(snapshot, stop).context("snapshot " + snapshot.id.short_hex()));
    print_copy(flags.repository, snapshot, copy);
    ++(copy.was_there ? totals.were_there : totals.copied);
    totals.blobs += copy.blobs;
    totals.bytes_read += copy.bytes_read;
    totals.bytes_added += copy.bytes_added;
  }
  return totals;
}

Result<ExitCode> run_copy(const CopyFlags& flags, std::stop_token stop) {
  auto lock = engine::LockKind::shared;
  auto source = TRY(open_source_session(flags.source, flags.repository, lock, stop));
  auto destination = TRY(open_session(flags.repository, lock, stop));
  if (source.repository->config().id == destination.repository->config().id)
    return fail(ErrorCode::invalid_input, "--from-repo and --repo are the same repository");
  engine::Progress progress;
  auto totals = [&] {
    auto begun = system_clock().monotonic();
    std::optional<ProgressLine> line;
    if (!flags.repository.quiet && !flags.repository.json) {
      line.emplace([&progress, begun] {
        return fmt::format("{}, {}/{} snapshots",
                           format_transfer(progress.bytes_done, progress.bytes_total,
                                           system_clock().monotonic() - begun),
                           progress.files_done.load(), progress.files_total.load());
      });
    }
    return copy_all(flags, *source.repository, *destination.repository, progress, stop);
  }();
  if (!totals) return fail(std::move(totals).error());
  print_totals(flags.repository, *totals);
  return ExitCode::success;
}

}  // namespace

void add_copy_command(CLI::App& repo, CommandLine& line) {
  auto flags = std::make_shared<CopyFlags>();
  auto* command = repo.add_subcommand("copy", "Copy snapshots from another repository");
  add_repository_flags(*command, flags->repository);
  add_source_flags(*command, flags->source);
  add_filter_flags(*command, flags->filter);
  command->add_option("snapshot", flags->filter.ids, "Snapshots: ids or latest (default: all)");
  command->add_option("--pack-size", flags->repository.pack_size_mib, "Target size of packs in MiB")
      ->capture_default_str();
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_copy(*flags, stop); };
  });
}

}  // namespace dmaas::cli
