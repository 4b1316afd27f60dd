#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace dmaas {

/// The closed set of causes that callers tell apart. The place where an error arises classifies it;
/// nobody above parses messages.
enum class ErrorCode {
  not_found,
  already_exists,
  conflict,           // our copy was old; read again
  invalid_input,      // only a person can correct it
  permission_denied,  // authentication or authorisation refused
  corrupt,            // stored bytes are not what was written; never retried
  wrong_key,          // no key opens the repository
  locked,             // somebody else holds a repository lock
  unavailable,        // the other side does not answer now
  timeout,
  cancelled,
  exhausted,  // storage, quota, memory or another limit is used up
  unsupported,
  internal,
};

/// Stable lower-case name, as in JSON output and metrics labels.
std::string_view name_of(ErrorCode code);

/// True when the same call may succeed later though nobody changes anything.
constexpr bool is_retryable(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::timeout ||
         code == ErrorCode::conflict;
}

/// What was tried on what, and why it failed; remedies belong in the message where there is one.
/// Messages are shown to users: never a secret in them.
class Error {
public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  /// "loading index 4f2a: GET s3://b/index/4f2a: 503"
  Error context(std::string_view what) && {
    message_.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }

  bool operator==(const Error&) const = default;

private:
  ErrorCode code_;
  std::string message_;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
  using std::expected<T, Error>::expected;

  ErrorCode code() const { return this->error().code(); }
  bool failed_with(ErrorCode code) const {
    return !this->has_value() && this->error().code() == code;
  }

  /// Puts `what` before the message of an error; a value passes unchanged.
  Result context(std::string_view what) && {
    if (!this->has_value()) this->error() = std::move(this->error()).context(what);
    return std::move(*this);
  }
};

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

/// The value of a successful result, moved out.
template <class AnyResult>
typename std::remove_cvref_t<AnyResult>::value_type take_value(AnyResult&& result) {
  return *std::forward<AnyResult>(result);
}

/// The value of a Result, or returns its error from the enclosing function. The value is a prvalue:
/// g++ 12 does not extend the life of what a statement expression refers to, so `for (auto& x :
/// TRY(list()))` would walk over a dead list.
#define TRY(expression)                                                       \
  __extension__({                                                             \
    auto&& try_result_ = (expression);                                        \
    if (!try_result_) [[unlikely]]                                            \
      return std::unexpected<::dmaas::Error>(std::move(try_result_).error()); \
    ::dmaas::take_value(std::move(try_result_));                              \
  })

/// Ends the process when an invariant of our own code is broken; on in every build.
[[noreturn]] void broken_invariant(const char* expression, const char* file, int line);
#define ENSURE(condition) \
  ((condition) ? static_cast<void>(0) : ::dmaas::broken_invariant(#condition, __FILE__, __LINE__))

}  // namespace dmaas
