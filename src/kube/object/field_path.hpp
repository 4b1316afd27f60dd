#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::kube {

/// A place within a document, as error messages and field selectors write it:
/// "spec.containers[0].env", "metadata.labels['app.kubernetes.io/name']".
class FieldPath {
public:
  using Step = std::variant<std::string, std::size_t>;

  /// Errors: invalid_input.
  static Result<FieldPath> parse(std::string_view text);

  /// Null when a step is missing.
  const Json* find_in(const Json& document) const;
  Json* find_in(Json& document) const;
  /// RFC 6901, for JSON patches: "/metadata/labels/app.kubernetes.io~1name".
  std::string pointer() const;
  const std::vector<Step>& steps() const { return steps_; }

private:
  std::vector<Step> steps_;
};

/// One key as a step of an RFC 6901 pointer: '~' → "~0", '/' → "~1".
std::string escape_pointer(std::string_view key);

}  // namespace dmaas::kube
