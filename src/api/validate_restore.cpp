#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "api/problems.hpp"
#include "api/validate.hpp"
#include "api/validate_parts.hpp"
#include "base/time_text.hpp"
#include "base/time_zone.hpp"

namespace dmaas::api {
namespace {

void check_map_targets(const std::map<std::string, std::string>& map, const std::string& root,
                       Problems& problems) {
  std::map<std::string_view, std::string_view> seen;
  for (const auto& [from, to] : map) {
    auto path = fmt::format("{}.namespaceMap.{}", root, from);
    problems.add_unless(is_namespace_name(from) && is_namespace_name(to), path,
                        fmt::format("'{}' to '{}' must be names of namespaces", from, to));
    auto [other, is_new] = seen.emplace(to, from);
    problems.add_unless(
        is_new, path,
        fmt::format("goes to {} as {} does; choose another namespace or restore in two sessions",
                    to, other->second));
  }
}

void check_source(const RestoreSource& source, const Surroundings& where, const std::string& path,
                  Problems& problems) {
  problems.add_unless(source.repository.has_value() != source.stored.has_value(), path,
                      "give exactly one of repositoryRef and stored");
  problems.add_unless(!source.before || source.snapshot == "latest", path + ".before",
                      "goes only with snapshot: latest");
  bool names_day = !source.latest_of.empty() || !source.oldest_of.empty();
  problems.add_unless(!names_day || source.snapshot == "latest", path + ".snapshot",
                      "must be latest, or absent, with latestOf or oldestOf");
  problems.add_unless(
      source.before.has_value() + !source.latest_of.empty() + !source.oldest_of.empty() < 2, path,
      "give only one of before, latestOf and oldestOf");
  for (auto [field, day] :
       {std::pair("latestOf", &source.latest_of), {"oldestOf", &source.oldest_of}}) {
    problems.add_unless(day->empty() || parse_timestamp(*day + "T00:00:00Z"),
                        fmt::format("{}.{}", path, field),
                        fmt::format("'{}' is no day of the calendar, such as 2026-11-23", *day));
  }
  problems.add_unless(names_day || source.time_zone.empty(), path + ".timeZone",
                      "goes only with latestOf or oldestOf; remove it");
  if (auto zone = find_time_zone(source.time_zone); !zone)
    problems.add(path + ".timeZone", zone.error());
  if (!source.stored) return;
  auto allowed = check_repository_path(source.stored->path, where);
  if (!allowed) problems.add(path + ".stored.path", allowed.error());
}

void check_in_place(const RestoreTemplate& spec, const std::string& path, Problems& problems) {
  if (!spec.in_place) return;
  problems.add_unless(spec.name_prefix.empty(), path,
                      "fills claims that exist and cannot be used with namePrefix; leave one away");
  problems.add_unless(spec.what.data != RestoreData::resources_only, path,
                      "does nothing with data: resourcesOnly; leave one away");
  bool is_data_only = spec.what.data == RestoreData::data_only;
  problems.add_unless(spec.in_place->missing_claims == MissingClaims::refuse || is_data_only,
                      path + ".missingClaims", "create goes only with what.data: dataOnly");
  bool is_by_hook = spec.in_place->quiesce == QuiesceMethod::hook;
  problems.add_unless(is_by_hook == spec.in_place->hook.has_value(), path + ".hookRef",
                      is_by_hook ? "is needed by quiesce: hook: name a HookTemplate that has undo"
                                 : "goes only with quiesce: hook; remove it");
  const auto& map = spec.in_place->claim_map;
  problems.add_unless(map.empty() || is_data_only, path + ".claimMap",
                      "goes only with what.data: dataOnly");
  std::map<std::string_view, std::string_view> seen;
  for (const auto& [from, to] : map) {
    auto entry = fmt::format("{}.claimMap.{}", path, from);
    problems.add_unless(!from.empty() && !to.empty(), entry, "must go to the name of a claim");
    auto [other, is_new] = seen.emplace(to, from);
    problems.add_unless(
        is_new, entry,
        fmt::format("goes to {} as {} does; choose another claim", to, other->second));
  }
}

void check_files(const RestoreSelection& what, const std::string& root, Problems& problems) {
  problems.add_unless(what.files.empty() || what.data != RestoreData::resources_only,
                      root + ".files", "does nothing with data: resourcesOnly; leave one away");
  for (std::size_t i = 0; i < what.files.size(); ++i) {
    auto path = fmt::format("{}.files[{}]", root, i);
    const auto& volume = what.files[i].volume;
    problems.add_unless(std::ranges::find(what.volumes, volume) == what.volumes.end(), path,
                        fmt::format("'{}' is in what.volumes, too; name it in one", volume));
    bool has_empty = std::ranges::any_of(what.files[i].paths, &std::string::empty);
    problems.add_unless(!has_empty, path + ".paths", "must not be empty, such as /etc/*.conf");
  }
}

void check_claim_override(const ClaimOverride& change, const std::string& path,
                          Problems& problems) {
  constexpr std::array<std::string_view, 4> modes = {"ReadWriteOnce", "ReadOnlyMany",
                                                     "ReadWriteMany", "ReadWriteOncePod"};
  problems.add_unless(change.size || change.storage_class || !change.access_modes.empty(), path,
                      "changes nothing; give size, storageClass or accessModes");
  auto bytes = change.size ? parse_quantity(change.size->text) : Result<std::int64_t>(1);
  problems.add_unless(bytes && *bytes > 0, path + ".size", "must be a size, such as 20Gi");
  for (const auto& mode : change.access_modes) {
    problems.add_unless(std::ranges::find(modes, mode) != modes.end(), path + ".accessModes",
                        fmt::format("'{}' must be one of {}", mode, fmt::join(modes, ", ")));
  }
}

void check_patch_step(const PatchStep& step, const std::string& path, Problems& problems) {
  problems.add_unless(step.path.empty() || step.path.starts_with('/'), path + ".path",
                      fmt::format("'{}' must begin with '/', such as /spec/replicas", step.path));
  bool has_origin =
      step.operation == PatchOperation::move || step.operation == PatchOperation::copy;
  problems.add_unless(has_origin == step.from.starts_with('/'), path + ".from",
                      has_origin ? "is required by move and copy, and begins with '/'"
                                 : "goes only with move and copy; remove it");
}

void check_changes(const RestoreChanges& changes, const std::string& root, Problems& problems) {
  for (std::size_t i = 0; i < changes.claims.size(); ++i)
    check_claim_override(changes.claims[i], fmt::format("{}.claims[{}]", root, i), problems);
  for (std::size_t i = 0; i < changes.transformations.size(); ++i) {
    const auto& transformation = changes.transformations[i];
    auto path = fmt::format("{}.transformations[{}]", root, i);
    check_rule(transformation.match, path + ".match", problems);
    problems.add_unless(transformation.json_patch.empty() != transformation.merge_patch.empty(),
                        path, "give exactly one of jsonPatch and mergePatch");
    for (std::size_t j = 0; j < transformation.json_patch.size(); ++j)
      check_patch_step(transformation.json_patch[j], fmt::format("{}.jsonPatch[{}]", path, j),
                       problems);
  }
}

void check_restore(const RestoreTemplate& spec, const Surroundings& where, const std::string& path,
                   Problems& problems) {
  check_source(spec.source, where, path + ".source", problems);
  check_selection(spec.what.objects, path + ".what.objects", problems);
  check_map_targets(spec.namespace_map, path, problems);
  problems.add_unless(spec.name_prefix.empty() || spec.existing != ExistingPolicy::recreate,
                      path + ".existing",
                      "recreate cannot be used with namePrefix; leave one away");
  problems.add_unless(spec.what.volumes.empty() || spec.what.data != RestoreData::resources_only,
                      path + ".what.volumes",
                      "does nothing with data: resourcesOnly; leave one away");
  check_files(spec.what, path + ".what", problems);
  check_in_place(spec, path + ".inPlace", problems);
  if (spec.changes) check_changes(*spec.changes, path + ".changes", problems);
  check_timeout(spec.timeout, path + ".timeout", problems);
  check_hooks(spec.hooks, path + ".hooks", Quiescing::refused, problems);
  check_mover(spec.mover, path + ".mover", problems);
}

}  // namespace

Result<> validate(const RestoreSessionSpec& spec, const Surroundings& where) {
  Problems problems;
  check_restore(spec, where, "spec", problems);
  return problems.result();
}

Result<> validate(const RestoreConfigurationSpec& spec, const Surroundings& where) {
  Problems problems;
  problems.add_unless(!spec.schedule.empty() || spec.interval, "spec.schedule",
                      "is required, such as 0 3 * * *, unless interval is given");
  check_times(spec.times(), "spec", problems);
  const auto& restore = spec.session_template;
  check_restore(restore, where, "spec.template", problems);
  problems.add_unless(restore.in_place || restore.what.data == RestoreData::resources_only,
                      "spec.template.inPlace",
                      "is required: without it only the first restore would bring data; give "
                      "quiesce: scaleToZero or refuseIfInUse");
  problems.add_unless(!restore.preflight_only, "spec.template.preflightOnly",
                      "restores nothing; remove it");
  return problems.result();
}

Result<> validate(const StandbySpec& spec, const Surroundings&) {
  constexpr std::chrono::seconds shortest_interval{30};
  Problems problems;
  problems.add_unless(!spec.repository.name.empty(), "spec.repositoryRef.name",
                      "is required: name a Repository");
  problems.add_unless(spec.refresh_interval >= shortest_interval, "spec.refreshInterval",
                      "must be 30s or more");
  check_selection(spec.objects, "spec.objects", problems);
  check_map_targets(spec.namespace_map, "spec", problems);
  if (spec.changes) check_changes(*spec.changes, "spec.changes", problems);
  check_timeout(spec.timeout, "spec.timeout", problems);
  check_hooks(spec.hooks, "spec.hooks", Quiescing::refused, problems);
  check_mover(spec.mover, "spec.mover", problems);
  return problems.result();
}

}  // namespace dmaas::api
