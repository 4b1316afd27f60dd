#include "applications/secrecy/secret_values.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace dmaas::applications {
namespace {

constexpr std::string_view password = "correct-horse-battery";

Json secret_with(std::string_view key, std::string_view value) {
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"metadata", JsonObject{{"namespace", "shop"}, {"name", "db"}}},
                    {"data", JsonObject{{key, base64_encode(bytes_of(value))}}}};
}

SecretValues knowing(std::string_view value) {
  SecretValues values;
  values.learn(secret_with("password", value));
  return values;
}

Json config_map(std::string_view value) {
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", JsonObject{{"name", "web"}}},
                    {"data", JsonObject{{"DSN", value}}}};
}

std::string cleaned(const SecretValues& values, std::string_view value) {
  Json object = config_map(value);
  static_cast<void>(values.remove_from(object));
  return text_at(object, "data", "DSN");
}

TEST(SecretValuesTest, TakesAValueOutOfATextAndSaysWhereItWas) {
  Json object = config_map("mysql://shop:correct-horse-battery@db/shop");
  const auto removed = knowing(password).remove_from(object);
  EXPECT_EQ(text_at(object, "data", "DSN"), "mysql://shop:left-out-by-dmaas@db/shop");
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0], (RemovedValue{"data.DSN", {"shop", "db"}, "password"}));
}

TEST(SecretValuesTest, FindsItInsideBase64WhereverItBegins) {
  const auto values = knowing(password);
  for (std::string_view before : {"", "a", "ab", "abc", "user:"}) {
    for (std::string_view after : {"", "x", "xy", "xyz"}) {
      const auto text = std::string(before) + std::string(password) + std::string(after);
      const auto encoded = base64_encode(bytes_of(text));
      const auto left = cleaned(values, encoded);
      EXPECT_EQ(left.size(), encoded.size());
      const auto decoded = base64_decode(left);
      ASSERT_TRUE(decoded) << left;
      // What stands at its edges shares characters with its neighbours: two bytes may stay.
      EXPECT_EQ(dmaas::text_of(*decoded).find(password.substr(2, password.size() - 4)),
                std::string::npos);
    }
  }
}

TEST(SecretValuesTest, FindsItInJsonWithinAnAnnotation) {
  const auto values = knowing("with \"quotes\" and\nlines");
  const auto applied = to_text(JsonObject{{"env", "with \"quotes\" and\nlines"}});
  Json object = config_map("");
  object.at("metadata").as_object()["annotations"] = JsonObject{{"last-applied", applied}};
  EXPECT_EQ(values.remove_from(object).size(), 1u);
  EXPECT_EQ(text_at(object, "metadata", "annotations", "last-applied"),
            R"({"env":"left-out-by-dmaas"})");
}

TEST(SecretValuesTest, ReachesEveryContainerOfAPod) {
  Json object = JsonObject{
      {"kind", "Deployment"},
      {"spec", JsonObject{{"containers",
                           JsonArray{JsonObject{{"name", "web"},
                                                {"args", JsonArray{"--token", password}}}}}}}};
  const auto removed = knowing(password).remove_from(object);
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0].field, "spec.containers[0].args[1]");
}

TEST(SecretValuesTest, IgnoresTheLineEndThatFilesBring) {
  EXPECT_EQ(cleaned(knowing("correct-horse-battery\n"), "p=correct-horse-battery;"),
            "p=left-out-by-dmaas;");
}

TEST(SecretValuesTest, LeavesNamesAlone) {
  Json object = config_map("x");
  object.at("metadata").as_object()["name"] = password;
  object.as_object()["spec"] = JsonObject{{"image", password}, {"name", password}};
  const Json before = object;
  EXPECT_TRUE(knowing(password).remove_from(object).empty());
  EXPECT_EQ(object, before);
}

TEST(SecretValuesTest, AKeyOfDataMayBeCalledName) {
  Json object = config_map("x");
  object.at("data").as_object()["name"] = password;
  EXPECT_EQ(knowing(password).remove_from(object).size(), 1u);
}

TEST(SecretValuesTest, ShortValuesAreFoundOnlyAlone) {
  const auto values = knowing("mysql");
  EXPECT_EQ(cleaned(values, "mysql"), "left-out-by-dmaas");
  EXPECT_EQ(cleaned(values, "exec mysqld"), "exec mysqld");
  EXPECT_EQ(cleaned(knowing("yes"), "yes"), "yes");
}

TEST(SecretValuesTest, WhatObjectsAreCalledIsNoSecret) {
  SecretValues values;
  values.spare("wordpress-frontend");
  values.learn(secret_with("username", "wordpress"));
  EXPECT_EQ(cleaned(values, "wordpress"), "wordpress");
}

TEST(SecretValuesTest, TheLongerOfTwoValuesGoesFirst) {
  SecretValues values;
  values.learn(secret_with("a", "hunter22"));
  values.learn(secret_with("b", "hunter22-and-more"));
  EXPECT_EQ(cleaned(values, "hunter22-and-more"), "left-out-by-dmaas");
}

}  // namespace
}  // namespace dmaas::applications
