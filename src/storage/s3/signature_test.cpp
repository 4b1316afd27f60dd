#include "storage/s3/signature.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace dmaas::storage {
namespace {

// The examples of "Signature Calculations for the Authorization Header: Transferring Payload in a
// Single Chunk", Amazon S3 API reference.
const S3Credentials example_credentials{.access_key = "AKIAIOSFODNN7EXAMPLE",
                                        .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr Timestamp example_time =
    std::chrono::sys_days{std::chrono::year{2013} / std::chrono::May / 24};

RequestToSign example(std::string path, S3Query query = {}, std::string_view body = {}) {
  return {.method = "GET",
          .path = std::move(path),
          .query = std::move(query),
          .headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                      {"X-Amz-Content-Sha256", hex_of(crypto::sha256(bytes_of(body)))},
                      {"X-Amz-Date", amz_date(example_time)}}};
}

std::string signature_of(const RequestToSign& request) {
  const std::string header = sign_request(request, example_credentials, "us-east-1", example_time);
  return header.substr(header.find("Signature=") + 10);
}

TEST(S3SignatureTest, AgreesWithTheExampleOfGetObject) {
  RequestToSign request = example("/test.txt");
  request.headers.emplace_back("Range", "bytes=0-9");
  EXPECT_EQ(sign_request(request, example_credentials, "us-east-1", example_time),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3SignatureTest, AgreesWithTheExampleOfPutObject) {
  RequestToSign request = example("/test%24file.text", {}, "Welcome to Amazon S3.");
  request.method = "PUT";
  request.headers.emplace_back("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(signature_of(request),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3SignatureTest, AgreesWithTheExampleOfAQueryWithoutValue) {
  EXPECT_EQ(signature_of(example("/", {{"lifecycle", ""}})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3SignatureTest, AgreesWithTheExampleOfListObjects) {
  EXPECT_EQ(signature_of(example("/", {{"prefix", "J"}, {"max-keys", "2"}})),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3SignatureTest, SortsAndEncodesTheQuery) {
  EXPECT_EQ(canonical_query({{"b", "x/y z"}, {"a", "=&"}, {"uploads", ""}, {"a-b", "~"}}),
            "a=%3D%26&a-b=~&b=x%2Fy%20z&uploads=");
}

TEST(S3SignatureTest, IgnoresSpacesAndCaseOfHeaders) {
  RequestToSign plain = example("/");
  plain.headers.emplace_back("x-a", "b c");
  RequestToSign spaced = example("/");
  spaced.headers.emplace_back("X-A", "  b   c ");
  EXPECT_EQ(signature_of(plain), signature_of(spaced));
}

}  // namespace
}  // namespace dmaas::storage
