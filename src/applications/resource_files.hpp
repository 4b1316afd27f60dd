#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dmaas::applications {

/// The files of the `resources` tree of one backup. Thread-safe.
class ResourceFiles {
public:
  using Visit = std::function<Result<>(const std::string& path, std::string_view content)>;

  virtual ~ResourceFiles() = default;
  /// Hands every file once, in any order. Errors: those of the repository; that of `visit`;
  /// cancelled.
  virtual Result<> each(const Visit& visit, std::stop_token stop) const = 0;
  /// Errors: not_found; those of the repository; cancelled.
  virtual Result<std::string> read(const std::string& path, std::stop_token stop) const = 0;
};

}  // namespace dmaas::applications
