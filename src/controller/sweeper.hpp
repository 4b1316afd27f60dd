#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "controller/world.hpp"

namespace dmaas::controller {

/// Removes what no live session owns: movers, twins, fill claims, scratch
/// namespaces, grants and locks that a crash
/// left behind. Works while the controller leads and its stores are synced.
class Sweeper {
public:
  explicit Sweeper(World& world) : world_(world) {}

  /// Sweeps every minute until `stop`.
  void run(std::stop_token stop);
  Result<> sweep(std::stop_token stop);

private:
  Result<> sweep_grants(std::stop_token stop);
  Result<> sweep_scratch_namespaces(std::stop_token stop);

  World& world_;
};

/// Whether an object with this session UID is a leftover. Young objects are not: their session's
/// status may not be written yet. Pure.
bool is_leftover(const Json& object, const std::set<std::string>& live_sessions, Timestamp now);

}  // namespace dmaas::controller
