#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "api/object.hpp"
#include "cli/terminal.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

inline constexpr std::chrono::milliseconds poll_period{500};

/// Shows `line` of the object whenever it changes, until `is_over`.
template <class Kind>
Result<Kind> follow(kube::Client& client, const kube::ObjectKey& key,
                    const std::function<std::string(const Kind&)>& line,
                    const std::function<bool(const Kind&)>& is_over, std::stop_token stop) {
  std::string shown;
  while (system_clock().sleep(poll_period, stop)) {
    auto document = TRY(client.get(api::kind_info<Kind>().resource(), key, stop));
    auto object = TRY(api::decode<Kind>(document));
    auto text = line(object);
    if (text != shown) print_note(text);
    shown = text;
    if (is_over(object)) return object;
  }
  return fail(ErrorCode::cancelled, key.text() + " goes on in the cluster");
}

}  // namespace dmaas::cli
