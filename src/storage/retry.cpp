#include "storage/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "crypto/random.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_pause = 500ms;
constexpr std::chrono::nanoseconds longest_pause = 60s;
constexpr std::chrono::seconds longest_retry_after = 300s;

double random_share() {
  std::uint8_t bytes[2];
  crypto::fill_random(bytes);
  return (bytes[0] * 256 + bytes[1]) / 65535.0;
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), longest_retry_after);
}

std::chrono::nanoseconds plan_pause(unsigned tries, double random) {
  const unsigned doublings = std::min(tries == 0 ? 0u : tries - 1, 20u);
  const auto pause = std::min(first_pause * (1 << doublings), longest_pause);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) *
                                                            (0.5 + std::clamp(random, 0.0, 1.0))));
}

Result<> Retry::await_turn(std::stop_token stop) {
  const auto wait = throttle_.paused_until() - clock_.monotonic();
  if (wait > 0ns && !clock_.sleep(wait, stop)) return fail(ErrorCode::cancelled, "cancelled");
  return {};
}

Result<> Retry::await_next_try(Error error, std::stop_token stop) {
  if (forbidden_ || !is_retryable(error.code()) || stop.stop_requested()) {
    return fail(std::move(error));
  }
  const auto now = clock_.monotonic();
  if (tries_ == 0) failing_since_ = now;
  ++tries_;
  ++total_tries_;
  const auto pause = plan_pause(tries_, random_share());
  if (tries_ >= limits_.max_tries || now + pause - failing_since_ > limits_.give_up_after) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - failing_since_);
    return fail(std::move(error).context(
        fmt::format("gave up after {} tries in {} s", tries_, seconds.count())));
  }
  if (!clock_.sleep(pause, stop)) {
    return fail(ErrorCode::cancelled, "cancelled while waiting to try again: " + error.message());
  }
  return {};
}

}  // namespace dmaas::storage
