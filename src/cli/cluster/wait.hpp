#pragma once

#include <optional>
#include <string>

#include "api/object.hpp"
#include "base/result.hpp"

/// What `dmaas wait` waits for. Pure.
namespace dmaas::cli {

struct Awaited {
  enum class What { condition, phase, deletion, end } what = What::end;
  std::string name{};   // of the condition
  std::string value{};  // "True", or the phase
};

/// "Ready", "condition=Ready", "condition=Ready=False", "phase=Moving", "delete"; "" is what most
/// people want: the end of a session, Ready of everything else. Errors: invalid_input.
Result<Awaited> parse_awaited(const std::string& text, const api::KindInfo& kind);

enum class Waiting { goes_on, is_done, is_hopeless };
struct WaitState {
  Waiting state = Waiting::goes_on;
  std::string message{};  // what the object says about it now
};
/// `object` is null once it is deleted.
WaitState judge(const Json* object, const Awaited& awaited);

}  // namespace dmaas::cli
