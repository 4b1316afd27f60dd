#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace dmaas {

/// Wall-clock time in UTC. Nanoseconds because file times have them.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// The only source of time. Thread-safe.
class Clock {
public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  /// Time that never jumps; only differences mean something.
  virtual std::chrono::nanoseconds monotonic() const = 0;
  /// Returns false when `stop` ended the wait early.
  virtual bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// The machine's clock.
Clock& system_clock();

/// A clock that stands still until it is told to advance; sleepers wake when their time has come.
class ManualClock final : public Clock {
public:
  explicit ManualClock(Timestamp start) : start_(start) {}
  Timestamp now() const override;
  std::chrono::nanoseconds monotonic() const override;
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
  void advance(std::chrono::nanoseconds duration);

private:
  const Timestamp start_;
  mutable std::mutex mutex_;
  std::condition_variable_any advanced_;
  std::chrono::nanoseconds elapsed_{0};
};

}  // namespace dmaas
