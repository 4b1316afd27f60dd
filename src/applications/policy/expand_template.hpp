#pragma once

#include <map>
#include <string>

#include "api/backup_policy.hpp"

namespace dmaas::applications {

/// The template as one plan has it: variables replaced, references to storages and retention
/// policies complete. Pure. Errors: not_found (a variable has no value; names it and the remedy),
/// invalid_input (with these values it is no good plan).
Result<api::PlanTemplate> expand_template(const api::PlanTemplate& plan,
                                          const std::map<std::string, std::string>& variables,
                                          const std::string& system_namespace);

/// The variables that annotations var.dmaas.io/NAME give.
std::map<std::string, std::string> variables_in(
    const std::map<std::string, std::string>& annotations);

}  // namespace dmaas::applications
