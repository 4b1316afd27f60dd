#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "engine/inspect/walk_tree.hpp"
#include "engine/restore/dump.hpp"
#include "engine/restore/restore.hpp"
#include "engine/sources/child_process.hpp"
#include "mover/task.hpp"

namespace dmaas::mover {
namespace {

constexpr std::size_t max_warnings = 50;

/// What is lost only in part is a warning; lost content is a failure.
api::MoverResult result_of(const engine::RestoreSummary& summary,
                           const engine::Progress& progress) {
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  result.bytes = static_cast<std::int64_t>(progress.bytes_done.load());
  result.bytes_written = static_cast<std::int64_t>(progress.bytes_written.load());
  result.files = static_cast<std::int64_t>(summary.files_restored + summary.files_skipped);
  result.files_verified = static_cast<std::int64_t>(summary.files_verified);
  for (const auto& problem : summary.problems) {
    if (result.warnings.size() == max_warnings) break;
    result.warnings.push_back(
        fmt::format("{}: {}: {}", name_of(problem.kind), problem.path, problem.message));
  }
  std::uint64_t problems = 0;
  for (auto count : summary.problem_counts) problems += count;
  if (problems > 0) {
    result.outcome = api::MoverOutcome::failed;
    result.message = fmt::format("{} entries could not be restored exactly, the first: {}",
                                 problems, result.warnings.empty() ? "" : result.warnings.front());
  }
  return result;
}

/// What is found equal by its times later must be what was written before, whatever happens to the
/// node.
Result<> settle(const std::string& path) {
  FileDescriptor volume{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!volume.is_open()) return fail(system_error("open " + path, errno));
  if (::syncfs(volume.get()) != 0) return fail(system_error("sync " + path, errno));
  return {};
}

}  // namespace

Result<api::MoverResult> restore_volume(const TaskContext& context, std::stop_token stop) {
  auto id = TRY(engine::SnapshotId::parse(context.order.snapshot_id));
  auto snapshot = TRY(context.repository.load_snapshot(id, stop));
  const auto& volume = *context.order.volume;
  auto replace = volume.compare ? engine::Replace::differences : engine::Replace::anew;
  if (volume.mode == api::VolumeMode::block) {
    auto path = "/" + std::string(image_name);
    auto image = TRY(engine::find_node(context.repository, snapshot.tree, path, stop));
    engine::ImageOptions options{.device_path = volume.path, .replace = replace};
    TRY(engine::restore_image(context.repository, image, options, context.progress, stop));
    return api::MoverResult{
        .outcome = api::MoverOutcome::succeeded,
        .bytes = static_cast<std::int64_t>(image.size),
        .bytes_written = static_cast<std::int64_t>(context.progress.bytes_written.load()),
        .files = 1};
  }
  engine::RestoreOptions options;
  options.target = volume.path;
  options.subpath = "/" + std::string(volume_tree_name);
  options.replace = replace;
  if (volume.compare == api::FileComparison::times)
    options.overwrite = engine::Overwrite::if_changed;
  if (volume.verify_files) options.verify = engine::Verify::content;
  options.include = TRY(engine::PathPatterns::parse(volume.files).context("what.files"));
  if (volume.extra_files == api::ExtraFiles::remove && volume.files.empty())
    options.extraneous = engine::Extraneous::remove;
  auto summary = TRY(engine::restore(context.repository, snapshot.tree, options, context.progress,
                                     std::move(stop)));
  // Directories on the way to what is chosen are made whether anything is there or not.
  bool is_empty = summary.files_restored + summary.files_skipped + summary.other_entries == 0;
  if (!volume.files.empty() && is_empty) {
    return fail(ErrorCode::not_found,
                fmt::format("no file of the volume matches {}: see 'dmaas repo ls'",
                            fmt::join(volume.files, ", ")));
  }
  if (volume.compare) TRY(settle(volume.path));
  return result_of(summary, context.progress);
}

Result<api::MoverResult> restore_dump(const TaskContext& context, std::stop_token stop) {
  const auto& dump = *context.order.dump;
  auto id = TRY(engine::SnapshotId::parse(context.order.snapshot_id));
  auto snapshot = TRY(context.repository.load_snapshot(id, stop));
  auto path = "/" + dump.file_name;
  auto file = TRY(engine::find_node(context.repository, snapshot.tree, path, stop));
  context.progress.bytes_total = file.size;
  auto command = TRY(engine::ChildProcess::start(dump.command, engine::ChildProcess::Pipe::input));
  auto feed = [&](BytesView bytes) -> Result<> {
    TRY(command.write(bytes, stop));
    context.progress.bytes_done += bytes.size();
    return {};
  };
  TRY(engine::dump_file(context.repository, file, feed, stop));
  command.close_input();
  TRY(command.wait(stop));
  return api::MoverResult{.outcome = api::MoverOutcome::succeeded,
                          .bytes = static_cast<std::int64_t>(file.size),
                          .files = 1};
}

}  // namespace dmaas::mover
