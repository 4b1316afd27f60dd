#include "applications/restore/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "applications/json_walk.hpp"
#include "applications/references.hpp"

namespace dmaas::applications {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
};
constexpr Suffix suffixes[] = {{"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40},
                               {"Pi", 0x1p50}, {"Ei", 0x1p60}, {"n", 1e-9},    {"u", 1e-6},
                               {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},
                               {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"", 1}};

bool is_bytes(std::string_view name) {
  return name.find("memory") != std::string_view::npos ||
         name.find("storage") != std::string_view::npos;
}

std::string format_amount(std::string_view name, double amount) {
  if (!is_bytes(name)) return fmt::format("{:.6g}", amount);
  for (std::string_view unit : {"Ti", "Gi", "Mi", "Ki"}) {
    const double factor = std::ranges::find(suffixes, unit, &Suffix::text)->factor;
    if (std::abs(amount) >= factor) return fmt::format("{:.4g}{}", amount / factor, unit);
  }
  return fmt::format("{:.0f}", amount);
}

/// {"requests.cpu": …} of one container.
Usage usage_of_container(const Json& container) {
  Usage usage;
  for (std::string_view list : {"requests", "limits"}) {
    const Json* amounts = find(container, "resources", list);
    if (amounts == nullptr || !amounts->is_object()) continue;
    for (const auto& [name, amount] : amounts->get_object()) {
      if (auto parsed = parse_quantity(text_of(&amount)))
        usage[fmt::format("{}.{}", list, std::string_view(name))] = *parsed;
    }
  }
  return usage;
}

/// Containers run together; each init container alone before them.
Usage usage_of_pod(const Json& pod_spec) {
  Usage usage;
  for (const auto& container : items_at(pod_spec, "containers"))
    add_usage(usage, usage_of_container(container));
  for (const auto& container : items_at(pod_spec, "initContainers")) {
    for (const auto& [name, amount] : usage_of_container(container))
      usage[name] = std::max(usage[name], amount);
  }
  // A quota knows requests by their bare name too.
  for (std::string_view name : {"cpu", "memory"}) {
    const auto requested = usage.find(fmt::format("requests.{}", name));
    if (requested != usage.end()) usage[std::string(name)] = requested->second;
  }
  usage["pods"] = 1;
  return usage;
}

double replicas_of(const kube::Resource& resource, const Json& object) {
  if (resource.kind == "CronJob") return 0;
  const std::string_view field = resource.kind == "Job" ? "parallelism" : "replicas";
  return static_cast<double>(number_at(object, "spec", field).value_or(1));
}

Usage usage_of_claim(const Json& claim) {
  Usage usage;
  const auto size = parse_quantity(text_at(claim, "spec", "resources", "requests", "storage"));
  usage["requests.storage"] = size ? *size : 0;
  usage["persistentvolumeclaims"] = 1;
  const std::string storage_class = text_at(claim, "spec", "storageClassName");
  if (!storage_class.empty()) {
    const std::string prefix = storage_class + ".storageclass.storage.k8s.io/";
    usage[prefix + "requests.storage"] = usage["requests.storage"];
    usage[prefix + "persistentvolumeclaims"] = 1;
  }
  return usage;
}

}  // namespace

Result<double> parse_quantity(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* known = std::ranges::find(suffixes, suffix, &Suffix::text);
  if (error != std::errc() || known == std::end(suffixes) || !std::isfinite(number)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' is not a quantity such as 500m or 1Gi", text));
  }
  return number * known->factor;
}

void add_usage(Usage& sum, const Usage& added) {
  for (const auto& [name, amount] : added) sum[name] += amount;
}

Usage usage_of(const kube::Resource& resource, const Json& object) {
  Usage usage;
  if (const Json* pod_spec = pod_spec_of(object)) {
    const double replicas = replicas_of(resource, object);
    for (const auto& [name, amount] : usage_of_pod(*pod_spec)) usage[name] += amount * replicas;
  }
  if (resource.group.empty() && resource.kind == "PersistentVolumeClaim")
    usage = usage_of_claim(object);
  usage["count/" + resource.name()] = 1;
  if (resource.group.empty() && resource.kind != "Pod") usage[resource.plural] = 1;
  return usage;
}

std::vector<std::string> shortages_of(const Json& quota, const Usage& needed) {
  std::vector<std::string> shortages;
  if (find(quota, "spec", "scopes") != nullptr || find(quota, "spec", "scopeSelector") != nullptr)
    return shortages;
  const Json* limits = find(quota, "spec", "hard");
  if (limits == nullptr || !limits->is_object()) return shortages;
  for (const auto& [name, amount] : limits->get_object()) {
    const auto need = needed.find(std::string(name));
    const auto limit = parse_quantity(text_of(&amount));
    if (need == needed.end() || !limit) continue;
    const auto used = parse_quantity(text_at(quota, "status", "used", std::string_view(name)));
    const double left = *limit - (used ? *used : 0);
    if (need->second <= left) continue;
    shortages.push_back(fmt::format("the restore needs {} of {}, {} is left",
                                    format_amount(name, need->second), std::string_view(name),
                                    format_amount(name, std::max(left, 0.0))));
  }
  return shortages;
}

}  // namespace dmaas::applications
