#pragma once

#include <string>
#include <vector>

#include "api/object.hpp"
#include "base/json.hpp"
#include "cli/command.hpp"

namespace dmaas::cli {

/// How objects are printed: -o.
enum class OutputFormat { table, wide, json, yaml, name };
constexpr auto names_of(OutputFormat) {
  return std::to_array<std::string_view>({"table", "wide", "json", "yaml", "name"});
}

/// -o with all forms, for commands that list objects.
void add_list_output_flag(CLI::App& command, OutputFormat& format);
/// -o with json, yaml and name, for commands that make or follow one object: that is then all that
/// goes to standard output.
void add_object_output_flag(CLI::App& command, OutputFormat& format);
inline bool is_document(OutputFormat format) {
  return format != OutputFormat::table && format != OutputFormat::wide;
}

/// One object as a document or a name; ends with a newline.
std::string format_object(const Json& object, OutputFormat format);
/// What is no object of the API, as JSON or YAML; ends with a newline.
std::string format_document(const Json& document, OutputFormat format);
/// Several: a List, YAML or names of each.
std::string format_objects(const std::vector<Json>& objects, OutputFormat format);

}  // namespace dmaas::cli
