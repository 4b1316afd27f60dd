#pragma once

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <string>

#include "api/object.hpp"
#include "cli/cluster/session_progress.hpp"
#include "cli/terminal.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

inline constexpr std::chrono::milliseconds poll_period{500};
/// How long the API server may be away while a session is followed.
inline constexpr std::chrono::minutes follow_patience{2};

/// Shows a session until it is over: on a terminal one line that changes, else a line for each
/// thing that happens. A stop leaves the session running and says so. Errors: not_found (it was
/// deleted meanwhile).
template <class Kind>
Result<Kind> follow(kube::Client& client, const kube::ObjectKey& key, std::stop_token stop) {
  std::mutex mutex;
  Kind seen{};
  ProgressLine live{[&] {
    std::lock_guard lock{mutex};
    return progress_line(seen, system_clock().now());
  }};
  auto answered = system_clock().monotonic();
  while (system_clock().sleep(poll_period, stop)) {
    auto document = client.get(api::kind_info<Kind>().resource(), key, stop);
    bool may_come_back = !document && is_retryable(document.code()) &&
                         system_clock().monotonic() - answered < follow_patience;
    if (may_come_back) continue;
    if (document.failed_with(ErrorCode::not_found))
      return fail(ErrorCode::not_found, "session " + key.text() + " was deleted");
    if (document.failed_with(ErrorCode::cancelled)) break;
    if (!document) return fail(std::move(document).error());
    auto now = TRY(api::decode<Kind>(*document));
    answered = system_clock().monotonic();
    if (!standard_error_is_terminal()) {
      for (const auto& change : progress_changes(seen, now)) print_note(change);
    }
    std::lock_guard lock{mutex};
    seen = std::move(now);
    if (is_over(seen)) return seen;
  }
  return fail(ErrorCode::cancelled,
              fmt::format("session {0} goes on in the cluster: see 'dmaas describe session {1} -n "
                          "{2}', or 'dmaas cancel {1} -n {2}'",
                          key.text(), key.name, key.namespace_name));
}

}  // namespace dmaas::cli
