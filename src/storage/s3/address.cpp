#include "storage/s3/address.hpp"

#include "http/client.hpp"

namespace dmaas::storage {
namespace {

constexpr std::string_view amazon = ".amazonaws.com";
constexpr std::string_view amazon_china = ".amazonaws.com.cn";

bool is_amazon(const http::Url& endpoint) {
  return endpoint.host.starts_with("s3") &&
         (endpoint.host.ends_with(amazon) || endpoint.host.ends_with(amazon_china));
}

// Bucket names with dots do not match the wildcard of the certificate.
bool uses_virtual_host(const S3Location& location, StorageOptions::Addressing addressing) {
  if (addressing != StorageOptions::Addressing::automatic) {
    return addressing == StorageOptions::Addressing::virtual_host;
  }
  return is_amazon(location.endpoint) && location.bucket.find('.') == std::string::npos;
}

}  // namespace

S3Addressing::S3Addressing(const S3Location& location, std::string region,
                           StorageOptions::Addressing addressing)
    : endpoint_(location.endpoint),
      bucket_(location.bucket),
      region_(std::move(region)),
      virtual_host_(uses_virtual_host(location, addressing)) {}

S3Address S3Addressing::address_of(std::string_view key) const {
  S3Address address;
  const std::string encoded_key = http::percent_encode(key, http::Slash::keep);
  if (virtual_host_) {
    address.host = bucket_ + "." + endpoint_.authority();
    address.path = "/" + encoded_key;
  } else {
    address.host = endpoint_.authority();
    address.path = "/" + http::percent_encode(bucket_) + "/" + encoded_key;
  }
  address.url = endpoint_.scheme + "://" + address.host + address.path;
  return address;
}

S3Addressing S3Addressing::in_region(std::string region) const {
  S3Addressing other = *this;
  if (is_amazon(endpoint_) && !endpoint_.host.ends_with(amazon_china)) {
    other.endpoint_.host = "s3." + region + std::string(amazon);
  }
  other.region_ = std::move(region);
  return other;
}

}  // namespace dmaas::storage
