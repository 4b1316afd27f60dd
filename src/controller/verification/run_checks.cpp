#include "controller/verification/run_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/backup_target.hpp"
#include "applications/readiness.hpp"
#include "applications/verification/expectation.hpp"
#include "controller/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::seconds pause{2};
constexpr std::chrono::seconds shortest_attempt{5};
constexpr std::size_t max_output_bytes = 64 << 10;

CheckOutcome try_ready(World& world, const CheckOccasion& occasion, std::stop_token stop) {
  auto unready = unready_workloads(world, occasion.scratch, std::move(stop));
  if (!unready) return {false, unready.error().message()};
  if (unready->empty()) return {true, "every workload is ready"};
  return {false, fmt::format("{} workloads are not ready, the first is {}", unready->size(),
                             unready->front())};
}

CheckOutcome try_exec(World& world, const api::ExecCheck& check, const CheckOccasion& occasion,
                      std::stop_token stop) {
  api::BackupTarget all{.name = "restored"};
  all.all_objects = true;
  all.namespaces = {occasion.scratch};
  auto pods = ready_pods_of(world, all, occasion.scratch, check.pod_selector, stop);
  if (!pods) return {false, pods.error().message()};
  if (pods->empty()) return {false, "no ready pod to run it in"};
  const auto& pod = pods->front();
  kube::ExecRequest request{
      .pod = kube::key_of(pod), .container = check.container, .command = check.command};
  if (request.container.empty())
    request.container = text_at(items_at(pod, "spec", "containers").at(0), "name");
  auto patience = std::max<std::chrono::nanoseconds>(occasion.patience, shortest_attempt);
  kube::ExecOptions options{
      .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(patience),
      .max_output_bytes = max_output_bytes};
  auto client = world.client.impersonating(occasion.account);
  auto ended = kube::execute(*client, request, options, std::move(stop));
  if (!ended) return {false, ended.error().message()};
  return judge_exec(check, *ended);
}

}  // namespace

CheckOutcome judge_exec(const api::ExecCheck& check, const kube::ExecResult& result) {
  if (result.exit_code != check.exit_code) {
    const auto& said =
        result.standard_error.empty() ? result.standard_output : result.standard_error;
    return {false, fmt::format("exit code {}, expected {}: {}", result.exit_code, check.exit_code,
                               applications::shortened_quote(said))};
  }
  auto mismatch = applications::find_mismatch(check.output, result.standard_output);
  if (!mismatch.empty()) return {false, "the output: " + mismatch};
  return {true, "the output is " + applications::shortened_quote(result.standard_output)};
}

CheckOutcome judge_files(const std::vector<api::RestoredVolume>& volumes) {
  std::int64_t files = 0;
  for (const auto& volume : volumes) {
    if (volume.volume_mode == "Block") {
      return {false, fmt::format("claim {} is a raw block volume, which has no files to compare: "
                                 "check its content by exec",
                                 volume.claim)};
    }
    files += volume.files_verified;
  }
  if (volumes.empty()) return {false, "the backup has no volume"};
  return {true, fmt::format("{} files of {} volumes are as the backup knows them", files,
                            volumes.size())};
}

Result<std::vector<std::string>> unready_workloads(World& world, const std::string& scratch,
                                                   std::stop_token stop) {
  using namespace kube::resources;
  std::vector<std::string> unready;
  for (const auto& resource : {stateful_sets(), deployments(), daemon_sets()}) {
    kube::ListOptions options{.namespace_name = scratch};
    for (const auto& object : TRY(kube::list_all(world.client, resource, options, stop))) {
      auto readiness = applications::readiness_of(object);
      if (readiness.state == applications::ReadinessState::ready) continue;
      unready.push_back(
          fmt::format("{} {}: {}", resource.kind, kube::name_of(object), readiness.reason));
    }
  }
  return unready;
}

CheckOutcome run_check(World& world, const api::VerificationCheck& check,
                       const CheckOccasion& occasion, std::stop_token stop) {
  auto deadline = world.clock.monotonic() + occasion.patience;
  while (true) {
    auto left = occasion;
    left.patience = deadline - world.clock.monotonic();
    auto outcome =
        check.exec ? try_exec(world, *check.exec, left, stop) : try_ready(world, left, stop);
    bool is_over = outcome.passed || world.clock.monotonic() + pause > deadline;
    if (is_over || !world.clock.sleep(pause, stop)) return outcome;
  }
}

}  // namespace dmaas::controller
