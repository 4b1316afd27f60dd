#include "applications/restore/candidates.hpp"

#include <fmt/format.h>

#include <map>

#include "applications/resource_path.hpp"
#include "applications/restore/pod_security.hpp"
#include "applications/restore/strip.hpp"

namespace dmaas::applications {
namespace {

JsonObject placement_of(const Json& pod_spec) {
  JsonObject placement;
  for (std::string_view key : {"nodeSelector", "affinity", "tolerations"}) {
    if (const Json* value = find(pod_spec, key)) placement[key] = *value;
  }
  return placement;
}

void add_pod_facts(const Json& pod_spec, Candidate& candidate) {
  candidate.placement = placement_of(pod_spec);
  for (const auto& volume : items_at(pod_spec, "volumes")) {
    const std::string claim = text_at(volume, "persistentVolumeClaim", "claimName");
    if (!claim.empty()) candidate.claims.push_back(claim);
  }
  for (std::string_view list : {"containers", "initContainers"}) {
    for (const auto& container : items_at(pod_spec, list)) {
      for (const auto& variable : items_at(container, "env")) {
        const std::string value = text_at(variable, "value");
        if (!value.empty()) candidate.environment.emplace_back(text_at(variable, "name"), value);
      }
    }
  }
}

std::string replacement_of(const Json& object) {
  if (text_at(object, "kind") != "PodSecurityPolicy")
    return "install what serves it, or exclude the kind";
  return fmt::format(
      "label the namespaces that it was made for with pod-security.kubernetes.io/enforce={}, which "
      "comes closest to it, and exclude the kind",
      closest_pod_security(object));
}

Candidate describe(const kube::Resource& resource, const Json& object) {
  Candidate candidate;
  candidate.facts = facts_of(resource, object);
  candidate.not_restored = reason_not_restored(object);
  candidate.replacement = replacement_of(object);
  if (resource.group.empty() && resource.kind == "PersistentVolumeClaim") {
    if (const Json* spec = find(object, "spec")) candidate.claim_spec = *spec;
  }
  if (const Json* pod_spec = pod_spec_of(object)) add_pod_facts(*pod_spec, candidate);
  return candidate;
}

bool is_document(const std::string& path) {
  return path.find('/', 1) == std::string::npos;
}

/// The object of a file must be the one that its path names: what is checked by path is what is
/// applied.
Result<> check_identity(const ResourcePath& path, const kube::Resource& resource,
                        const ObjectFacts& facts, const Json& object) {
  const bool same = facts.id.key == path.key && text_at(object, "kind") == resource.kind &&
                    text_at(object, "apiVersion") == resource.api_version();
  if (same) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} holds another object, {}", path.text(), facts.id.text()));
}

}  // namespace

Result<StoredObjects> read_stored_objects(const ResourceFiles& files, std::stop_token stop) {
  StoredObjects stored;
  const std::string index = TRY(files.read("/index.json", stop));
  const Json document = TRY(parse_json(index).context("reading /index.json of the backup"));
  stored.kinds = TRY(parse_index(document));
  std::map<std::string, std::size_t> kinds;
  for (std::size_t i = 0; i < stored.kinds.size(); ++i)
    kinds.emplace(stored.kinds[i].resource.name(), i);

  auto take = [&](const std::string& path, std::string_view content) -> Result<> {
    if (path == LeftOutDocument::path) {
      const Json left_out = TRY(parse_json(content).context("reading " + path));
      stored.left_out = TRY(from_json<LeftOutDocument>(left_out).context("reading " + path));
    }
    if (is_document(path)) return {};
    const ResourcePath place = TRY(ResourcePath::parse(path));
    const auto kind =
        kinds.find(kube::Resource{place.group, place.version, place.plural, "", true}.name());
    if (kind == kinds.end())
      return fail(ErrorCode::corrupt, path + " is of a kind that /index.json does not name");
    const kube::Resource& resource = stored.kinds[kind->second].resource;
    if (resource.version != place.version) return {};
    const Json object = TRY(parse_json(content).context("reading " + path));
    Candidate candidate = describe(resource, object);
    TRY(check_identity(place, resource, candidate.facts, object));
    candidate.kind = kind->second;
    stored.candidates.push_back(std::move(candidate));
    return {};
  };
  TRY(files.each(take, stop));
  return stored;
}

}  // namespace dmaas::applications
