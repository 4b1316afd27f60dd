#include "api/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/problems.hpp"
#include "api/repository_path.hpp"
#include "api/validate_parts.hpp"
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

void check_space(const BackupStorageSpec& spec, Problems& problems) {
  auto quota = spec.quota ? parse_quantity(spec.quota->text) : Result<std::int64_t>(1);
  problems.add_unless(quota && *quota > 0, "spec.quota",
                      "must be a quantity of bytes above 0, such as 500Gi");
  for (std::size_t i = 0; i < spec.warn_at.size(); ++i) {
    problems.add_unless(spec.warn_at[i] >= 1 && spec.warn_at[i] <= 100,
                        fmt::format("spec.warnAt[{}]", i), "must be a percentage from 1 to 100");
  }
}

/// Many transfers share it: with less, each would seem to have stopped.
constexpr std::int64_t least_rate = 4 << 20;

void check_rate(const std::optional<Quantity>& rate, std::string_view field, Problems& problems) {
  auto bytes = rate ? parse_quantity(rate->text) : Result<std::int64_t>(least_rate);
  problems.add_unless(bytes && *bytes >= least_rate, std::string(field),
                      "must be bytes a second, at least 4Mi, such as 50Mi");
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
  check_space(spec, problems);
  if (spec.bandwidth) {
    check_rate(spec.bandwidth->upload, "spec.bandwidth.upload", problems);
    check_rate(spec.bandwidth->download, "spec.bandwidth.download", problems);
  }
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
  problems.add_unless(spec.storage.has_value() != spec.backend.has_value(), "spec.backend",
                      "give either storageRef or backend");
  problems.add_unless(spec.backend.has_value() != spec.storage_secret_name.empty(),
                      "spec.storageSecretName",
                      "goes with backend: name a Secret with RESTIC_PASSWORD");
  bool path_follows = spec.backend && spec.path.empty();
  auto allowed = path_follows ? Result<>() : check_repository_path(spec.path, where);
  if (!allowed) problems.add("spec.path", allowed.error());
  return problems.result();
}

Result<> validate(const BackupSessionSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.plan.name.empty(), "spec.planRef.name",
                      "is required: name a BackupConfiguration");
  return problems.result();
}

Result<> validate(const CopySessionSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.source.name.empty(), "spec.sourceRepositoryRef.name",
                      "is required: name a Repository");
  problems.add_unless(!spec.storage.name.empty(), "spec.storageRef.name",
                      "is required: name a BackupStorage");
  problems.add_unless(spec.backups.snapshots.empty() == spec.backups.missing, "spec.backups",
                      "give snapshots, or missing: true, not both");
  return problems.result();
}

Result<> validate(const SnapshotSpec& spec, const Surroundings&) {
  Problems problems;
  problems.add_unless(!spec.repository.name.empty(), "spec.repositoryRef.name",
                      "is required: name a Repository");
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
