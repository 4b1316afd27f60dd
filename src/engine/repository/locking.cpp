#include "engine/repository/locking.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/log.hpp"
#include "base/time_text.hpp"

namespace dmaas::engine {

namespace {

using namespace std::chrono_literals;

constexpr auto stale_age = 30min;
constexpr auto refresh_period = 5min;
constexpr auto refresh_retry_period = 30s;
constexpr auto lost_age = 22min + 30s;
// Two that write at once see each other at the second look, which both take this long after
// writing.
constexpr auto second_look_delay = 200ms;
constexpr auto longest_pause = 60s;
constexpr int unreadable_tries = 3;
constexpr auto unreadable_pause = 2s;

LockFile lock_file_of(const LockOwner& owner, LockKind kind, Timestamp now) {
  return {
      now,      kind == LockKind::exclusive, owner.hostname, owner.username, owner.pid, owner.uid,
      owner.gid};
}

std::unexpected<Error> locked_by(const Digest& id, const LockFile& lock) {
  return fail(
      ErrorCode::locked,
      fmt::format("the repository is locked {}by {}@{} (process {}) since {}, lock {}; wait "
                  "for it to end, or remove the lock with `unlock` if it is dead",
                  lock.exclusive ? "exclusively " : "", lock.username, lock.hostname, lock.pid,
                  format_seconds(lock.time), hex_of(id).substr(0, 8)));
}

// Nothing when it has gone meanwhile. A lock that is being written may be unreadable for a moment.
Result<std::optional<LockFile>> load_lock(const StoredFiles& files, Clock& clock, const Digest& id,
                                          std::stop_token stop) {
  for (int tries = 1;; ++tries) {
    auto json = files.load(FileKind::lock, id, stop);
    if (json.failed_with(ErrorCode::not_found)) return std::optional<LockFile>{};
    auto lock = json ? decode_lock_file(*json) : Result<LockFile>(fail(json.error()));
    if (lock) return std::optional{*lock};
    if (!lock.failed_with(ErrorCode::corrupt)) return fail(std::move(lock).error());
    if (tries == unreadable_tries) {
      return fail(ErrorCode::locked,
                  fmt::format("lock {} cannot be read; remove it with `unlock --remove-all` if "
                              "nobody works on the repository",
                              hex_of(id).substr(0, 8)));
    }
    if (!clock.sleep(unreadable_pause, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

Result<std::vector<Digest>> list_locks(const StoredFiles& files, std::stop_token stop) {
  std::vector<Digest> ids;
  auto add = [&](const StoredFile& file) -> Result<> {
    if (file.size > 0) ids.push_back(file.id);  // stock restic ignores empty ones too
    return {};
  };
  TRY(files.list(FileKind::lock, add, stop));
  return ids;
}

}  // namespace

LockOwner this_process() {
  LockOwner owner;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) owner.hostname = name.data();
  owner.uid = getuid();
  owner.gid = getgid();
  owner.pid = getpid();
  std::array<char, 4096> buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwuid_r(owner.uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
    owner.username = found->pw_name;
  }
  return owner;
}

bool is_stale(const LockFile& lock, const LockOwner& self, Timestamp now) {
  if (now - lock.time > stale_age) return true;
  if (lock.hostname != self.hostname || lock.pid <= 0) return false;
  return kill(static_cast<pid_t>(lock.pid), 0) != 0 && errno == ESRCH;
}

namespace {

class HeldLock final : public RepositoryLock {
public:
  HeldLock(const StoredFiles& files, Clock& clock, LockOwner owner, LockKind kind)
      : files_(files), clock_(clock), owner_(std::move(owner)), kind_(kind) {}

  // Without the object the lock is free for others after 30 minutes only.
  ~HeldLock() override {
    end_refreshing();
    if (!id_) return;
    if (auto removed = files_.remove(FileKind::lock, *id_, {}); !removed) {
      log_warning("a lock could not be removed", {{"error", removed.error().message()}});
    }
  }

  std::stop_token lost() const override { return lost_.get_token(); }

  void leave() override {
    end_refreshing();
    id_.reset();
  }

  Result<> acquire(std::stop_token stop) {
    TRY(look_for_conflict(stop));
    TRY(write(stop));
    if (!clock_.sleep(second_look_delay, stop)) return fail(ErrorCode::cancelled, "stopped");
    return look_for_conflict(stop);
  }

  void keep_fresh() {
    refresher_ = std::jthread([this](std::stop_token stop) { refresh_until(stop); });
  }

private:
  void end_refreshing() {
    refresher_.request_stop();
    if (refresher_.joinable()) refresher_.join();
  }

  Result<> look_for_conflict(std::stop_token stop) {
    for (const Digest& id : TRY(list_locks(files_, stop))) {
      if (id == id_) continue;
      const auto lock = TRY(load_lock(files_, clock_, id, stop));
      if (!lock || is_stale(*lock, owner_, clock_.now())) continue;
      if (kind_ == LockKind::exclusive || lock->exclusive) return locked_by(id, *lock);
    }
    return {};
  }

  Result<> write(std::stop_token stop) {
    const std::string json = encode_lock_file(lock_file_of(owner_, kind_, clock_.now()));
    const Digest id = TRY(files_.save(FileKind::lock, json, stop));
    const std::optional<Digest> former = std::exchange(id_, id);
    written_at_ = clock_.monotonic();
    // A remainder is harmless: it turns stale.
    if (former) static_cast<void>(files_.remove(FileKind::lock, *former, stop));
    return {};
  }

  void refresh_until(const std::stop_token& stop) {
    std::chrono::nanoseconds pause = refresh_period;
    while (clock_.sleep(pause, stop)) {
      const auto age = clock_.monotonic() - written_at_;
      if (age >= lost_age) {
        lost_.request_stop();
        return;
      }
      const bool is_written = write(stop).has_value();
      pause = is_written ? std::chrono::nanoseconds(refresh_period) : refresh_retry_period;
    }
  }

  const StoredFiles& files_;
  Clock& clock_;
  const LockOwner owner_;
  const LockKind kind_;
  std::optional<Digest> id_;
  std::chrono::nanoseconds written_at_{0};
  std::stop_source lost_;
  std::jthread refresher_;
};

}  // namespace

Result<std::unique_ptr<RepositoryLock>> acquire_lock(const StoredFiles& files, Clock& clock,
                                                     const LockOwner& owner, LockKind kind,
                                                     std::chrono::nanoseconds wait,
                                                     std::stop_token stop) {
  const auto deadline = clock.monotonic() + wait;
  std::chrono::nanoseconds pause = 1s;
  for (;;) {
    auto lock = std::make_unique<HeldLock>(files, clock, owner, kind);
    auto acquired = lock->acquire(stop);
    if (acquired) {
      lock->keep_fresh();
      return std::unique_ptr<RepositoryLock>(std::move(lock));
    }
    lock.reset();
    const auto left = deadline - clock.monotonic();
    if (!acquired.failed_with(ErrorCode::locked) || left <= 0s) {
      return fail(std::move(acquired).error());
    }
    if (!clock.sleep(std::min(left, pause), stop)) return fail(ErrorCode::cancelled, "stopped");
    pause = std::min<std::chrono::nanoseconds>(pause * 2, longest_pause);
  }
}

Result<std::size_t> remove_locks(const StoredFiles& files, Clock& clock, const LockOwner& self,
                                 Unlock which, std::stop_token stop) {
  std::size_t removed = 0;
  for (const Digest& id : TRY(list_locks(files, stop))) {
    if (which == Unlock::stale_only) {
      auto lock = load_lock(files, clock, id, stop);
      if (lock.failed_with(ErrorCode::locked)) continue;  // unreadable: only `all` removes it
      const auto readable = TRY(std::move(lock));
      if (!readable || !is_stale(*readable, self, clock.now())) continue;
    }
    TRY(files.remove(FileKind::lock, id, stop));
    ++removed;
  }
  return removed;
}

}  // namespace dmaas::engine
