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

/// Whether an object in `namespace_name` may name `path`: only what lies in
/// <any cluster>/{ns,groups}/<namespace_name>/. The system namespace may name every path.
/// Errors: permission_denied, invalid_input (empty, "." or ".." segments, leading or double '/').
Result<> check_repository_path(std::string_view path, std::string_view namespace_name,
                               std::string_view system_namespace);

}  // namespace dmaas::api
