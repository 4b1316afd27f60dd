#pragma once

#include <memory>
#include <string>

#include "storage/object_store.hpp"
#include "storage/s3/session.hpp"

namespace dmaas::storage {

struct S3StoreOptions {
  std::string location;  // for people
  std::string prefix;    // of all keys, without slashes at its ends; may be empty
  unsigned connections = 5;
  /// Larger objects are uploaded in parts: one request for all would have to begin anew after any
  /// fault.
  std::uint64_t multipart_threshold_bytes = 512 << 20;
  /// Kept in memory, one per upload; at least 5 MiB, which is S3's limit.
  std::uint64_t part_bytes = 16 << 20;
};

/// Objects in a bucket. With SaveOptions::sha256 the server itself checks the content (the hash is
/// signed), and so it does for sources that can be rewound on connections without TLS. create_only
/// is a look before and `If-None-Match: *`; a server that ignores the header leaves a race between
/// the two. Requests that fail are not repeated, but for pages of listings and parts of uploads,
/// which are tried 5 times. Further errors: invalid_input (no such bucket), exhausted (storage
/// full), unsupported.
std::unique_ptr<ObjectStore> open_s3_store(std::unique_ptr<S3Session> session,
                                           S3StoreOptions options);

/// Makes the bucket if it is absent. Errors: permission_denied, already_exists (it belongs to
/// somebody else).
Result<> create_bucket(S3Session& session, std::stop_token stop);

}  // namespace dmaas::storage
