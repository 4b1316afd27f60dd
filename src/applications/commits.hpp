#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/repository/repository.hpp"

/// How the components of a backup are told from each other in a repository: by tags that stock
/// restic shows and keeps.
namespace dmaas::applications {

std::string session_tag(std::string_view session_uid);
std::string component_tag(std::string_view component);

/// UID of the session that wrote the snapshot; "" for one of another program.
std::string session_of(const engine::Snapshot& snapshot);
/// Whether it is a resources component, which is written last: only with it there is a backup.
bool is_commit(const engine::Snapshot& snapshot);

/// The commit of a session. A mover that was lost may have written it without having told anybody.
/// Reads every snapshot.
Result<std::optional<engine::StoredSnapshot>> find_commit(engine::Repository& repository,
                                                          const std::string& session_uid,
                                                          std::stop_token stop);

}  // namespace dmaas::applications
