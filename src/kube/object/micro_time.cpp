#include "kube/object/micro_time.hpp"

#include <chrono>

#include "base/time_text.hpp"

namespace dmaas::kube {

std::string format_micro_time(Timestamp time) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  auto micros = std::chrono::floor<std::chrono::microseconds>(time - seconds).count();
  auto digits = std::to_string(micros);
  auto text = format_seconds(seconds);
  text.pop_back();
  return text + "." + std::string(6 - digits.size(), '0') + digits + "Z";
}

}  // namespace dmaas::kube
