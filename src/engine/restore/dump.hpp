#pragma once

#include <stop_token>

#include "base/result.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

/// Streams one file's content from begin to end into `sink`. Memory: 64 MiB. Needs a loaded index.
/// Errors: invalid_input (no file), not_found, corrupt, those of the store and of `sink`,
/// cancelled.
Result<> dump_file(Repository& repository, const Node& file, const storage::Sink& sink,
                   std::stop_token stop);

}  // namespace dmaas::engine
