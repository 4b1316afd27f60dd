#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "applications/resource_files.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::mover {

/// The files of a resources component. Remembers for each where its content is, about 200 bytes:
/// a tree of ten thousand objects must not be decoded for every one of them.
class SnapshotFiles final : public applications::ResourceFiles {
public:
  /// Walks the tree once. Needs a loaded index. Errors: those of the repository; cancelled.
  static Result<std::unique_ptr<SnapshotFiles>> open(engine::Repository& repository,
                                                     const engine::TreeId& root,
                                                     std::stop_token stop);

  Result<> each(const Visit& visit, std::stop_token stop) const override;
  Result<std::string> read(const std::string& path, std::stop_token stop) const override;

private:
  struct File {
    std::string path{};
    std::vector<engine::BlobId> content{};
    std::uint64_t size = 0;
  };

  explicit SnapshotFiles(engine::Repository& repository) : repository_(repository) {}
  Result<std::string> content_of(const File& file, std::stop_token stop) const;

  engine::Repository& repository_;
  std::deque<File> files_;  // in the order of the tree, which is that of their blobs in packs
  std::unordered_map<std::string_view, const File*> by_path_;
};

}  // namespace dmaas::mover
