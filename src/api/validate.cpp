#include "api/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/problems.hpp"
#include "api/repository_path.hpp"
#include "api/validate_parts.hpp"
#include "base/time_text.hpp"
#include "base/time_zone.hpp"

namespace dmaas::api {
namespace {

bool has_dot_segment(std::string_view path) {
  std::string framed = "/" + std::string(path) + "/";
  return framed.find("/../") != std::string::npos || framed.find("/./") != std::string::npos;
}

void check_backend(const StorageBackend& backend, Problems& problems) {
  problems.add_unless(backend.s3.has_value() != backend.local.has_value(), "spec.backend",
                      "give exactly one backend: s3 or local");
  if (backend.s3) {
    problems.add_unless(!has_dot_segment(backend.s3->prefix), "spec.backend.s3.prefix",
                        "must not contain '.' or '..' as a segment");
    bool pem = backend.s3->ca_certificate.empty() ||
               backend.s3->ca_certificate.find("-----BEGIN CERTIFICATE-----") != std::string::npos;
    problems.add_unless(pem, "spec.backend.s3.caCert",
                        "must be PEM text with -----BEGIN CERTIFICATE-----");
  }
  if (backend.local) {
    problems.add_unless(!has_dot_segment(backend.local->path), "spec.backend.local.path",
                        "must not contain '.' or '..' as a segment");
  }
}

void check_map_targets(const std::map<std::string, std::string>& map, Problems& problems) {
  std::map<std::string_view, std::string_view> seen;
  for (const auto& [from, to] : map) {
    auto path = "spec.namespaceMap." + from;
    problems.add_unless(is_namespace_name(from) && is_namespace_name(to), path,
                        fmt::format("'{}' to '{}' must be names of namespaces", from, to));
    auto [other, is_new] = seen.emplace(to, from);
    problems.add_unless(
        is_new, path,
        fmt::format("goes to {} as {} does; choose another namespace or restore in two sessions",
                    to, other->second));
  }
}

void check_source(const RestoreSource& source, const Surroundings& where, Problems& problems) {
  problems.add_unless(source.repository.has_value() != source.stored.has_value(), "spec.source",
                      "give exactly one of repositoryRef and stored");
  problems.add_unless(!source.before || source.snapshot == "latest", "spec.source.before",
                      "goes only with snapshot: latest");
  bool names_day = !source.latest_of.empty() || !source.oldest_of.empty();
  problems.add_unless(!names_day || source.snapshot == "latest", "spec.source.snapshot",
                      "must be latest, or absent, with latestOf or oldestOf");
  problems.add_unless(
      source.before.has_value() + !source.latest_of.empty() + !source.oldest_of.empty() < 2,
      "spec.source", "give only one of before, latestOf and oldestOf");
  for (auto [field, day] :
       {std::pair("latestOf", &source.latest_of), {"oldestOf", &source.oldest_of}}) {
    problems.add_unless(day->empty() || parse_timestamp(*day + "T00:00:00Z"),
                        fmt::format("spec.source.{}", field),
                        fmt::format("'{}' is no day of the calendar, such as 2026-11-23", *day));
  }
  problems.add_unless(names_day || source.time_zone.empty(), "spec.source.timeZone",
                      "goes only with latestOf or oldestOf; remove it");
  if (auto zone = find_time_zone(source.time_zone); !zone)
    problems.add("spec.source.timeZone", zone.error());
  if (!source.stored) return;
  auto allowed = check_repository_path(source.stored->path, where);
  if (!allowed) problems.add("spec.source.stored.path", allowed.error());
}

void check_in_place(const RestoreSessionSpec& spec, Problems& problems) {
  if (!spec.in_place) return;
  problems.add_unless(spec.name_prefix.empty(), "spec.inPlace",
                      "fills claims that exist and cannot be used with namePrefix; leave one away");
  problems.add_unless(spec.what.data != RestoreData::resources_only, "spec.inPlace",
                      "does nothing with data: resourcesOnly; leave one away");
  const auto& map = spec.in_place->claim_map;
  problems.add_unless(map.empty() || spec.what.data == RestoreData::data_only,
                      "spec.inPlace.claimMap", "goes only with what.data: dataOnly");
  std::map<std::string_view, std::string_view> seen;
  for (const auto& [from, to] : map) {
    auto path = "spec.inPlace.claimMap." + from;
    problems.add_unless(!from.empty() && !to.empty(), path, "must go to the name of a claim");
    auto [other, is_new] = seen.emplace(to, from);
    problems.add_unless(
        is_new, path,
        fmt::format("goes to {} as {} does; choose another claim", to, other->second));
  }
}

}  // namespace

Result<> validate(const BackupStorageSpec& spec, const Surroundings& where) {
  Problems problems;
  bool is_admins = where.namespace_name == where.system_namespace;
  problems.add_unless(
      !spec.backend.local || is_admins, "spec.backend.local",
      fmt::format("a directory of the node may be named only in namespace {}: use s3, or ask an "
                  "administrator for a storage",
                  where.system_namespace));
  check_backend(spec.backend, problems);
  problems.add_unless(
      !spec.backend.s3 || spec.credential_secret, "spec.credentialSecretRef",
      "is required by backend s3: name a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  bool listed = spec.usage.namespaces == UsageScope::list;
  problems.add_unless(listed != spec.usage.names.empty(), "spec.usage.names",
                      "goes with namespaces: list, and only with it");
  check_namespaces(spec.usage.names, "spec.usage.names", problems);
  const auto& maintenance = spec.maintenance;
  check_schedule(maintenance.schedule, maintenance.time_zone, "spec.maintenance", problems);
  check_timeout(maintenance.timeout, "spec.maintenance.timeout", problems);
  check_mover(maintenance.mover, "spec.maintenance.mover", problems);
  return problems.result();
}

Result<> validate(const RepositorySpec& spec, const Surroundings& where) {
  Problems problems;
  auto allowed = check_repository_path(spec.path, where);
  if (!allowed) problems.add("spec.path", allowed.error());
  return problems.result();
}

Result<> validate(const BackupSessionSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.plan.name.empty(), "spec.planRef.name",
                      "is required: name a BackupConfiguration");
  return problems.result();
}

Result<> validate(const SnapshotSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.repository.name.empty(), "spec.repositoryRef.name",
                      "is required: name a Repository");
  return problems.result();
}

