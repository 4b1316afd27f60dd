#pragma once

#include <string>
#include <string_view>

#include "api/backup_configuration.hpp"
#include "api/references.hpp"
#include "base/result.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::api {

/// What backups of this plan are backups of: its only target when that lies in the plan's own
/// namespace, otherwise the plan itself as a group.
ApplicationIdentity application_of(const kube::ObjectKey& plan,
                                   const BackupConfigurationSpec& spec);

/// <cluster>/ns/<namespace>/<application>, or <cluster>/groups/<namespace of plan>/<plan>: plans of
/// users and of administrators never share a repository. Below the storage's prefix.
std::string repository_path(std::string_view cluster, const kube::ObjectKey& plan,
                            const BackupConfigurationSpec& spec);

/// Whole segments only: "east/ns/shop" is a prefix of "east/ns/shop/db", not of "east/ns/shop2".
bool is_path_prefix(std::string_view prefix, std::string_view path);

/// Where an object stands, for rules about namespaces.
struct Surroundings {
  std::string namespace_name{};
  std::string system_namespace = "dmaas-system";
  /// Whose paths may be named: clusters that share a storage may give a namespace of the same name
  /// to somebody else. Empty: those of all clusters.
  std::string cluster{};
};

/// Whether an object may name `path`: only what lies in <cluster>/{ns,groups}/<its namespace>/. The
/// system namespace may name every path. Errors: permission_denied, invalid_input (empty, "." or
/// ".." segments, leading or double '/').
Result<> check_repository_path(std::string_view path, const Surroundings& where);

}  // namespace dmaas::api
