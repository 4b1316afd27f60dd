#pragma once

#include <stop_token>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The BackupStorage that stands for the backend of a Repository which has one of its own. Pure.
api::BackupStorage own_storage_of(const api::Repository& repository);

/// Whether a Repository with a backend of its own still has to be told its path.
bool lacks_path(const api::Repository& repository);
/// Gives it the path of an application of its name. Errors: conflict, those of the API server.
Result<> give_path(World& world, const api::Repository& repository, std::stop_token stop);

/// Keeps that storage beside the Repository as its spec says; it goes with it. Errors:
/// invalid_input (the spec, or the name belongs to another storage), those of the API server.
Result<> keep_own_storage(World& world, const api::Repository& repository, std::stop_token stop);

}  // namespace dmaas::controller
