#pragma once

#include <string>
#include <vector>

#include "storage/object_store.hpp"
#include "storage/s3/session.hpp"

namespace dmaas::storage {

/// How often a page of a listing or a part of an upload is tried before the whole call fails.
inline constexpr unsigned s3_part_tries = 5;

/// Uploads one object in parts. Nothing is visible before the last step; a failed upload is
/// aborted, so that its parts cost nothing. Keeps one part in memory. Used once, by one thread.
class MultipartUpload {
public:
  MultipartUpload(S3Session& session, std::string key, std::uint64_t part_bytes)
      : session_(session), key_(std::move(key)), part_bytes_(part_bytes) {}

  /// Errors: corrupt (not the expected SHA-256), exhausted (more than 10,000 parts), those of
  /// S3Session.
  Result<> run(ObjectSource& source, const SaveOptions& options, std::stop_token stop);

private:
  Result<> upload(ObjectSource& source, const SaveOptions& options, std::stop_token stop);
  Result<std::string> send_part(unsigned number, const Bytes& part, std::stop_token stop);
  Result<> complete(SaveMode mode, std::stop_token stop);
  void abort();

  S3Session& session_;
  const std::string key_;
  const std::uint64_t part_bytes_;
  std::string upload_id_;
  std::vector<std::string> entity_tags_;
};

}  // namespace dmaas::storage
