#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/open.hpp"

namespace dmaas::storage {

/// A real MinIO on a free port of 127.0.0.1 with an empty temporary directory; ends with the
/// object. The program is $DMAAS_MINIO, else the newest that the test bed has built.
class MinioServer {
public:
  /// Errors: not_found (with the command that builds MinIO), timeout (it did not become ready).
  static Result<std::unique_ptr<MinioServer>> start();
  ~MinioServer();
  MinioServer(const MinioServer&) = delete;
  MinioServer& operator=(const MinioServer&) = delete;

  /// "http://127.0.0.1:PORT"
  const std::string& origin() const { return origin_; }
  S3Credentials credentials() const { return {"test-access", "test-secret", ""}; }
  /// "s3:http://127.0.0.1:PORT/bucket/prefix"
  std::string location(std::string_view bucket_and_prefix) const {
    return "s3:" + origin_ + "/" + std::string(bucket_and_prefix);
  }
  /// Ends and starts the process at once, as a crash does; the data stay.
  Result<> restart();

private:
  MinioServer(std::string program, std::string directory, unsigned port);
  Result<> run();
  void kill();

  const std::string program_;
  const std::string directory_;
  const unsigned port_;
  const std::string origin_;
  int pid_ = -1;
};

}  // namespace dmaas::storage
