#include "applications/restore/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "applications/json_walk.hpp"
#include "base/glob.hpp"
#include "kube/object/json_patch.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

bool is_claim(const Described& object) {
  return object.resource.group.empty() && object.resource.kind == "PersistentVolumeClaim";
}

/// Kinds whose spec.replicas is the count of their pods.
bool has_replicas(const Described& object) {
  constexpr std::array<std::string_view, 4> kinds = {"Deployment", "StatefulSet", "ReplicaSet",
                                                     "ReplicationController"};
  return std::ranges::find(kinds, object.resource.kind) != kinds.end();
}

bool names(const api::ClaimOverride& change, const std::string& claim) {
  return change.claims.empty() ||
         std::ranges::any_of(change.claims, [&](const std::string& pattern) {
           return matches_glob(pattern, claim);
         });
}

/// What a StatefulSet calls its first claim of a template.
std::string first_claim_of(const Json& claim_template, const std::string& stateful_set) {
  return text_at(claim_template, "metadata", "name") + "-" + stateful_set + "-0";
}

/// By what an object is found: a change of it would make another object.
std::string identity_of(const Json& object) {
  return fmt::format("{} {} {} {}", text_at(object, "apiVersion"), kube::kind_of(object),
                     kube::key_of(object).text(), kube::label_of(object, "dmaas.io/restored-by"));
}

}  // namespace

Changes::Changes(api::RestoreChanges wanted) : wanted_(std::move(wanted)) {
  api::ObjectSelection selection;
  for (const auto& transformation : wanted_.transformations)
    selection.include.push_back(transformation.match);
  matches_ = to_selection(selection, Secrets::keep).include;
}

void Changes::change_claim(const std::string& claim, Json* spec) const {
  auto change =
      std::ranges::find_if(wanted_.claims, [&](const auto& c) { return names(c, claim); });
  if (change == wanted_.claims.end() || spec == nullptr || !spec->is_object()) return;
  auto& object = spec->get_object();
  if (change->size) {
    auto& resources = object["resources"];
    if (!resources.is_object()) resources.emplace_object();
    auto& requests = resources.get_object()["requests"];
    if (!requests.is_object()) requests.emplace_object();
    requests.get_object()["storage"] = change->size->text;
    // A limit below the new size would be refused.
    remove_field(&resources, "limits");
  }
  if (change->storage_class && change->storage_class->empty()) {
    object.erase("storageClassName");
  } else if (change->storage_class) {
    object["storageClassName"] = *change->storage_class;
  }
  if (change->access_modes.empty()) return;
  JsonArray modes;
  for (const auto& mode : change->access_modes) modes.emplace_back(mode);
  object["accessModes"] = std::move(modes);
}

void Changes::change_templates(const Described& source, Json& document) const {
  for_each_item(at(&document, "spec", "volumeClaimTemplates"), [&](Json* item) {
    change_claim(first_claim_of(*item, source.name), at(item, "spec"));
  });
}

Result<> Changes::transform(std::size_t index, Json& document) const {
  const auto& transformation = wanted_.transformations[index];
  const auto field = fmt::format("spec.changes.transformations[{}]", index);
  const auto before = identity_of(document);
  const auto name = id_of(document).text();
  if (!transformation.json_patch.empty()) {
    JsonArray steps;
    for (const auto& step : transformation.json_patch) steps.push_back(to_json(step));
    auto patched = kube::apply_json_patch(document, steps);
    if (!patched) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("{}.jsonPatch does not fit {}: {}. Correct the path, or match fewer "
                              "objects",
                              field, name, patched.error().message()));
    }
  } else {
    merge_patch(document, Json(transformation.merge_patch));
  }
  if (identity_of(document) == before) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} would change what {} is called: use namespaceMap or namePrefix",
                          field, name));
}

Result<> Changes::apply(const Described& source, Json& document) const {
  if (is_claim(source)) change_claim(source.name, at(&document, "spec"));
  if (source.resource.kind == "StatefulSet") change_templates(source, document);
  if (has_replicas(source)) {
    auto change = std::ranges::find_if(wanted_.replicas, [&](const auto& wanted) {
      return matches_glob(wanted.name, source.name);
    });
    if (change != wanted_.replicas.end())
      ensure_object(document, "spec")["replicas"] = change->replicas;
  }
  for (std::size_t i = 0; i < matches_.size(); ++i) {
    if (picks(matches_[i], source)) TRY(transform(i, document));
  }
  return {};
}

std::vector<std::string> Changes::unused(const std::vector<Described>& objects) const {
  std::vector<std::string> fields;
  auto check = [&](std::string_view list, std::size_t index, auto&& is_meant) {
    if (std::ranges::none_of(objects, is_meant))
      fields.push_back(fmt::format("spec.changes.{}[{}]", list, index));
  };
  for (std::size_t i = 0; i < wanted_.claims.size(); ++i) {
    check("claims", i, [&](const Described& object) {
      return is_claim(object) && names(wanted_.claims[i], object.name);
    });
  }
  for (std::size_t i = 0; i < wanted_.replicas.size(); ++i) {
    check("replicas", i, [&](const Described& object) {
      return has_replicas(object) && matches_glob(wanted_.replicas[i].name, object.name);
    });
  }
  for (std::size_t i = 0; i < matches_.size(); ++i)
    check("transformations", i,
          [&](const Described& object) { return picks(matches_[i], object); });
  return fields;
}

}  // namespace dmaas::applications
