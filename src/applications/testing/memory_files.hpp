#pragma once

#include <map>
#include <string>

#include "applications/resource_files.hpp"

namespace dmaas::applications {

/// A `resources` tree in memory for unit tests.
class MemoryFiles final : public ResourceFiles {
public:
  std::map<std::string, std::string> files{};

  Result<> each(const Visit& visit, std::stop_token) const override {
    for (const auto& [path, content] : files) TRY(visit(path, content));
    return {};
  }
  Result<std::string> read(const std::string& path, std::stop_token) const override {
    auto found = files.find(path);
    if (found == files.end()) return fail(ErrorCode::not_found, path + " is not in the backup");
    return found->second;
  }
};

}  // namespace dmaas::applications
