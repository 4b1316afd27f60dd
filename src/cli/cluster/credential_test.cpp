#include "cli/cluster/credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "base/encoding.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_api_server.hpp"

namespace dmaas::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const NewCredential minio{.title = "MinIO-1",
                          .endpoint = "https://minio.example.com:9000",
                          .region = "north",
                          .keys = {.access_key = "the-access-key", .secret_key = "the-secret-key"}};

std::string base64(std::string_view text) {
  return base64_encode(bytes_of(text));
}

Credential saved_as(const std::string& title) {
  return {.title = title,
          .secret = {"dmaas-system", credential_secret_name(title)},
          .resource_version = "7"};
}

Json storage_with(const std::string& name, const std::string& secret,
                  const std::string& namespace_name = "dmaas-system") {
  const auto resource = api::kind_info<api::BackupStorage>().resource();
  auto storage = kube::make_object(resource, {namespace_name, name});
  if (!secret.empty())
    storage.as_object()["spec"] = JsonObject{{"credentialSecretRef", {{"name", secret}}}};
  return storage;
}

TEST(CredentialTitleTest, LettersDigitsAndHyphensAreTaken) {
  for (const auto* title : {"a", "AWS", "minio-2", "a23456789-123456789-1234"})
    EXPECT_TRUE(check_title(title)) << title;
}

TEST(CredentialTitleTest, EverythingElseIsAnsweredWithTheRule) {
  for (const auto* title :
       {"", "1a", "-a", "a-", "a_b", "a b", "a.b", "größe", "a/b", "a23456789-123456789-12345"}) {
    auto checked = check_title(title);
    ASSERT_TRUE(checked.failed_with(ErrorCode::invalid_input)) << title;
    EXPECT_THAT(checked.error().message(),
                AllOf(HasSubstr("starts with a letter"), HasSubstr("letters, digits and hyphens"),
                      HasSubstr("at most 24 characters")));
  }
}

TEST(CredentialPlaceTest, EndpointIsOneThatAStorageTakes) {
  EXPECT_TRUE(check_place("", ""));
  EXPECT_TRUE(check_place("https://minio.example.com:9000", "eu-central-1"));
  auto checked = check_place("minio.example.com:9000", "");
  ASSERT_TRUE(checked.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(checked.error().message(),
              AllOf(HasSubstr("endpoint"), HasSubstr("https://minio.example.com:9000")));
}

TEST(CredentialSecretTest, HoldsKeysTitleAndPlace) {
  auto secret = credential_secret("dmaas-system", minio);
  EXPECT_EQ(kube::key_of(secret).text(), "dmaas-system/credential-minio-1");
  EXPECT_EQ(kube::label_of(secret, "app.kubernetes.io/managed-by"), "dmaas");
  EXPECT_EQ(kube::label_of(secret, "dmaas.io/credential"), "MinIO-1");
  EXPECT_EQ(kube::annotation_of(secret, "dmaas.io/endpoint"), "https://minio.example.com:9000");
  EXPECT_EQ(kube::annotation_of(secret, "dmaas.io/region"), "north");
  EXPECT_EQ(to_text(secret.at("data")), R"({"AWS_ACCESS_KEY_ID":")" + base64("the-access-key") +
                                            R"(","AWS_SECRET_ACCESS_KEY":")" +
                                            base64("the-secret-key") + R"("})");
}

TEST(CredentialSecretTest, WithoutPlaceItIsForAws) {
  auto aws = minio;
  aws.endpoint.clear();
  aws.region.clear();
  EXPECT_THAT(kube::annotations_of(credential_secret("dmaas-system", aws)), IsEmpty());
}

TEST(CredentialPatchTest, PutsNewKeysAndLeavesThePlace) {
  NewCredential rotated{.title = "MinIO-1",
                        .keys = {.access_key = "a", .secret_key = "s", .session_token = "t"}};
  EXPECT_EQ(to_text(credential_patch(saved_as("MinIO-1"), rotated)),
            R"({"metadata":{"resourceVersion":"7"},"data":{"AWS_ACCESS_KEY_ID":")" + base64("a") +
                R"(","AWS_SECRET_ACCESS_KEY":")" + base64("s") + R"(","AWS_SESSION_TOKEN":")" +
                base64("t") + R"("}})");
}

