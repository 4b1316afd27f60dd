#include "engine/format/snapshot.hpp"

#include <gtest/gtest.h>

namespace dmaas::engine {
namespace {

Snapshot sample() {
  Snapshot snapshot;
  snapshot.time = Timestamp{std::chrono::nanoseconds{1'700'000'000'123'456'789}};
  snapshot.tree.digest.fill(0x11);
  snapshot.paths = {"/data"};
  snapshot.hostname = "east/shop/db";
  return snapshot;
}

TEST(SnapshotTest, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(encode_snapshot(sample()), R"({"time":"2023-11-14T22:13:20.123456789Z","tree":")" +
                                           std::string(64, '1') +
                                           R"(","paths":["/data"],"hostname":"east/shop/db"})");
}

TEST(SnapshotTest, ReadsBackEveryField) {
  Snapshot snapshot = sample();
  snapshot.parent.emplace().digest.fill(2);
  snapshot.original.emplace().digest.fill(3);
  snapshot.username = "root";
  snapshot.uid = 1;
  snapshot.gid = 2;
  snapshot.excludes = {"*.tmp"};
  snapshot.tags = {"dmaas.io/run=full"};
  snapshot.program_version = "dmaas 1";
  snapshot.summary.emplace();
  snapshot.summary->backup_start = snapshot.time;
  snapshot.summary->backup_end = snapshot.time;
  snapshot.summary->files_new = 5;
  snapshot.summary->total_bytes_processed = 1ULL << 50;
  EXPECT_EQ(*decode_snapshot(encode_snapshot(snapshot)), snapshot);
}

TEST(SnapshotTest, RefusesDamage) {
  for (const char* text : {"", "[]", "{}", R"({"time":"x","tree":""})",
                           R"({"time":"2023-11-14T22:13:20Z","tree":"12"})"}) {
    EXPECT_TRUE(decode_snapshot(text).failed_with(ErrorCode::corrupt)) << text;
  }
}

}  // namespace
}  // namespace dmaas::engine
