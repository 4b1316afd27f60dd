#include "base/clock.hpp"

namespace dmaas {
namespace {

class SystemClock final : public Clock {
public:
  Timestamp now() const override { return std::chrono::system_clock::now(); }
  std::chrono::nanoseconds monotonic() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    never.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Timestamp ManualClock::now() const {
  return start_ + monotonic();
}

std::chrono::nanoseconds ManualClock::monotonic() const {
  std::lock_guard lock{mutex_};
  return elapsed_;
}

bool ManualClock::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::unique_lock lock{mutex_};
  auto wake = elapsed_ + duration;
  advanced_.wait(lock, stop, [&] { return elapsed_ >= wake; });
  return elapsed_ >= wake;
}

void ManualClock::advance(std::chrono::nanoseconds duration) {
  std::lock_guard lock{mutex_};
  elapsed_ += duration;
  advanced_.notify_all();
}

}  // namespace dmaas
