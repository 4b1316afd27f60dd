#include "gateway/erasure.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/bounded_queue.hpp"
#include "base/fields.hpp"
#include "base/task_group.hpp"
#include "gateway/repository_request.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t queued_names = 256;

/// In the order in which they go. Without snapshots nobody begins to read any more; keys and config
/// are what makes it a repository.
constexpr std::array<std::string_view, 5> directories{"snapshots", "index", "data", "locks",
                                                      "keys"};

struct Removal {
  storage::ObjectStore& store;
  const std::string& repository;
  Clock& clock;
  std::chrono::nanoseconds deadline;

  bool is_time_over() const { return clock.monotonic() >= deadline; }
};

/// The objects of one directory, several at once.
Result<Erasure> remove_all_in(const Removal& removal, std::string_view directory,
                              std::stop_token stop) {
  BoundedQueue<std::string> names{queued_names};
  std::atomic<std::uint64_t> removed = 0;
  std::atomic<bool> is_cut_short = false;
  auto offer = [&](const storage::ObjectInfo& info, std::stop_token stopped) -> Result<> {
    if (is_cut_short || repository_of(info.name) != removal.repository) return {};
    if (removal.is_time_over()) {
      is_cut_short = true;
    } else if (!names.push(info.name, stopped)) {
      return fail(ErrorCode::cancelled, "stopped while erasing");
    }
    return {};
  };
  TaskGroup tasks{std::move(stop)};
  for (unsigned i = 0; i < std::max(1U, removal.store.connections()); ++i) {
    tasks.add([&](std::stop_token stopped) -> Result<> {
      while (auto name = names.pop(stopped)) {
        TRY(removal.store.remove(*name, stopped));
        ++removed;
      }
      return {};
    });
  }
  tasks.add([&](std::stop_token stopped) -> Result<> {
    auto listed = removal.store.list(
        removal.repository + "/" + std::string(directory),
        [&](const storage::ObjectInfo& info) { return offer(info, stopped); }, stopped);
    names.close();
    return listed;
  });
  TRY(tasks.wait());
  return Erasure{removed, !is_cut_short};
}

}  // namespace

Result<Erasure> erase_repository(storage::ObjectStore& store, const std::string& path, Clock& clock,
                                 std::chrono::nanoseconds patience, std::stop_token stop) {
  Removal removal{store, path, clock, clock.monotonic() + patience};
  Erasure erasure;
  for (auto directory : directories) {
    auto part = TRY(remove_all_in(removal, directory, stop));
    erasure.removed += part.removed;
    if (!part.is_done) return erasure;
  }
  TRY(store.remove(path + "/" + std::string(name_of(ObjectKind::config)), stop));
  erasure.is_done = true;
  return erasure;
}

}  // namespace dmaas::gateway
