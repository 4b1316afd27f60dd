#include "cli/cluster/output.hpp"

#include <fmt/format.h>

#include <map>

#include "api/kinds.hpp"
#include "base/fields.hpp"
#include "base/yaml.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// Who wrote which field is for programs only, and longer than all the rest.
Json without_managed_fields(Json object) {
  ensure_object(object, "metadata").erase("managedFields");
  return object;
}

/// "backupstorage.dmaas.io/main", as kubectl writes it.
std::string full_name(const Json& object) {
  auto kind = kube::kind_of(object);
  for (char& c : kind) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  auto group = kube::parse_api_version(kube::api_version_of(object)).group;
  return kind + (group.empty() ? "" : "." + group) + "/" + kube::name_of(object);
}

void add_flag(CLI::App& command, OutputFormat& format, const std::string& text,
              const std::vector<OutputFormat>& allowed) {
  std::map<std::string, OutputFormat> values;
  for (auto value : allowed) values.emplace(name_of(value), value);
  CLI::CheckedTransformer by_name{values};
  std::vector<std::string> names;
  for (auto value : allowed) names.emplace_back(name_of(value));
  by_name.description(fmt::format("{{{}}}", fmt::join(names, ",")));
  command.add_option("-o,--output", format, text)->transform(by_name)->type_name("FORMAT");
}

}  // namespace

void add_list_output_flag(CLI::App& command, OutputFormat& format) {
  using enum OutputFormat;
  add_flag(command, format, "How objects are printed (default: table)",
           {table, wide, json, yaml, name});
}

void add_object_output_flag(CLI::App& command, OutputFormat& format) {
  using enum OutputFormat;
  add_flag(command, format, "Print the object to standard output", {json, yaml, name});
}

std::string format_object(const Json& object, OutputFormat format) {
  switch (format) {
    case OutputFormat::json:
    case OutputFormat::yaml:
      return format_document(without_managed_fields(object), format);
    default:
      return full_name(object) + "\n";
  }
}

std::string format_document(const Json& document, OutputFormat format) {
  return format == OutputFormat::yaml ? to_yaml(document) : to_pretty_text(document);
}

std::string format_objects(const std::vector<Json>& objects, OutputFormat format) {
  if (format == OutputFormat::name) {
    std::string text;
    for (const auto& object : objects) text += full_name(object) + "\n";
    return text;
  }
  JsonArray items;
  for (const auto& object : objects) items.push_back(without_managed_fields(object));
  return format_object(
      JsonObject{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}}, format);
}

}  // namespace dmaas::cli
