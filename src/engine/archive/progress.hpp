#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace dmaas::engine {

/// How far a backup or restore is. Written by its threads, read by whoever shows it, at any time.
/// Thread-safe.
struct Progress {
  std::atomic<std::uint64_t> files_done = 0;
  std::atomic<std::uint64_t> bytes_done = 0;
  /// Of a restore: less than done where a target held the content already.
  std::atomic<std::uint64_t> bytes_written = 0;
  std::atomic<std::uint64_t> problems = 0;
  /// What is known of the whole; grows while `total_is_final` is false.
  std::atomic<std::uint64_t> files_total = 0;
  std::atomic<std::uint64_t> bytes_total = 0;
  std::atomic<bool> total_is_final = false;

  void set_current(std::string path) {
    std::lock_guard lock{mutex_};
    current_ = std::move(path);
  }
  /// A file that is being worked on; for people.
  std::string current() const {
    std::lock_guard lock{mutex_};
    return current_;
  }

private:
  mutable std::mutex mutex_;
  std::string current_;
};

}  // namespace dmaas::engine
