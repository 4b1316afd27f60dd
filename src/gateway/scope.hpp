#pragma once

#include <optional>
#include <string_view>

#include "api/gateway_configuration.hpp"
#include "gateway/repository_request.hpp"

/// What a grant allows. Pure.
namespace dmaas::gateway {

/// Who made the lock that a request is about, as far as this process knows.
enum class LockMaker { caller, other };

/// Nothing when `scope` allows the request, else why not, in one sentence.
std::optional<std::string_view> find_refusal(api::GatewayScope scope, Action action,
                                             ObjectKind kind, LockMaker lock_maker);

}  // namespace dmaas::gateway
