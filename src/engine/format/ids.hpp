#pragma once

#include "base/id.hpp"

namespace dmaas::engine {

/// SHA-256 of a blob's plaintext.
using BlobId = Id<struct BlobTag>;
/// The blob id of an encoded tree.
using TreeId = Id<struct TreeTag>;
/// The others are the SHA-256 of the stored bytes, and the object's name.
using PackId = Id<struct PackTag>;
using IndexId = Id<struct IndexTag>;
using SnapshotId = Id<struct SnapshotTag>;
using KeyId = Id<struct KeyTag>;
using LockId = Id<struct LockTag>;

}  // namespace dmaas::engine
