#pragma once

#include <string>

#include "base/json.hpp"

namespace dmaas::applications {

enum class ReadinessState {
  ready,
  waiting,  // may become ready by itself
  failed,   // will not without a change
};

struct Readiness {
  ReadinessState state = ReadinessState::ready;
  std::string reason;  // one sentence for people; empty when ready

  bool operator==(const Readiness&) const = default;
};

/// Whether what `object` asks for is there, judged by its status alone. Kinds without a notion of
/// readiness are ready as soon as they exist; unknown kinds are judged by their `Ready` condition
/// where they have one.
Readiness readiness_of(const Json& object);

/// Why a container of a pod does not run, such as "container web: ImagePullBackOff: no such image";
/// "" when nothing is known. Pure.
std::string container_trouble(const Json& pod);

}  // namespace dmaas::applications
