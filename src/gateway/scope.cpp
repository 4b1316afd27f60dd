#include "gateway/scope.hpp"

namespace dmaas::gateway {

using api::GatewayScope;

std::optional<std::string_view> find_refusal(GatewayScope scope, Action action, ObjectKind kind,
                                             LockMaker lock_maker) {
  const bool reads = action == Action::stat || action == Action::load || action == Action::list;
  if (reads || scope == GatewayScope::maintain) return std::nullopt;
  if (action == Action::create_repository) return "only maintenance may make a repository";
  if (action == Action::remove) {
    if (kind != ObjectKind::locks)
      return "backups are append-only: only maintenance may remove objects";
    if (lock_maker == LockMaker::caller) return std::nullopt;
    return "this lock was not made by this pod: only maintenance may remove it";
  }
  if (kind == ObjectKind::locks) return std::nullopt;
  if (scope == GatewayScope::read) return "this grant allows reading only";
  if (kind == ObjectKind::config || kind == ObjectKind::keys) {
    return "a backup may write data, index and snapshots, never the repository's config or keys";
  }
  return std::nullopt;
}

}  // namespace dmaas::gateway
