#include "applications/restore_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "api/labels.hpp"
#include "applications/discovery/facts.hpp"
#include "applications/json_walk.hpp"
#include "applications/object_id.hpp"
#include "applications/resource_path.hpp"
#include "applications/restore/candidates.hpp"
#include "applications/restore/strip.hpp"
#include "applications/restore/versions.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

bool is_core(const ObjectId& id, std::string_view kind) {
  return id.group.empty() && id.kind == kind;
}
bool is_definition(const ObjectId& id) {
  return id.kind == "CustomResourceDefinition";
}

class Planner {
public:
  Planner(StoredObjects stored, const kube::Discovery& destination, const RestoreOptions& options)
      : stored_(std::move(stored)), destination_(destination), options_(options) {}

  RestorePlan run() {
    select();
    choose_versions();
    keep_what_supports();
    name();
    for (const Candidate* candidate : taken_) plan_object(*candidate);
    plan_claims();
    warn();
    tell_what_was_left_out();
    std::ranges::stable_sort(plan_.objects, {}, [](const PlannedObject& object) {
      return std::tie(object.order, object.destination);
    });
    plan_.naming = naming_;
    plan_.changes = options_.changes;
    plan_.restored_by = options_.restored_by;
    plan_.standby = options_.standby;
    plan_.defuse = options_.defuse;
    return std::move(plan_);
  }

private:
  /// Why the options leave the object out; "" when they take it.
  std::string reason_to_skip(const Candidate& candidate) const {
    const ObjectFacts& facts = candidate.facts;
    const Described described{facts.resource, facts.id.key.namespace_name, facts.id.key.name,
                              facts.labels, facts.annotations};
    if (!candidate.not_restored.empty()) return std::string(candidate.not_restored);
    if (options_.defuse == Defuse::yes) {
      if (const auto reason = reason_to_defuse(facts.id); !reason.empty())
        return std::string(reason);
      if (!options_.naming.namespaces.contains(facts.id.key.namespace_name))
        return "its namespace is not mapped to a scratch namespace";
    }
    if (picks_any(options_.selection.exclude, described)) return "excluded by a rule";
    const bool supporting = is_core(facts.id, "Namespace") || is_definition(facts.id);
    const bool wanted =
        options_.selection.include.empty() || picks_any(options_.selection.include, described);
    if (!wanted && !supporting) return "no rule includes it";
    if (options_.scope == RestoreScope::claims && !is_core(facts.id, "Namespace") &&
        !is_core(facts.id, "PersistentVolumeClaim")) {
      return "only data is restored";
    }
    if (facts.id.kind == "StorageClass") {
      const auto mapped = options_.naming.storage_classes.find(facts.id.key.name);
      if (mapped != options_.naming.storage_classes.end())
        return fmt::format("mapped to class '{}'", mapped->second);
    }
    if (options_.naming.prefix.empty()) return {};
    if (is_shared_by_the_cluster(facts.id))
      return "a cluster has one for all: a restore as new cannot copy it";
    if (is_core(facts.id, "Secret") && facts.id.key.name.starts_with("sh.helm.release.v1.")) {
      return "the record of a Helm release that keeps its name";
    }
    return {};
  }

  void select() {
    for (const auto& candidate : stored_.candidates) {
      std::string reason = reason_to_skip(candidate);
      if (reason.empty()) {
        taken_.push_back(&candidate);
      } else {
        plan_.skipped.push_back({candidate.facts.id, std::move(reason)});
      }
    }
  }

  void choose_versions() {
    std::set<std::string> defined;  // kinds whose definition is restored too
    for (const Candidate* candidate : taken_) {
      if (is_definition(candidate->facts.id)) defined.insert(candidate->facts.id.key.name);
    }
    for (const auto& kind : stored_.kinds) {
      auto choice = choose_version(kind, destination_);
      const bool unknown =
          destination_.find_plural(kind.resource.group, kind.resource.plural) == nullptr;
      if (!choice && unknown && defined.contains(kind.resource.name())) {
        choices_.push_back(VersionChoice{kind.resource, kind.resource, {}});
        coming_.insert(kind.resource.name());
      } else {
        choices_.push_back(std::move(choice));
      }
    }
    std::erase_if(taken_, [&](const Candidate* candidate) {
      const auto& choice = choices_[candidate->kind];
      if (!choice) {
        plan_.unsupported.push_back(
            {candidate->facts.id, choice.error().message() + ": " + candidate->replacement});
      }
      return !choice.has_value();
    });
  }

