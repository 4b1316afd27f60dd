#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dmaas::api {

/// Collects what is wrong with a spec, each "path: what, and what to write instead".
class Problems {
public:
  static constexpr std::size_t limit = 10;

  void add(std::string_view path, std::string_view what) {
    if (lines_.size() < limit) lines_.push_back(fmt::format("{}: {}", path, what));
  }
  void add(std::string_view path, const Error& error) { add(path, error.message()); }
  void add_unless(bool fits, std::string_view path, std::string_view what) {
    if (!fits) add(path, what);
  }

  Result<> result() const {
    if (lines_.empty()) return {};
    return fail(ErrorCode::invalid_input, fmt::format("{}", fmt::join(lines_, "; ")));
  }

private:
  std::vector<std::string> lines_;
};

}  // namespace dmaas::api
