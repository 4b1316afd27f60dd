#include "storage/s3/address.hpp"

#include <gtest/gtest.h>

namespace dmaas::storage {
namespace {

using enum StorageOptions::Addressing;

S3Addressing addressing(std::string_view text, StorageOptions::Addressing kind = automatic) {
  return {std::get<S3Location>(*parse_location(text)), "us-east-1", kind};
}

TEST(S3AddressTest, UsesPathsUnlessTheHostIsAmazons) {
  const S3Address minio = addressing("s3:http://10.0.0.1:9000/b").address_of("p/k");
  EXPECT_EQ(minio.url, "http://10.0.0.1:9000/b/p/k");
  EXPECT_EQ(minio.host, "10.0.0.1:9000");
  const S3Address amazon = addressing("s3:s3.amazonaws.com/b").address_of("p/k");
  EXPECT_EQ(amazon.url, "https://b.s3.amazonaws.com/p/k");
  EXPECT_EQ(amazon.host, "b.s3.amazonaws.com");
  EXPECT_EQ(addressing("s3:s3.amazonaws.com/b.c").address_of("").url,
            "https://s3.amazonaws.com/b.c/");
}

TEST(S3AddressTest, FollowsTheChoiceOfTheUser) {
  EXPECT_EQ(addressing("s3:http://h:9000/b", virtual_host).address_of("k").url,
            "http://b.h:9000/k");
  EXPECT_EQ(addressing("s3:s3.amazonaws.com/b", path).address_of("k").url,
            "https://s3.amazonaws.com/b/k");
}

TEST(S3AddressTest, MovesToTheRegionOfTheBucket) {
  const auto amazon = addressing("s3:s3.us-east-1.amazonaws.com/b").in_region("eu-west-1");
  EXPECT_EQ(amazon.address_of("k").host, "b.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(amazon.region(), "eu-west-1");
  const auto other = addressing("s3:http://minio:9000/b").in_region("eu-west-1");
  EXPECT_EQ(other.address_of("k").host, "minio:9000");
  EXPECT_EQ(other.region(), "eu-west-1");
}

TEST(S3AddressTest, EncodesKeysOnce) {
  EXPECT_EQ(addressing("s3:http://h/b").address_of("p q/k+").path, "/b/p%20q/k%2B");
}

TEST(LocationTest, ReadsResticsNotation) {
  EXPECT_EQ(std::get<LocalLocation>(*parse_location("/srv/repo")).directory, "/srv/repo");
  EXPECT_EQ(std::get<LocalLocation>(*parse_location("local:a:b")).directory, "a:b");
  EXPECT_EQ(std::get<LocalLocation>(*parse_location("dir/a:b")).directory, "dir/a:b");
  const auto s3 = std::get<S3Location>(*parse_location("s3:https://h:9000/bucket//a/b/"));
  EXPECT_EQ(s3.bucket, "bucket");
  EXPECT_EQ(s3.prefix, "a/b");
  EXPECT_EQ(s3.endpoint.origin(), "https://h:9000");
  EXPECT_EQ(std::get<S3Location>(*parse_location("s3:h/bucket")).endpoint.origin(), "https://h");
  const auto rest = std::get<RestLocation>(*parse_location("rest:https://u:p@h/repo"));
  EXPECT_EQ(rest.base.path, "/repo/");
  EXPECT_EQ(rest.base.user, "u");
}

TEST(LocationTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "s3:https://host", "s3:https://host/", "azure:x:/", "rest:/path",
                           "s3:https://user:secret@h/b", "rest:http://h/?x=1"}) {
    auto location = parse_location(text);
    ASSERT_TRUE(location.failed_with(ErrorCode::invalid_input)) << text;
    EXPECT_EQ(location.error().message().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace dmaas::storage
