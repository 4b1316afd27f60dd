#include "base/regular_expression.hpp"

#include <boost/regex.hpp>

namespace dmaas {
namespace {

Result<boost::regex> compile(std::string_view expression) {
  try {
    return boost::regex(expression.begin(), expression.end(), boost::regex::perl);
  } catch (const boost::regex_error& error) {
    return fail(ErrorCode::invalid_input, std::string("not a regular expression: ") + error.what());
  }
}

}  // namespace

Result<> check_regular_expression(std::string_view expression) {
  TRY(compile(expression));
  return {};
}

Result<bool> matches_somewhere(std::string_view text, std::string_view expression) {
  auto compiled = TRY(compile(expression));
  try {
    return boost::regex_search(text.begin(), text.end(), compiled);
  } catch (const std::runtime_error&) {
    return fail(ErrorCode::exhausted, "the regular expression takes too many steps");
  }
}

}  // namespace dmaas
