#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// What a request of the restic REST protocol asks for. Pure.
namespace dmaas::gateway {

enum class ObjectKind { config, keys, locks, snapshots, index, data };
constexpr auto names_of(ObjectKind) {
  return std::to_array<std::string_view>({"config", "keys", "locks", "snapshots", "index", "data"});
}

enum class Action { stat, load, save, remove, list, create_repository };
constexpr auto names_of(Action) {
  return std::to_array<std::string_view>({"stat", "load", "save", "remove", "list", "create"});
}

struct RepositoryRequest {
  std::string storage{};     // "<namespace>/<name>"
  std::string repository{};  // path below the storage, neither begins nor ends with '/'
  Action action = Action::stat;
  ObjectKind kind = ObjectKind::config;  // create_repository: config
  std::string id{};                      // 64 hexadecimal digits; "" for config and lists

  /// As the storage has it: "<repository>/data/4f/4f…"; of a list the directory.
  std::string object_name() const;
};

/// `/<namespace>/<storage>/<repository…>/{config|keys|locks|snapshots|index|data}[/[<id>]]`, or
/// with POST `/<namespace>/<storage>/<repository…>/?create=true`. `raw_path` is as it was sent:
/// names need no percent-encoding, so one is refused, and with it every encoded slash. Errors:
/// invalid_input (400), not_found (404: no such resource), unsupported (405: method).
Result<RepositoryRequest> parse_repository_request(std::string_view method,
                                                   std::string_view raw_path,
                                                   std::string_view query);

/// The repository that an object of a storage belongs to by its name; "" when it belongs to none.
std::string_view repository_of(std::string_view object_name);

/// The segments "<namespace>/<storage>/…" of a path, each a plain name. Errors: invalid_input.
Result<std::vector<std::string>> split_path(std::string_view raw_path);

}  // namespace dmaas::gateway