TEST(CredentialPatchTest, TakesTheTokenOfOldKeysAway) {
  auto patch = credential_patch(saved_as("MinIO-1"), minio);
  EXPECT_TRUE(find(patch, "data", "AWS_SESSION_TOKEN")->is_null());
  EXPECT_EQ(kube::annotation_of(patch, "dmaas.io/region"), "north");
}

TEST(FindCredentialTest, TitleHasNoCase) {
  std::vector<Credential> saved{saved_as("AWS"), saved_as("MinIO")};
  ASSERT_NE(find_credential(saved, "minio"), nullptr);
  EXPECT_EQ(find_credential(saved, "minio")->title, "MinIO");
  EXPECT_EQ(find_credential(saved, "minio-2"), nullptr);
}

TEST(MaySaveTest, ATitleIsSavedOnce) {
  EXPECT_TRUE(check_may_save("MinIO", nullptr, Saving::once));
  EXPECT_TRUE(check_may_save("MinIO", nullptr, Saving::replace));
  auto same = saved_as("MinIO");
  EXPECT_TRUE(check_may_save("MinIO", &same, Saving::replace));
  auto refused = check_may_save("MinIO", &same, Saving::once);
  ASSERT_TRUE(refused.failed_with(ErrorCode::already_exists));
  EXPECT_EQ(refused.error().message(),
            "credential MinIO exists already in namespace dmaas-system: give --replace to put new "
            "keys into it, or choose another title");
}

TEST(MaySaveTest, ATitleOfOtherCaseIsRefusedAlsoAsReplacement) {
  auto same = saved_as("MinIO");
  for (auto saving : {Saving::once, Saving::replace}) {
    auto refused = check_may_save("minio", &same, saving);
    ASSERT_TRUE(refused.failed_with(ErrorCode::already_exists));
    EXPECT_THAT(refused.error().message(), HasSubstr("differ only in case"));
  }
}

TEST(StoragesUsingTest, AreThoseOfTheNamespaceThatNameTheSecret) {
  std::vector<Json> storages{storage_with("a", "credential-minio"), storage_with("b", "other"),
                             storage_with("c", "credential-minio", "shop"), storage_with("d", ""),
                             storage_with("e", "credential-minio")};
  EXPECT_THAT(storages_using({"dmaas-system", "credential-minio"}, storages),
              ElementsAre("a", "e"));
}

TEST(StoragesUsingTest, KeepACredentialFromBeingRemoved) {
  EXPECT_TRUE(check_unused(saved_as("MinIO"), {}));
  auto refused = check_unused(saved_as("MinIO"), {"a", "e"});
  ASSERT_TRUE(refused.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(refused.error().message(), HasSubstr("dmaas-system: a, e;"));
}

TEST(UseCredentialTest, GivesEndpointAndRegionWhereNoneAreGiven) {
  auto credential = saved_as("MinIO");
  credential.endpoint = "https://minio.example.com:9000";
  credential.region = "north";
  api::BackupStorage storage;
  storage.spec.backend.s3 = api::S3Backend{.bucket = "backups", .region = "south"};
  use_credential(storage, credential);
  EXPECT_EQ(storage.spec.credential_secret->name, "credential-minio");
  EXPECT_EQ(storage.spec.backend.s3->endpoint, "https://minio.example.com:9000");
  EXPECT_EQ(storage.spec.backend.s3->region, "south");
}

TEST(CredentialDocumentTest, IsMadeOfWhatMayBeTold) {
  auto secret = credential_secret("dmaas-system", minio);
  secret.at("metadata").as_object()["creationTimestamp"] = "2026-01-02T03:04:05Z";
  EXPECT_EQ(to_text(json_of(credential_of(secret), {"main"})),
            R"({"title":"MinIO-1","endpoint":"https://minio.example.com:9000","region":"north",)"
            R"("storages":["main"],"creationTime":"2026-01-02T03:04:05Z"})");
}

TEST(LoadCredentialTest, AMissingOneIsAnsweredWithTheCommandThatLists) {
  kube::FakeApiServer server;
  server.seed(kube::resources::secrets(), credential_secret("dmaas-system", minio));
  EXPECT_EQ(load_credential(server, "dmaas-system", "minio-1", {})->region, "north");
  auto missing = load_credential(server, "dmaas-system", "aws", {});
  ASSERT_TRUE(missing.failed_with(ErrorCode::not_found));
  EXPECT_THAT(missing.error().message(),
              AllOf(HasSubstr("dmaas credential list"), Not(HasSubstr("the-"))));
}

}  // namespace
}  // namespace dmaas::cli
