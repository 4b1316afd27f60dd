#include <fmt/format.h>

#include "engine/archive/back_up.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/sources/image.hpp"
#include "engine/sources/stream.hpp"
#include "mover/task.hpp"
#include "mover/task_result.hpp"

namespace dmaas::mover {

Result<api::MoverResult> back_up_volume(const TaskContext& context, std::stop_token stop) {
  const auto& volume = *context.order.volume;
  auto options = TRY(backup_options(context, stop));
  std::unique_ptr<engine::Source> source;
  if (volume.mode == api::VolumeMode::block) {
    source = TRY(engine::open_image(volume.path, image_name, context.clock));
  } else {
    engine::FileSystemOptions files;
    files.layout =
        engine::FileSystemOptions::Layout::named;  // keeps owner and mode of the volume's root
    files.name = volume_tree_name;
    source = TRY(engine::open_file_system({volume.path}, files));
  }
  auto summary =
      TRY(engine::back_up(context.repository, *source, options, context.progress, std::move(stop)));
  return result_of(summary, context.order);
}

Result<api::MoverResult> back_up_dump(const TaskContext& context, std::stop_token stop) {
  const auto& dump = *context.order.dump;
  auto options = TRY(backup_options(context, stop));
  auto source = TRY(engine::open_command(dump.command, "/" + dump.file_name, context.clock));
  auto summary =
      TRY(engine::back_up(context.repository, *source, options, context.progress, std::move(stop)));
  return result_of(summary, context.order);
}

}  // namespace dmaas::mover
