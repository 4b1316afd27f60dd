#include "storage/rate_limit.hpp"

#include <algorithm>

namespace dmaas::storage {

using std::chrono::nanoseconds;

nanoseconds plan_transfer_end(nanoseconds now, nanoseconds booked_until, std::size_t bytes,
                              std::int64_t bytes_per_second) {
  const std::chrono::duration<double> length{static_cast<double>(bytes) /
                                             static_cast<double>(bytes_per_second)};
  return std::max<nanoseconds>(booked_until, now - longest_burst) +
         std::chrono::ceil<nanoseconds>(length);
}

RateLimit::RateLimit(std::int64_t bytes_per_second, Clock& clock)
    : bytes_per_second_(bytes_per_second), clock_(clock), booked_until_(clock.monotonic()) {
  ENSURE(bytes_per_second > 0);
}

Result<> RateLimit::take(std::size_t bytes, std::stop_token stop) {
  const auto cancelled = [] {
    return fail(ErrorCode::cancelled, "cancelled while waiting for bandwidth");
  };
  if (stop.stop_requested()) return cancelled();
  const nanoseconds wait = book(bytes);
  if (wait > nanoseconds{0} && !clock_.sleep(wait, stop)) return cancelled();
  return {};
}

nanoseconds RateLimit::book(std::size_t bytes) {
  std::lock_guard lock{mutex_};
  const nanoseconds now = clock_.monotonic();
  booked_until_ = plan_transfer_end(now, booked_until_, bytes, bytes_per_second_);
  return booked_until_ - now;
}

}  // namespace dmaas::storage
