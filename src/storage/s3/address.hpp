#pragma once

#include <string>
#include <string_view>

#include "storage/location.hpp"
#include "storage/open.hpp"

namespace dmaas::storage {

/// Where a request for a key goes.
struct S3Address {
  std::string host;  // the Host header
  std::string path;  // percent-encoded
  std::string url;   // without query
};

/// How the keys of one bucket are addressed.
class S3Addressing {
public:
  S3Addressing(const S3Location& location, std::string region,
               StorageOptions::Addressing addressing);

  /// An empty key is the bucket itself.
  S3Address address_of(std::string_view key) const;
  const std::string& region() const { return region_; }
  const std::string& bucket() const { return bucket_; }
  std::string endpoint() const { return endpoint_.origin(); }
  /// The same bucket, signed for and addressed in `region`.
  S3Addressing in_region(std::string region) const;

private:
  http::Url endpoint_;
  std::string bucket_;
  std::string region_;
  bool virtual_host_;  // bucket.host/key instead of host/bucket/key
};

}  // namespace dmaas::storage