Result<> validate(const RestoreSessionSpec& spec, const Surroundings& where) {
  Problems problems;
  check_source(spec.source, where, problems);
  check_selection(spec.what.objects, "spec.what.objects", problems);
  check_map_targets(spec.namespace_map, problems);
  problems.add_unless(spec.name_prefix.empty() || spec.existing != ExistingPolicy::recreate,
                      "spec.existing", "recreate cannot be used with namePrefix; leave one away");
  problems.add_unless(spec.what.volumes.empty() || spec.what.data != RestoreData::resources_only,
                      "spec.what.volumes", "does nothing with data: resourcesOnly; leave one away");
  check_in_place(spec, problems);
  check_timeout(spec.timeout, "spec.timeout", problems);
  check_hooks(spec.hooks, "spec.hooks", Quiescing::refused, problems);
  check_mover(spec.mover, "spec.mover", problems);
  return problems.result();
}

Result<> validate(const RetentionPolicySpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(spec.has_rule(), "spec",
                      "give at least one rule, such as within: 3d or daily: 7");
  problems.add_unless(!spec.within || *spec.within >= std::chrono::minutes{1}, "spec.within",
                      "must be at least 1m, such as 3d");
  if (auto zone = find_time_zone(spec.time_zone); !zone)
    problems.add("spec.timeZone", zone.error());
  return problems.result();
}

Result<> validate(const HookTemplateSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(spec.exec.has_value(), "spec.exec", "is required: say which command to run");
  if (spec.exec) check_exec(*spec.exec, "spec.exec", problems);
  check_timeout(spec.timeout, "spec.timeout", problems);
  return problems.result();
}

Result<> validate(const BackupGrantSpec& spec, const Surroundings& where) {
  Problems problems;
  problems.add_unless(is_namespace_name(spec.to.namespace_name), "spec.to.namespace",
                      "must be the name of a namespace, without wildcards");
  problems.add_unless(spec.to.namespace_name != where.namespace_name, "spec.to.namespace",
                      "is this namespace itself, which needs no grant; name another one");
  bool reads = std::ranges::count(spec.verbs, GrantVerb::read) > 0;
  problems.add_unless(!reads || !spec.what.repositories.empty(), "spec.what.repositories",
                      "is required by verb read: name the repositories that may be read");
  if (spec.what.selector) check_selector(*spec.what.selector, "spec.what.selector", problems);
  return problems.result();
}

}  // namespace dmaas::api
