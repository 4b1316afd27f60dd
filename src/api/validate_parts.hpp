#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/hooks.hpp"
#include "api/mover_settings.hpp"
#include "api/problems.hpp"
#include "api/selection.hpp"

/// Checks of what several kinds contain.
namespace dmaas::api {

/// A DNS label: the only form that namespaces have.
bool is_namespace_name(std::string_view text);

void check_namespaces(const std::vector<std::string>& names, const std::string& path,
                      Problems& problems);
void check_selector(const LabelSelector& selector, const std::string& path, Problems& problems);
void check_rule(const ObjectRule& rule, const std::string& path, Problems& problems);
void check_selection(const ObjectSelection& selection, const std::string& path, Problems& problems);
void check_command(const std::vector<std::string>& command, const std::string& path,
                   Problems& problems);
/// `path` is that of what has the fields schedule and timeZone.
void check_schedule(const std::string& schedule, const std::string& time_zone,
                    const std::string& path, Problems& problems);
/// When a run starts by itself; `path` is the run's.
void check_times(const BackupRun& run, const std::string& path, Problems& problems);
void check_timeout(std::chrono::nanoseconds timeout, const std::string& path, Problems& problems);
void check_exec(const ExecHook& exec, const std::string& path, Problems& problems);
enum class Quiescing { allowed, refused };
void check_hooks(const std::vector<Hook>& hooks, const std::string& path, Quiescing quiescing,
                 Problems& problems);
void check_mover(const MoverSettings& settings, const std::string& path, Problems& problems);

}  // namespace dmaas::api
