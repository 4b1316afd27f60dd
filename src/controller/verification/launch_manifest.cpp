#include "controller/verification/launch_manifest.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "applications/restore/defuse.hpp"
#include "base/yaml.hpp"
#include "controller/verification/run_checks.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::seconds pause{2};
constexpr std::size_t max_objects = 100;

Result<std::string> manifest_text(World& world, const api::VerificationSession& session,
                                  std::stop_token stop) {
  const auto& manifest = *session.spec.verification.manifest;
  if (!manifest.config_map) return manifest.objects;
  const auto& reference = *manifest.config_map;
  auto map =
      TRY(world.client.get(kube::resources::config_maps(),
                           {session.metadata.namespace_name, reference.name}, std::move(stop)));
  auto text = text_at(map, "data", reference.key);
  if (!text.empty()) return text;
  return fail(ErrorCode::not_found,
              fmt::format("ConfigMap {} has no entry {}", reference.name, reference.key));
}

Result<Json> launched(Json object, const std::string& scratch) {
  auto id = applications::id_of(object);
  if (id.kind.empty() || id.key.name.empty())
    return fail(ErrorCode::invalid_input, "every object needs apiVersion, kind and metadata.name");
  if (!id.key.namespace_name.empty() && id.key.namespace_name != scratch) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} names a namespace: leave it away", id.text()));
  }
  id.key.namespace_name = scratch;
  if (auto reason = applications::reason_to_defuse(id); !reason.empty())
    return fail(ErrorCode::invalid_input, fmt::format("{} {}: remove it", id.text(), reason));
  ensure_object(object, "metadata")["namespace"] = scratch;
  applications::defuse(object);
  return object;
}

Result<kube::Resource> resource_of(const kube::Discovery& discovery, const Json& object) {
  const auto* served = discovery.find(kube::api_version_of(object), kube::kind_of(object));
  if (served != nullptr && served->resource.namespaced) return served->resource;
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{}: the cluster serves no namespaced kind {} of {}", kube::describe(object),
                  kube::kind_of(object), kube::api_version_of(object)));
}

}  // namespace

Result<std::vector<Json>> launched_objects(const std::string& yaml, const std::string& scratch) {
  std::vector<Json> objects;
  auto documents = TRY(parse_yaml_documents(yaml).context("the manifest"));
  for (auto& document : documents)
    objects.push_back(TRY(launched(std::move(document), scratch).context("the manifest")));
  bool fits = !objects.empty() && objects.size() <= max_objects;
  if (!fits) {
    return fail(ErrorCode::invalid_input, fmt::format("the manifest has {} objects: write 1 to {}",
                                                      objects.size(), max_objects));
  }
  return objects;
}

Result<> launch_manifest(World& world, const api::VerificationSession& session,
                         const kube::Account& account, std::chrono::nanoseconds patience,
                         std::stop_token stop) {
  const auto& scratch = session.status.scratch_namespace;
  auto deadline = world.clock.monotonic() + patience;
  auto text = TRY(manifest_text(world, session, stop));
  auto objects = TRY(launched_objects(text, scratch));
  auto discovery = TRY(world.client.discover(stop));
  auto client = world.client.impersonating(account);
  for (const auto& object : objects) {
    auto resource = TRY(resource_of(discovery, object));
    TRY(client->apply(resource, object, {}, stop));
  }
  while (true) {
    auto unready = TRY(unready_workloads(world, scratch, stop));
    if (unready.empty()) return {};
    if (world.clock.monotonic() > deadline) {
      return fail(ErrorCode::timeout,
                  fmt::format("launched, but {} workloads are not ready, the first is {}",
                              unready.size(), unready.front()));
    }
    if (!world.clock.sleep(pause, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

}  // namespace dmaas::controller
