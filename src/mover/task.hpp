#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "api/work_order.hpp"
#include "base/clock.hpp"
#include "engine/archive/progress.hpp"
#include "engine/repository/repository.hpp"
#include "storage/object_store.hpp"

namespace dmaas::mover {

/// The one directory at the root of a volume component's tree: the volume.
inline constexpr const char* volume_tree_name = "volume";
/// The one file at the root of a raw block volume's component.
inline constexpr const char* image_name = "disk.img";

/// What the task `copy` has done, told while it goes on. Thread-safe.
class CopiedBackups {
public:
  void add(api::CopiedBackup backup);
  void add_bytes(std::uint64_t stored);
  std::vector<api::CopiedBackup> all() const;
  std::int64_t bytes_added() const;

private:
  mutable std::mutex mutex_;
  std::vector<api::CopiedBackup> backups_;
  std::uint64_t bytes_added_ = 0;
};

/// The repository that `copy` reads, its index loaded, and what it has done.
struct CopyContext {
  engine::Repository& source;
  CopiedBackups& copied;
};

/// What every task is given. The repository's index is loaded, but for `maintain`.
struct TaskContext {
  const api::WorkOrder& order;
  engine::Repository& repository;
  engine::Progress& progress;
  Clock& clock;
  const CopyContext* copy = nullptr;  // of the task copy
};

// One function for each kind of task. An error is a task that failed as a whole; it becomes the
// result's message.
Result<api::MoverResult> back_up_volume(const TaskContext& context, std::stop_token stop);
Result<api::MoverResult> back_up_dump(const TaskContext& context, std::stop_token stop);
Result<api::MoverResult> back_up_resources(const TaskContext& context, std::stop_token stop);
Result<api::MoverResult> restore_volume(const TaskContext& context, std::stop_token stop);
Result<api::MoverResult> restore_dump(const TaskContext& context, std::stop_token stop);
Result<api::MoverResult> restore_resources(const TaskContext& context, std::stop_token stop);
/// Erases backups, gives back their space, checks what is left. Damage that it finds is in the
/// report and no error.
Result<api::MoverResult> maintain(const TaskContext& context, std::stop_token stop);
/// Copies backups, each with its resources component last. A backup that the source cannot give is
/// told in the result, and the others are copied all the same.
Result<api::MoverResult> copy_backups(const TaskContext& context, std::stop_token stop);

}  // namespace dmaas::mover