  /// Namespaces and definitions come along only with something that needs them, unless a rule names
  /// them.
  void keep_what_supports() {
    if (options_.selection.include.empty() && options_.scope == RestoreScope::all) return;
    std::set<std::string> namespaces, kinds;
    for (const Candidate* candidate : taken_) {
      namespaces.insert(candidate->facts.id.key.namespace_name);
      kinds.insert(candidate->facts.resource.name());
    }
    std::erase_if(taken_, [&](const Candidate* candidate) {
      const ObjectFacts& facts = candidate->facts;
      const Described described{facts.resource, facts.id.key.namespace_name, facts.id.key.name,
                                facts.labels, facts.annotations};
      if (!options_.selection.include.empty() && picks_any(options_.selection.include, described))
        return false;
      const bool unneeded =
          (is_core(facts.id, "Namespace") && !namespaces.contains(facts.id.key.name)) ||
          (is_definition(facts.id) && !kinds.contains(facts.id.key.name));
      if (unneeded) plan_.skipped.push_back({facts.id, "nothing that is restored needs it"});
      return unneeded;
    });
  }

  void plan_object(const Candidate& candidate) {
    const VersionChoice& choice = *choices_[candidate.kind];
    const ObjectId& source = candidate.facts.id;
    PlannedObject planned;
    planned.path =
        ResourcePath{choice.stored.group, choice.stored.plural, choice.stored.version, source.key}
            .text();
    planned.source = source;
    planned.destination = naming_->destination_of(source);
    planned.resource = choice.applied;
    planned.order = restore_order_of(choice.applied);
    planned.comes_with_plan = coming_.contains(choice.applied.name());
    planned.conversion = choice.conversion;
    const auto [first, added] = sources_.emplace(planned.destination, source);
    if (added) {
      plan_.objects.push_back(std::move(planned));
    } else if (is_core(source, "Namespace")) {
      plan_.skipped.push_back(
          {source, "mapped to the same namespace as " + first->second.key.name});
    } else {
      plan_.unsupported.push_back(
          {source,
           fmt::format("it and {} would both become {}: map their namespaces to different ones",
                       first->second.text(), planned.destination.text())});
    }
  }

  void name() {
    std::vector<const ObjectFacts*> restored;
    for (const Candidate* candidate : taken_) restored.push_back(&candidate->facts);
    naming_ = std::make_shared<Naming>(options_.naming, restored);
  }

  JsonObject placement_for(const Candidate& claim) const {
    const std::string& name = claim.facts.id.key.name;
    for (const Candidate* user : taken_) {
      if (user->facts.id.key.namespace_name != claim.facts.id.key.namespace_name) continue;
      const auto& templates = user->facts.claim_templates;
      const bool mounts = std::ranges::find(user->claims, name) != user->claims.end() ||
                          std::ranges::any_of(templates, [&](const std::string& claim_template) {
                            return is_claim_of(name, claim_template, user->facts.id.key.name);
                          });
      if (mounts) return user->placement;
    }
    return {};
  }

  void plan_claims() {
    for (const Candidate* candidate : taken_) {
      if (!is_core(candidate->facts.id, "PersistentVolumeClaim")) continue;
      const Json& spec = candidate->claim_spec;
      PlannedClaim claim;
      claim.source = candidate->facts.id.key;
      claim.destination = naming_->destination_of(candidate->facts.id).key;
      claim.storage_class = text_at(spec, "storageClassName");
      const auto mapped = options_.naming.storage_classes.find(claim.storage_class);
      if (mapped != options_.naming.storage_classes.end()) claim.storage_class = mapped->second;
      for (const auto& mode : items_at(spec, "accessModes"))
        claim.access_modes.push_back(text_of(&mode));
      claim.volume_mode = text_at(spec, "volumeMode") == "Block" ? "Block" : "Filesystem";
      claim.size = text_at(spec, "resources", "requests", "storage");
      claim.placement = placement_for(*candidate);
      plan_.claims.push_back(std::move(claim));
    }
    std::ranges::sort(plan_.claims, {}, &PlannedClaim::destination);
  }

