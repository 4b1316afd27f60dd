#include "engine/format/snapshot.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.hpp"
#include "base/time_text.hpp"

namespace dmaas::engine {

namespace {

using SummaryCount = std::pair<const char*, std::uint64_t SnapshotSummary::*>;
constexpr std::array summary_counts{
    SummaryCount{"files_new", &SnapshotSummary::files_new},
    SummaryCount{"files_changed", &SnapshotSummary::files_changed},
    SummaryCount{"files_unmodified", &SnapshotSummary::files_unmodified},
    SummaryCount{"dirs_new", &SnapshotSummary::dirs_new},
    SummaryCount{"dirs_changed", &SnapshotSummary::dirs_changed},
    SummaryCount{"dirs_unmodified", &SnapshotSummary::dirs_unmodified},
    SummaryCount{"data_blobs", &SnapshotSummary::data_blobs},
    SummaryCount{"tree_blobs", &SnapshotSummary::tree_blobs},
    SummaryCount{"data_added", &SnapshotSummary::data_added},
    SummaryCount{"data_added_packed", &SnapshotSummary::data_added_packed},
    SummaryCount{"total_files_processed", &SnapshotSummary::total_files_processed},
    SummaryCount{"total_bytes_processed", &SnapshotSummary::total_bytes_processed},
};

JsonObject encode_summary(const SnapshotSummary& summary) {
  JsonObject json;
  json["backup_start"] = format_nanoseconds(summary.backup_start);
  json["backup_end"] = format_nanoseconds(summary.backup_end);
  for (const auto& [key, member] : summary_counts) json[key] = summary.*member;
  return json;
}

SnapshotSummary decode_summary(const Json& json) {
  SnapshotSummary summary;
  if (auto start = parse_timestamp(text_at(json, "backup_start"))) summary.backup_start = *start;
  if (auto end = parse_timestamp(text_at(json, "backup_end"))) summary.backup_end = *end;
  for (const auto& [key, member] : summary_counts) {
    summary.*member = static_cast<std::uint64_t>(number_at(json, key).value_or(0));
  }
  return summary;
}

void add_texts(JsonObject& json, std::string_view key, const std::vector<std::string>& texts) {
  if (!texts.empty()) json[key] = JsonArray(texts.begin(), texts.end());
}

std::vector<std::string> texts_at(const Json& json, std::string_view key) {
  std::vector<std::string> texts;
  for (const Json& item : items_at(json, key)) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

Result<std::optional<SnapshotId>> optional_id(const Json& json, std::string_view key) {
  const std::string text = text_at(json, key);
  if (text.empty()) return std::optional<SnapshotId>{};
  auto id = SnapshotId::parse(text);
  if (!id) return fail(ErrorCode::corrupt, fmt::format("the snapshot has no valid {:?}", key));
  return std::optional{*id};
}

}  // namespace

std::string encode_snapshot(const Snapshot& snapshot) {
  JsonObject json;
  json["time"] = format_nanoseconds(snapshot.time);
  if (snapshot.parent) json["parent"] = snapshot.parent->hex();
  json["tree"] = snapshot.tree.hex();
  json["paths"] = JsonArray(snapshot.paths.begin(), snapshot.paths.end());
  if (!snapshot.hostname.empty()) json["hostname"] = snapshot.hostname;
  if (!snapshot.username.empty()) json["username"] = snapshot.username;
  if (snapshot.uid != 0) json["uid"] = snapshot.uid;
  if (snapshot.gid != 0) json["gid"] = snapshot.gid;
  add_texts(json, "excludes", snapshot.excludes);
  add_texts(json, "tags", snapshot.tags);
  if (snapshot.original) json["original"] = snapshot.original->hex();
  if (!snapshot.program_version.empty()) json["program_version"] = snapshot.program_version;
  if (snapshot.summary) json["summary"] = encode_summary(*snapshot.summary);
  return to_text(json);
}

Result<Snapshot> decode_snapshot(std::string_view text) {
  auto json = parse_json(text);
  if (!json || !json->is_object()) return fail(ErrorCode::corrupt, "the snapshot is no valid JSON");
  Snapshot snapshot;
  auto time = parse_timestamp(text_at(*json, "time"));
  if (!time) return fail(ErrorCode::corrupt, "the snapshot has no valid time");
  snapshot.time = *time;
  auto tree = TreeId::parse(text_at(*json, "tree"));
  if (!tree) return fail(ErrorCode::corrupt, "the snapshot has no valid tree");
  snapshot.tree = *tree;
  snapshot.parent = TRY(optional_id(*json, "parent"));
  snapshot.original = TRY(optional_id(*json, "original"));
  snapshot.paths = texts_at(*json, "paths");
  snapshot.hostname = text_at(*json, "hostname");
  snapshot.username = text_at(*json, "username");
  snapshot.uid = static_cast<std::uint32_t>(number_at(*json, "uid").value_or(0));
  snapshot.gid = static_cast<std::uint32_t>(number_at(*json, "gid").value_or(0));
  snapshot.excludes = texts_at(*json, "excludes");
  snapshot.tags = texts_at(*json, "tags");
  snapshot.program_version = text_at(*json, "program_version");
  if (const Json* summary = find(*json, "summary")) snapshot.summary = decode_summary(*summary);
  return snapshot;
}

}  // namespace dmaas::engine
