#include "applications/verification/expectation.hpp"

#include <fmt/format.h>

#include "base/regular_expression.hpp"

namespace dmaas::applications {
namespace {

constexpr std::size_t max_quoted_bytes = 200;

std::string_view without_space_at_end(std::string_view text) {
  auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

std::string shortened_quote(std::string_view text) {
  std::string line;
  for (char c : without_space_at_end(text)) {
    bool is_control = static_cast<unsigned char>(c) < ' ';
    line += is_control ? ' ' : c;
  }
  if (line.size() > max_quoted_bytes) {
    line = line.substr(0, max_quoted_bytes / 2) + " ... " +
           line.substr(line.size() - max_quoted_bytes / 2);
  }
  return "'" + line + "'";
}

std::string find_mismatch(const api::ExpectedText& expected, std::string_view text) {
  if (expected.equals && without_space_at_end(text) != without_space_at_end(*expected.equals))
    return fmt::format("it is {} and should be {}", shortened_quote(text),
                       shortened_quote(*expected.equals));
  if (text.find(expected.contains) == std::string_view::npos)
    return fmt::format("it is {} and should contain {}", shortened_quote(text),
                       shortened_quote(expected.contains));
  if (expected.matches.empty()) return {};
  auto matches = matches_somewhere(text, expected.matches);
  if (!matches) return matches.error().message();
  if (*matches) return {};
  return fmt::format("it is {} and should match {}", shortened_quote(text),
                     shortened_quote(expected.matches));
}

}  // namespace dmaas::applications
