#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/in_place.hpp"
#include "kube/client/client.hpp"

/// What of a plan's application runs at the source of a migration.
namespace dmaas::cli {

/// The workloads that the plan's targets name, and those whose pods use a claim of its backups,
/// with the replicas that they have; CronJobs too, with 1 unless they are suspended. Errors:
/// unsupported (a pod uses a claim and cannot be stopped by us), those of the API server.
Result<std::vector<api::StoppedWorkload>> find_source_workloads(
    kube::Client& client, const api::BackupConfiguration& plan, std::stop_token stop);

/// Pods that use a claim of the plan's backups or belong to one of the workloads, "namespace/name".
Result<std::vector<std::string>> running_pods(kube::Client& client,
                                              const api::BackupConfiguration& plan,
                                              const std::vector<api::StoppedWorkload>& workloads,
                                              std::stop_token stop);

/// Scales to zero and suspends; repeating is harmless. One that is gone meanwhile is passed over.
Result<> stop_workloads(kube::Client& client, const std::vector<api::StoppedWorkload>& workloads,
                        std::stop_token stop);
/// Gives those back what they had that still have nothing.
Result<> start_workloads(kube::Client& client, const std::vector<api::StoppedWorkload>& workloads,
                         std::stop_token stop);

}  // namespace dmaas::cli
