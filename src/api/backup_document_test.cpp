#include "api/backup_document.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::api {
namespace {

BackupDocument document() {
  return {.program_version = "0.1.0",
          .session = "shop-full-1",
          .session_uid = "uid",
          .plan_namespace = "web",
          .plan = "shop",
          .run = "full",
          .type = RunType::full,
          .time = *parse_timestamp("2026-01-02T03:04:05.25Z"),
          .cluster = {"east", "cluster-uid", "v1.34.2"},
          .application = {"web", "mariadb"},
          .components = {{.name = "resources", .kind = ComponentKind::resources, .bytes = 1024},
                         {.name = "volume/data-0",
                          .snapshot_id = std::string(64, 'a'),
                          .bytes = 3 << 20,
                          .files = 7}},
          .object_count = 12};
}

TEST(BackupDocumentTest, ComesBackEqual) {
  auto text = encode_backup_document(document());
  auto decoded = decode_backup_document(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(encode_backup_document(*decoded), text);
  EXPECT_EQ(decoded->time, document().time);
  EXPECT_EQ(decoded->components[1].kind, ComponentKind::volume);
}

TEST(BackupDocumentTest, IgnoresFieldsOfALaterVersionOfTheSameFormat) {
  auto json = *parse_json(encode_backup_document(document()));
  json.as_object()["later"] = 1;
  EXPECT_TRUE(decode_backup_document(to_text(json)));
}

TEST(BackupDocumentTest, SaysWhichVersionReadsANewerFormat) {
  auto decoded = decode_backup_document(
      R"({"formatVersion":2,"programVersion":"3.1.0","time":{"new":"form"}})");
  ASSERT_TRUE(decoded.failed_with(ErrorCode::unsupported));
  EXPECT_EQ(decoded.error().message(),
            "the backup was made by a newer version (format 2, this one reads up to 1); use dmaas "
            "3.1.0 or newer");
}

TEST(BackupDocumentTest, CallsDamageCorrupt) {
  EXPECT_TRUE(decode_backup_document("{").failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(decode_backup_document("{}").failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(decode_backup_document(R"({"formatVersion":1,"time":"now","components":[]})")
                  .failed_with(ErrorCode::corrupt));
}

TEST(BackupDocumentTest, ShowsTheBackupAsSnapshot) {
  auto snapshot =
      snapshot_of(document(), {"web", "mariadb-main-1"}, "repository", std::string(64, 'b'));
  EXPECT_EQ(snapshot.metadata.namespace_name, "web");
  EXPECT_EQ(snapshot.metadata.name.substr(0, 24), "mariadb-20260102-030405-");
  EXPECT_EQ(snapshot.spec.repository.name, "mariadb-main-1");
  EXPECT_EQ(format_nanoseconds(snapshot.spec.time), "2026-01-02T03:04:05Z");
  EXPECT_EQ(snapshot.spec.deletion_policy, DeletionPolicy::retain);
  EXPECT_TRUE(snapshot.status.complete);
  EXPECT_EQ(snapshot.status.size, "3.0 MiB");
  EXPECT_EQ(snapshot.status.components[0].snapshot_id, std::string(64, 'b'));
  EXPECT_EQ(snapshot.status.components[1].snapshot_id, std::string(64, 'a'));
  EXPECT_EQ(snapshot.status.plan, "web/shop");
}

}  // namespace
}  // namespace dmaas::api
