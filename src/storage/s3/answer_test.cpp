#include "storage/s3/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dmaas::storage {
namespace {

using ::testing::HasSubstr;

Error explain(int status, std::string_view code, std::string body_rest = "") {
  http::Response response{.status = status, .headers = {}, .body = {}};
  response.body = "<?xml version=\"1.0\"?><Error><Code>" + std::string(code) +
                  "</Code><Message>m\x1b[1m</Message>" + body_rest + "</Error>";
  return explain_refusal(parse_refusal(response),
                         {.what = "PUT s3:https://h/b/k", .bucket = "b", .endpoint = "https://h"});
}

TEST(S3AnswerTest, ClassifiesRefusals) {
  const std::pair<const char*, ErrorCode> expectations[] = {
      {"InvalidAccessKeyId", ErrorCode::permission_denied},
      {"SignatureDoesNotMatch", ErrorCode::permission_denied},
      {"ExpiredToken", ErrorCode::permission_denied},
      {"AccessDenied", ErrorCode::permission_denied},
      {"RequestTimeTooSkewed", ErrorCode::permission_denied},
      {"NoSuchBucket", ErrorCode::invalid_input},
      {"NoSuchKey", ErrorCode::not_found},
      {"SlowDown", ErrorCode::unavailable},
      {"XMinioStorageFull", ErrorCode::exhausted},
      {"XMinioAdminBucketQuotaExceeded", ErrorCode::exhausted},
      {"PreconditionFailed", ErrorCode::already_exists},
      {"XAmzContentSHA256Mismatch", ErrorCode::corrupt},
      {"SomethingNew", ErrorCode::invalid_input},
  };
  for (const auto& [code, meaning] : expectations) {
    EXPECT_EQ(explain(400, code).code(), meaning) << code;
    EXPECT_THAT(explain(400, code).message(), HasSubstr("PUT s3:https://h/b/k: ")) << code;
  }
}

TEST(S3AnswerTest, ClassifiesByStatusWhenTheServerGivesNoCode) {
  const std::pair<int, ErrorCode> expectations[] = {
      {403, ErrorCode::permission_denied}, {404, ErrorCode::not_found},
      {429, ErrorCode::unavailable},       {500, ErrorCode::unavailable},
      {503, ErrorCode::unavailable},       {507, ErrorCode::exhausted},
      {400, ErrorCode::invalid_input},
  };
  for (const auto& [status, meaning] : expectations) {
    const http::Response response{.status = status, .headers = {}, .body = "<html>oops"};
    const Error error = explain_refusal(parse_refusal(response), {"GET x", "b", "e"});
    EXPECT_EQ(error.code(), meaning) << status;
    EXPECT_EQ(error.message(), "GET x: HTTP status " + std::to_string(status));
  }
}

TEST(S3AnswerTest, NamesTheRemedyForEveryRefusalThatAPersonMustCorrect) {
  EXPECT_THAT(explain(404, "NoSuchBucket").message(),
              HasSubstr("no bucket \"b\" at https://h; create it or correct"));
  EXPECT_THAT(explain(403, "SignatureDoesNotMatch").message(), HasSubstr("correct the secret key"));
  EXPECT_THAT(explain(507, "XMinioStorageFull").message(), HasSubstr("free space"));
}

TEST(S3AnswerTest, KeepsControlCharactersOfTheServerOutOfMessages) {
  EXPECT_THAT(explain(400, "SomethingNew").message(), HasSubstr("SomethingNew (m [1m)"));
}

TEST(S3AnswerTest, SaysHowWrongTheClockIs) {
  const http::Response response{
      .status = 403, .headers = {{"Date", "Fri, 24 May 2013 00:10:00 GMT"}}, .body = {}};
  const Timestamp now = std::chrono::sys_days{std::chrono::year{2013} / std::chrono::May / 24};
  const auto difference = clock_difference(response, now);
  ASSERT_EQ(difference, std::chrono::seconds(600));
  const S3Refusal skewed{
      .status = 403, .code = "RequestTimeTooSkewed", .message = {}, .region = {}};
  EXPECT_THAT(explain_refusal(skewed, {"GET x", "b", "e"}, difference).message(),
              HasSubstr("clock is 600 s behind the server's; synchronise it (NTP)"));
}

TEST(S3AnswerTest, FindsTheRegionOfTheBucket) {
  EXPECT_EQ(
      parse_refusal({.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-1"}}, .body = {}})
          .region,
      "eu-west-1");
  EXPECT_EQ(
      parse_refusal({.status = 400,
                     .headers = {},
                     .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1"
                             "</Region></Error>"})
          .region,
      "eu-north-1");
}

TEST(S3AnswerTest, ReadsAPageOfAListing) {
  auto page = parse_list_page(
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t=&amp;</"
      "NextContinuationToken>"
      "<Contents><Key>p/a&amp;b</Key><Size>0</Size></Contents>"
      "<Contents><Key>p/c</Key><Size>9000000000</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_token, "t=&");
  ASSERT_EQ(page->objects.size(), 2);
  EXPECT_EQ(page->objects[0].name, "p/a&b");
  EXPECT_EQ(page->objects[1].size, 9'000'000'000);
}

TEST(S3AnswerTest, RefusesPagesThatAreNone) {
  EXPECT_TRUE(parse_list_page("<html></html>").failed_with(ErrorCode::unavailable));
  EXPECT_TRUE(parse_list_page("<ListBucketResult>").failed_with(ErrorCode::unavailable));
  EXPECT_TRUE(parse_list_page("<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents>"
                              "</ListBucketResult>")
                  .failed_with(ErrorCode::unavailable));
  EXPECT_TRUE(parse_upload_id("<A/>").failed_with(ErrorCode::unavailable));
}

}  // namespace
}  // namespace dmaas::storage
