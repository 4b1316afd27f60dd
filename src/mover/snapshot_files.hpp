#pragma once

#include "applications/resource_files.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::mover {

/// The files of a resources component in its repository, whose index is loaded.
class SnapshotFiles final : public applications::ResourceFiles {
public:
  SnapshotFiles(engine::Repository& repository, const engine::TreeId& root)
      : repository_(repository), root_(root) {}

  Result<> each(const Visit& visit, std::stop_token stop) const override;
  Result<std::string> read(const std::string& path, std::stop_token stop) const override;

private:
  Result<std::string> content_of(const engine::Node& node, std::stop_token stop) const;

  engine::Repository& repository_;
  const engine::TreeId root_;
};

}  // namespace dmaas::mover
