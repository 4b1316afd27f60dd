#include "controller/repository/stored_backups.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "crypto/sha256.hpp"
#include "engine/format/node.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::controller {
namespace {

using engine::BlobType;

/// A repository with what a session commits: a resources component whose root holds backup.json.
class StoredBackupsTest : public testing::Test {
protected:
  StoredBackupsTest() {
    engine::InitOptions init;
    init.key.cost = {2, 1, 1};
    writer_ =
        std::move(*engine::Repository::init(store_, "password", init, {}, system_clock(), {}));
    EXPECT_TRUE(writer_->load_index({}));
  }

  engine::StoredSnapshot commit(const std::string& text, std::string_view time) {
    auto data = writer_->saver().save(BlobType::data, bytes_of(text), {});
    engine::Node node;
    node.name = "backup.json";
    node.size = text.size();
    node.content = std::vector{data->id};
    engine::TreeEncoder tree;
    EXPECT_TRUE(tree.add(node));
    auto root = writer_->saver().save(BlobType::tree, bytes_of(tree.take_text()), {});
    EXPECT_TRUE(writer_->saver().flush({}));
    engine::Snapshot snapshot;
    snapshot.time = *parse_timestamp(time);
    snapshot.tree = engine::TreeId{root->id.digest};
    snapshot.tags = {"dmaas.io/component=resources"};
    return {*writer_->save_snapshot(snapshot, {}), snapshot};
  }

  /// As a look does: a repository without index in memory.
  std::unique_ptr<engine::Repository> reader() {
    return std::move(*engine::Repository::open(store_, "password", {}, system_clock(), {}));
  }

  static std::string document(const std::string& application) {
    api::BackupDocument document;
    document.time = *parse_timestamp("2026-01-02T03:04:05Z");
    document.application = {"shop", application};
    document.components = {{.name = "resources"}};
    return api::encode_backup_document(document);
  }

  storage::MemoryStore store_;
  std::unique_ptr<engine::Repository> writer_;
};

TEST_F(StoredBackupsTest, DocumentsAreReadWithoutAnIndexInMemory) {
  commit(document("one"), "2026-01-02T03:04:05Z");
  commit(document("two"), "2026-01-03T03:04:05Z");
  auto repository = reader();
  auto backups = load_backups(*repository, {});
  ASSERT_TRUE(backups);
  ASSERT_EQ(backups->readable.size(), 2u);
  auto documents = load_documents(*repository, backups->readable, {});
  ASSERT_TRUE(documents);
  EXPECT_EQ((*documents)[0]->application.name, "one");
  EXPECT_EQ((*documents)[1]->application.name, "two");
  EXPECT_EQ(repository->blob_count(), 0u);
}

TEST_F(StoredBackupsTest, OneBadDocumentDoesNotHideTheOthers) {
  commit("{\"formatVersion\": 99, \"programVersion\": \"9.0\"}", "2026-01-02T03:04:05Z");
  commit("no JSON", "2026-01-03T03:04:05Z");
  commit(document("good"), "2026-01-04T03:04:05Z");
  auto repository = reader();
  auto documents = load_documents(*repository, load_backups(*repository, {})->readable, {});
  ASSERT_TRUE(documents);
  EXPECT_TRUE((*documents)[0].failed_with(ErrorCode::unsupported));
  EXPECT_TRUE((*documents)[1].failed_with(ErrorCode::corrupt));
  EXPECT_EQ((*documents)[2]->application.name, "good");
}

TEST_F(StoredBackupsTest, OtherComponentsAreNoBackups) {
  auto committed = commit(document("one"), "2026-01-02T03:04:05Z");
  committed.snapshot.tags = {"dmaas.io/component=volume/data"};
  ASSERT_TRUE(writer_->save_snapshot(committed.snapshot, {}));
  auto repository = reader();
  EXPECT_EQ(load_backups(*repository, {})->readable.size(), 1u);
}

TEST_F(StoredBackupsTest, OneDocumentIsFoundById) {
  auto committed = commit(document("one"), "2026-01-02T03:04:05Z");
  auto repository = reader();
  EXPECT_EQ(load_document(*repository, committed.id.hex(), {})->application.name, "one");
}

}  // namespace
}  // namespace dmaas::controller
