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

// As the first version wrote it. It must be readable forever: never change this text.
TEST(BackupDocumentTest, ReadsTheFirstFormat) {
  auto decoded =
      decode_backup_document(R"({"formatVersion":1,"programVersion":"0.1.0","session":"shop-full-1",
    "sessionUid":"uid","planNamespace":"web","plan":"shop","planSpec":{"paused":true},"run":"full","type":"full",
    "time":"2026-01-02T03:04:05.25Z","cluster":{"name":"east","uid":"c","version":"v1.34.2"},
    "application":{"namespace":"web","name":"mariadb"},"repositoryPath":"east/ns/web/mariadb",
    "components":[{"name":"resources","kind":"resources","bytes":1024},
      {"name":"volume/data-0","kind":"volume","snapshotId":"aa","treeId":"bb","parentId":"cc","claim":"data-0",
       "namespace":"web","target":"mariadb","method":"mount","volumeMode":"Filesystem","bytes":7,"files":1},
      {"name":"dump/all","kind":"dump","snapshotId":"dd","bytes":9,"dumpFile":"/all.sql",
       "dump":{"name":"all","command":["mariadb-dump"],"restoreCommand":["mariadb"]}}],
    "objectCount":12,"warnings":["w"]})");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->type, RunType::full);
  EXPECT_EQ(decoded->cluster.uid, "c");
  EXPECT_EQ(decoded->components[1].claim, "data-0");
  EXPECT_EQ(decoded->components[1].method, "mount");
  EXPECT_EQ(decoded->components[2].dump->restore_command, std::vector<std::string>{"mariadb"});
  EXPECT_EQ(decoded->components[2].dump_file, "/all.sql");
  EXPECT_EQ(decoded->warnings, std::vector<std::string>{"w"});
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
