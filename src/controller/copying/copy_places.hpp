#pragma once

#include "api/copy_session.hpp"
#include "controller/repository/own_repository.hpp"
#include "controller/restore/restore_source.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// From where to where a session copies.
struct CopyPlaces {
  SourceRepository source{};
  OwnRepository destination{};
};

/// Follows the session's references. Errors: not_found; permission_denied (walls between
/// namespaces, a storage that is not open to the session's namespace, a repository of another
/// cluster); invalid_input (source and destination are the same).
Result<CopyPlaces> find_places(const World& world, const api::CopySession& session);

}  // namespace dmaas::controller
