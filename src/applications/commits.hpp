#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "engine/repository/repository.hpp"

namespace dmaas::applications {

/// The commit of a session: the snapshot of its resources component, which is written last. A mover
/// that was lost may have written it without having told anybody. Reads every snapshot.
Result<std::optional<engine::StoredSnapshot>> find_commit(engine::Repository& repository,
                                                          const std::string& session_uid,
                                                          std::stop_token stop);

}  // namespace dmaas::applications