  void warn() {
    std::set<std::string> converted;
    for (const auto& object : plan_.objects) {
      if (!object.conversion.empty())
        converted.insert(
            fmt::format("{} objects are applied as {}", object.source.kind, object.conversion));
    }
    plan_.warnings.assign(converted.begin(), converted.end());
    std::vector<Described> objects;
    for (const Candidate* candidate : taken_) {
      const ObjectFacts& facts = candidate->facts;
      objects.push_back({facts.resource, facts.id.key.namespace_name, facts.id.key.name,
                         facts.labels, facts.annotations});
    }
    for (const auto& field : options_.changes.unused(objects))
      plan_.warnings.push_back(field + " changes nothing: no object of the restore is meant by it");
    if (!options_.naming.prefix.empty()) warn_of_names_in_text();
  }

  /// Values such as DB_HOST=db lead from the copy to the original; only a person knows whether they
  /// should.
  void warn_of_names_in_text() {
    bool custom = false;
    for (const Candidate* candidate : taken_) {
      const ObjectId& id = candidate->facts.id;
      custom = custom || !is_built_in_group(id.group);
      for (const auto& [variable, value] : candidate->environment) {
        const ObjectId service{
            "", "Service", {id.key.namespace_name, value.substr(0, value.find_first_of(".:/"))}};
        if (!sources_contain(service)) continue;
        plan_.warnings.push_back(fmt::format("environment variable {} of {} still names {}, not {}",
                                             variable, id.text(), service.key.name,
                                             naming_->destination_of(service).key.name));
      }
    }
    if (custom)
      plan_.warnings.emplace_back(
          "names inside ConfigMaps are not changed, nor those in custom resources that are not "
          "clearly references");
  }

  void tell_what_was_left_out() {
    if (options_.scope != RestoreScope::all) return;
    std::set<std::string> restored, namespaces;
    for (const auto& object : plan_.objects) {
      restored.insert(object.source.text());
      namespaces.insert(object.source.key.namespace_name);
    }
    for (const auto& secret : stored_.left_out.secrets) {
      const ObjectId id{"", "Secret", {secret.namespace_name, secret.name}};
      if (namespaces.contains(secret.namespace_name))
        plan_.needed_secrets.push_back(naming_->destination_of(id));
    }
    for (const auto& value : stored_.left_out.values) {
      if (!restored.contains(value.object)) continue;
      plan_.warnings.push_back(
          fmt::format("{} of {} held the value of key {} of Secret {}, which was left out of the "
                      "backup: put it in after the restore",
                      value.field_path, value.object, value.key, value.secret));
    }
  }

  bool sources_contain(const ObjectId& source) const {
    const auto planned = sources_.find(naming_->destination_of(source));
    return planned != sources_.end() && planned->second == source;
  }

  const StoredObjects stored_;
  const kube::Discovery& destination_;
  const RestoreOptions& options_;
  std::shared_ptr<const Naming> naming_;
  RestorePlan plan_;
  std::vector<const Candidate*> taken_;
  std::vector<Result<VersionChoice>> choices_;      // by kind
  std::set<std::string> coming_;                    // kinds that the plan's own definitions bring
  std::unordered_map<ObjectId, ObjectId> sources_;  // by destination
};

}  // namespace

Result<RestorePlan> plan_restore(const ResourceFiles& files, const kube::Discovery& destination,
                                 const RestoreOptions& options, std::stop_token stop) {
  return Planner(TRY(read_stored_objects(files, stop)), destination, options).run();
}

Result<Json> load_planned(const ResourceFiles& files, const RestorePlan& plan,
                          const PlannedObject& object, std::stop_token stop) {
  const std::string content = TRY(files.read(object.path, stop));
  auto parsed = parse_json(content);
  if (!parsed) return fail(ErrorCode::corrupt, object.path + ": " + parsed.error().message());
  Json document = *std::move(parsed);
  if (kube::key_of(document) != object.source.key ||
      text_at(document, "kind") != object.source.kind) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} holds another object, {}", object.path, id_of(document).text()));
  }
  const auto labels = kube::labels_of(document);
  const auto annotations = selectable_annotations_of(document);
  strip(document);
  if (plan.defuse == Defuse::yes) defuse(document);
  plan.naming->rename(document);
  convert(document, object.resource);
  kube::set_label(document, api::label::restored_by, kube::to_label_value(plan.restored_by));
  if (!plan.standby.empty()) kube::set_label(document, api::label::standby, plan.standby);
  const Described source{object.resource, object.source.key.namespace_name, object.source.key.name,
                         labels, annotations};
  TRY(plan.changes.apply(source, document));
  return document;
}

}  // namespace dmaas::applications
