#pragma once

#include <stop_token>
#include <string>

#include "api/object.hpp"
#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

/// A session of any kind.
struct FoundSession {
  const api::KindInfo* kind = nullptr;
  Json object{};

  /// Where its status says how far it is.
  const char* phase_field() const { return kind->kind == "RestoreSession" ? "stage" : "phase"; }
};

/// The session that a person names as "[namespace/]name": a backup's, a restore's, a
/// verification's or a copy's, in the namespace of the command, else in the system namespace, where
/// restores are made. Errors: not_found, naming those that there are.
Result<FoundSession> find_session(const Connection& connection, const std::string& text,
                                  std::stop_token stop);

/// "Succeeded", "Failed" or "Cancelled" once it is over, else "".
std::string final_phase_of(const FoundSession& session);

}  // namespace dmaas::cli
