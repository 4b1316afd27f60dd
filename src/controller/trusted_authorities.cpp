#include "controller/trusted_authorities.hpp"

#include <chrono>

#include "base/file.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::seconds look_interval{15};

}  // namespace

Result<> watch_trusted_authorities(const std::string& file, const std::string& known, Clock& clock,
                                   std::stop_token stop) {
  do {
    auto present = read_small_file(file);
    if (present && *present != known)
      return fail(ErrorCode::conflict, "other authorities are trusted now");
  } while (clock.sleep(look_interval, stop));
  return {};
}

}  // namespace dmaas::controller
