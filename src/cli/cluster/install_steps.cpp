#include "cli/cluster/install_steps.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "cli/install/manifests.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {

Result<kube::Resource> resource_for(const kube::Discovery& discovery, const Json& manifest) {
  const auto* served = discovery.find(kube::api_version_of(manifest), kube::kind_of(manifest));
  if (served != nullptr) return served->resource;
  return fail(ErrorCode::unsupported, "the cluster does not serve " + kube::describe(manifest));
}

Result<> remove_certificate_jobs(kube::Client& client, const std::string& namespace_name,
                                 std::stop_token stop) {
  const auto resource = kube::resources::jobs();
  kube::ListOptions options{.namespace_name = namespace_name,
                            .label_selector = certificates_selector};
  for (const auto& job : TRY(kube::list_all(client, resource, options, stop))) {
    TRY(kube::ensure_removed(client, resource, kube::key_of(job), {.uid = kube::uid_of(job)},
                             stop));
  }
  return {};
}

Result<> wait_until(std::chrono::seconds patience, std::stop_token stop,
                    const std::function<Result<bool>()>& done, const std::string& what) {
  auto deadline = system_clock().monotonic() + patience;
  while (true) {
    auto is_done = done();
    if (is_done && *is_done) return {};
    if (system_clock().monotonic() > deadline) {
      return fail(ErrorCode::timeout, fmt::format("{} after {} s{}", what, patience.count(),
                                                  is_done ? "" : ": " + is_done.error().message()));
    }
    if (!system_clock().sleep(std::chrono::milliseconds{500}, stop))
      return fail(ErrorCode::cancelled, "stopped");
  }
}

}  // namespace dmaas::cli
