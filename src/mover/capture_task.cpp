#include <fmt/format.h>

#include "api/backup_document.hpp"
#include "applications/capture.hpp"
#include "applications/commits.hpp"
#include "applications/discover.hpp"
#include "engine/archive/back_up.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/client/in_cluster.hpp"
#include "mover/task.hpp"
#include "mover/task_result.hpp"

namespace dmaas::mover {
namespace {

constexpr std::string_view system_namespace = "dmaas-system";

applications::Secrets secrets_of(const api::OrderCapture& order) {
  return order.exclude_secrets ? applications::Secrets::leave_out : applications::Secrets::keep;
}

std::vector<applications::Target> targets_of(const api::OrderCapture& order) {
  auto reach = order.namespace_name == system_namespace ? applications::Reach::cluster
                                                        : applications::Reach::namespaces;
  std::vector<applications::Target> targets;
  for (const auto& target : order.targets) {
    targets.push_back(
        applications::to_target(target, order.namespace_name, secrets_of(order), reach));
  }
  return targets;
}

/// Equal objects must give equal trees, so every file bears the same time.
engine::VirtualFile file_of(const std::string& path, std::string_view content) {
  return {.path = path, .content = bytes_of(content)};
}

/// A session commits once: what a lost mover has committed is the result.
api::MoverResult result_of_commit(const engine::StoredSnapshot& commit) {
  api::MoverResult result{.outcome = api::MoverOutcome::succeeded};
  result.snapshot_id = commit.id.hex();
  result.tree_id = commit.snapshot.tree.hex();
  if (const auto& counts = commit.snapshot.summary) {
    result.bytes = static_cast<std::int64_t>(counts->total_bytes_processed);
    result.bytes_added = static_cast<std::int64_t>(counts->data_added_packed);
    result.bytes_new = static_cast<std::int64_t>(counts->data_added);
  }
  return result;
}

}  // namespace

Result<api::MoverResult> back_up_resources(const TaskContext& context, std::stop_token stop) {
  if (context.order.attempt > 1) {
    auto commit =
        TRY(applications::find_commit(context.repository, context.order.session.uid, stop));
    if (commit) return result_of_commit(*commit);
  }
  const auto& order = *context.order.capture;
  auto access =
      TRY(kube::load_cluster_access({.environment = kube::process_environment()}, context.clock));
  auto client = TRY(kube::open_client(access, context.clock));
  auto view = TRY(applications::ClientView::open(*client, stop));
  auto application = TRY(applications::discover(view, targets_of(order), stop));
  if (!application.missing_targets.empty()) {
    return fail(ErrorCode::not_found, fmt::format("nothing matches target {} any more",
                                                  application.missing_targets.front()));
  }
  if (!application.obstacles.empty())
    return fail(ErrorCode::not_found, application.obstacles.front());
  auto document = order.document;
  applications::CaptureSummary captured;
  auto provide = [&](const engine::FileSink& sink) -> Result<> {
    auto pass_on = [&](const std::string& path, std::string_view content) {
      return sink(file_of(path, content));
    };
    captured = TRY(applications::capture(view, application, secrets_of(order), pass_on, stop));
    document.object_count = static_cast<std::int32_t>(captured.objects);
    auto text = api::encode_backup_document(document);
    return sink(file_of(std::string(api::BackupDocument::path), text));
  };
  auto options = TRY(backup_options(context, stop));
  auto summary =
      TRY(engine::back_up_files(context.repository, provide, options, context.progress, stop));
  auto result = result_of(summary, context.order);
  result.files = static_cast<std::int64_t>(captured.objects);
  result.report = JsonObject{{"objects", captured.objects}, {"vanished", captured.vanished.size()}};
  if (captured.removed_values > 0) {
    result.warnings.push_back(
        fmt::format("values of Secrets were taken out of {} places in other objects: a restore "
                    "lists them",
                    captured.removed_values));
  }
  for (const auto& vanished : captured.vanished) {
    if (result.warnings.size() < 50)
      result.warnings.push_back(vanished.text() + " was deleted while the backup ran");
  }
  return result;
}

}  // namespace dmaas::mover
