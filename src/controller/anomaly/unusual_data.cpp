#include "controller/anomaly/unusual_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/size_text.hpp"

namespace dmaas::controller {
namespace {

using Components = std::vector<const api::SnapshotComponent*>;

/// The component in the newest of the earlier backups, as many as are compared.
Components history_of(const std::string& name, const std::vector<api::Snapshot>& newest_first) {
  Components history;
  for (const auto& backup : newest_first) {
    if (history.size() == compared_backups) break;
    const auto& components = backup.status.components;
    auto found = std::ranges::find(components, name, &api::SnapshotComponent::name);
    if (found != components.end()) history.push_back(&*found);
  }
  return history;
}

std::int64_t median_of(const Components& history, std::int64_t api::SnapshotComponent::* figure) {
  std::vector<std::int64_t> values;
  for (const auto* component : history) values.push_back(component->*figure);
  std::ranges::sort(values);
  return values[(values.size() - 1) / 2];
}

double share_of(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Deleted in masses; "" when not.
std::string find_loss(const api::SnapshotComponent& now, const Components& history) {
  auto files = median_of(history, &api::SnapshotComponent::files);
  auto bytes = median_of(history, &api::SnapshotComponent::bytes);
  if (files >= least_files && share_of(now.files, files) < lost_share)
    return fmt::format("{}: {} files are left of {}", now.name, now.files, files);
  if (bytes >= least_bytes && share_of(now.bytes, bytes) < lost_share)
    return fmt::format("{}: {} are left of {}", now.name, format_bytes(now.bytes),
                       format_bytes(bytes));
  return "";
}

/// Suddenly incompressible, as what is encrypted is; "" when not.
std::string find_encryption(const api::SnapshotComponent& now, const Components& history) {
  bool is_rewritten = now.bytes >= least_bytes && now.bytes_new >= least_bytes &&
                      share_of(now.bytes_new, now.bytes) >= rewritten_share;
  if (!is_rewritten || share_of(now.bytes_added, now.bytes_new) < incompressible_share) return "";
  std::int64_t added = 0;
  std::int64_t fresh = 0;
  for (const auto* component : history) {
    added += component->bytes_new > 0 ? component->bytes_added : 0;
    fresh += component->bytes_new;
  }
  if (fresh < least_bytes || share_of(added, fresh) > compressible_share) return "";
  return fmt::format(
      "{}: {} of {} are new and do not compress any more, as if encrypted; earlier "
      "data compressed to {:.0f} %",
      now.name, format_bytes(now.bytes_new), format_bytes(now.bytes), share_of(added, fresh) * 100);
}

}  // namespace

std::vector<std::string> find_unusual(const api::Snapshot& backup,
                                      const std::vector<api::Snapshot>& earlier) {
  auto newest_first = earlier;
  std::ranges::sort(newest_first, std::ranges::greater{},
                    [](const api::Snapshot& other) { return other.spec.time; });
  std::vector<std::string> found;
  for (const auto& component : backup.status.components) {
    // Objects of the API come and go; what is in them is in the volumes.
    if (component.kind == api::ComponentKind::resources) continue;
    auto history = history_of(component.name, newest_first);
    if (history.empty()) continue;
    for (auto& text : {find_loss(component, history), find_encryption(component, history)}) {
      if (!text.empty()) found.push_back(text);
    }
  }
  return found;
}

}  // namespace dmaas::controller
