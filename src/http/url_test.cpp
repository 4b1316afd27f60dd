#include "http/url.hpp"

#include <gtest/gtest.h>

#include "http/client.hpp"

namespace dmaas::http {

TEST(UrlTest, SplitsIntoPartsAndDecodesOnlyTheCredentials) {
  auto url = parse_url("https://us%40er:p%3Aw@example.org:8443/a%2Fb/../c?x=%20");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "us@er");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->authority(), "example.org:8443");
  EXPECT_EQ(url->path, "/a%2Fb/../c");
  EXPECT_EQ(url->query, "x=%20");
}

TEST(UrlTest, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ(parse_url("https://[::1]:443")->origin(), "https://[::1]");
  EXPECT_EQ(parse_url("http://h:443/")->origin(), "http://h:443");
}

TEST(UrlTest, RefusesOtherSchemesAndKeepsThePasswordOutOfTheMessage) {
  auto url = parse_url("ftp://user:secret@host/");
  ASSERT_TRUE(url.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(url.error().message(), "URL \"ftp://host/\": must begin with http:// or https://");
  EXPECT_TRUE(parse_url("/path").failed_with(ErrorCode::invalid_input));
}

TEST(UrlTest, MessagesHaveNeitherCredentialsNorQuery) {
  EXPECT_EQ(without_secrets("http://a:b@c@h/p@q?token=1#f"), "http://h/p@q");
  EXPECT_EQ(without_secrets("http://h/p@q"), "http://h/p@q");
}

TEST(PercentEncodingTest, EncodesEverythingButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("a b/c~;=\xff"), "a%20b%2Fc~%3B%3D%FF");
  EXPECT_EQ(percent_encode("a b/c", Slash::keep), "a%20b/c");
}

TEST(PercentEncodingTest, DecodesWhatItEncodedAndLeavesBrokenEscapes) {
  EXPECT_EQ(percent_decode(percent_encode("a b/c~;=\xff%41")), "a b/c~;=\xff%41");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4g%41"), "%4gA");
}

}  // namespace dmaas::http
