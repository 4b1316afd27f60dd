#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "api/maintenance.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// What may ask for the maintenance of a repository.
struct MaintenanceReasons {
  Timestamp creation{};      // of the Repository object
  std::size_t erasures = 0;  // backups that somebody deleted
  std::string request{};     // the annotation's value; "": none
};

struct DueMaintenance {
  bool is_due = false;
  std::optional<Timestamp> next{};  // when it has to be asked again; nothing: when things change
};

/// Whether it is time. After a failure it is tried again at `postponed_until`, before that only on
/// a new request. Pure. Errors: invalid_input (the schedule).
Result<DueMaintenance> find_due_maintenance(const api::MaintenanceSettings& settings,
                                            const api::MaintenanceStatus& status,
                                            const MaintenanceReasons& reasons, Timestamp now);

}  // namespace dmaas::controller
