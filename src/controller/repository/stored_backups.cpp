#include "controller/repository/stored_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "applications/commits.hpp"
#include "engine/format/node.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t max_document_bytes = 16 << 20;

/// Where wanted blobs lie, from the index files without an index in memory.
class BlobFinder {
public:
  explicit BlobFinder(engine::Repository& repository) : repository_(repository) {}

  void want(const engine::BlobHandle& handle) { places_.try_emplace(handle); }

  Result<> find(std::stop_token stop) {
    if (places_.empty()) return {};
    auto look = [&](const engine::IndexId&, engine::IndexPack&& pack) -> Result<> {
      for (const auto& blob : pack.blobs) {
        auto wanted = places_.find(blob.handle);
        if (wanted != places_.end()) wanted->second = Place{pack.id, blob};
      }
      return {};
    };
    return repository_.for_each_indexed_pack(look, std::move(stop));
  }

  Result<Bytes> load(const engine::BlobHandle& handle, std::stop_token stop) const {
    const auto& place = places_.at(handle);
    if (!place)
      return fail(ErrorCode::not_found,
                  "blob " + handle.id.short_hex() + " is not in the repository's index");
    Bytes content;
    auto keep = [&](const engine::PackedBlob&, BytesView plain) -> Result<> {
      content.assign(plain.begin(), plain.end());
      return {};
    };
    TRY(repository_.load_blobs(place->pack, std::span(&place->blob, 1), keep, std::move(stop)));
    return content;
  }

private:
  struct Place {
    engine::PackId pack;
    engine::PackedBlob blob;
  };

  engine::Repository& repository_;
  std::unordered_map<engine::BlobHandle, std::optional<Place>> places_;
};

/// The blobs of backup.json, from the root tree of its snapshot.
Result<std::vector<engine::BlobId>> content_of(BytesView tree) {
  std::optional<std::vector<engine::BlobId>> content;
  auto look = [&](engine::Node&& node) -> Result<> {
    if (node.name != api::BackupDocument::path.substr(1)) return {};
    if (!node.content || node.size > max_document_bytes)
      return fail(ErrorCode::corrupt, "backup.json is not a small file");
    content = std::move(*node.content);
    return {};
  };
  TRY(engine::for_each_node(tree, look));
  if (!content) return fail(ErrorCode::not_found, "the snapshot has no backup.json");
  return std::move(*content);
}

Result<api::BackupDocument> read_document(const BlobFinder& finder,
                                          const std::vector<engine::BlobId>& content,
                                          const std::stop_token& stop) {
  std::string text;
  for (const auto& blob : content) {
    auto piece = TRY(finder.load(engine::data_blob(blob), stop));
    text += text_of(piece);
  }
  return api::decode_backup_document(text);
}

}  // namespace

Result<StoredBackups> load_backups(engine::Repository& repository, std::stop_token stop) {
  auto backups = TRY(applications::load_readable(repository, std::move(stop)));
  std::erase_if(backups.readable,
                [](const auto& stored) { return !applications::is_commit(stored.snapshot); });
  return backups;
}

std::string warning_of(const std::vector<engine::SnapshotId>& damaged) {
  if (damaged.empty()) return "";
  return fmt::format(
      "{} snapshots of the repository are damaged and were passed over, the first is "
      "snapshots/{}: find out what else is damaged with 'dmaas repo check'",
      damaged.size(), damaged.front().hex());
}

Result<std::vector<Result<api::BackupDocument>>> load_documents(
    engine::Repository& repository, const std::vector<engine::StoredSnapshot>& backups,
    std::stop_token stop) {
  BlobFinder trees{repository};
  for (const auto& backup : backups) trees.want(engine::tree_blob(backup.snapshot.tree));
  TRY(trees.find(stop));
  BlobFinder data{repository};
  std::vector<Result<std::vector<engine::BlobId>>> contents;
  for (const auto& backup : backups) {
    auto tree = trees.load(engine::tree_blob(backup.snapshot.tree), stop);
    contents.push_back(tree ? content_of(*tree) : fail(std::move(tree).error()));
    if (!contents.back()) continue;
    for (const auto& blob : *contents.back()) data.want(engine::data_blob(blob));
  }
  TRY(data.find(stop));
  std::vector<Result<api::BackupDocument>> documents;
  for (auto& content : contents) {
    documents.push_back(content ? read_document(data, *content, stop)
                                : fail(std::move(content).error()));
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
  }
  std::vector<api::BackupDocument*> good;
  for (auto& document : documents) {
    if (document) good.push_back(&*document);
  }
  TRY(applications::resolve_components(repository, good, stop));
  return documents;
}

Result<api::BackupDocument> load_document(engine::Repository& repository,
                                          const std::string& snapshot_id, std::stop_token stop) {
  auto id = TRY(engine::SnapshotId::parse(snapshot_id));
  auto snapshot = TRY(repository.load_snapshot(id, stop));
  auto documents = TRY(load_documents(repository, {{id, std::move(snapshot)}}, stop));
  return std::move(documents.front());
}

}  // namespace dmaas::controller
