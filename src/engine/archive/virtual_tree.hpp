#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/archive/archiver.hpp"

namespace dmaas::engine {

/// Collects made files and turns them into trees. Used by one thread.
class VirtualTree {
public:
  explicit VirtualTree(ArchiveContext context);

  /// Stores the content. Errors: as back_up_files.
  Result<> add(const VirtualFile& file, std::stop_token stop);
  /// Stores the trees, the root's last.
  Result<TreeId> save(std::optional<TreeId> parent_root, std::stop_token stop);

private:
  struct Place {
    std::optional<Node> file;                              // absent: a directory
    std::map<std::string, std::unique_ptr<Place>> places;  // of a directory
  };

  Result<Place*> make_place(const std::string& path);
  Result<TreeId> save_directory(const Place& directory, const std::optional<TreeId>& before,
                                std::stop_token stop);

  ArchiveContext context_;
  Place root_;
};

}  // namespace dmaas::engine
