#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// What the annotations dmaas.io/protection and dmaas.io/protection-message say of one object, and
/// where its kind has room for it the condition dmaas.io/Protected.
struct Protection {
  std::string state{};  // Ready, Pending or Failed; "" takes the annotations away
  std::string message{};
  bool operator==(const Protection&) const = default;
};

/// Whether nothing of a plan may show in the namespaces that it protects. Pure.
bool is_silent(const api::BackupConfiguration& plan);

/// What a plan's conditions mean for what it names. Pure.
Protection protection_of(const api::BackupConfiguration& plan);
/// Of several plans that name one object the worst counts. Pure.
Protection worst_of(std::vector<Protection> all);

/// The workloads and namespaces that a plan names and may write on: none of a silent one. Pure.
std::vector<api::ObjectReference> named_targets(const api::BackupConfiguration& plan);

/// Whether a plan names an object, in whatever form. Pure.
bool names(const api::BackupConfiguration& plan, const kube::Resource& resource,
           const kube::ObjectKey& target);
/// As the cluster serves what a plan names. Errors: not_found.
Result<kube::Resource> resource_of(World& world, const api::ObjectReference& target,
                                   std::stop_token stop);

/// Shows on what a plan names how it is protected, by this plan and by others, and takes it away
/// from what the plan named before; `status.shownOn` remembers. A target that is not there yet, or
/// that may not be written on, is left out. Errors: those of the API server.
Result<> show_protection(World& world, api::BackupConfiguration& plan, std::stop_token stop);
/// The plan is going: what it named is protected by others or not at all.
Result<> hide_protection(World& world, const api::BackupConfiguration& plan, std::stop_token stop);

/// Writes condition and annotations where they are not so yet.
Result<> write_protection(World& world, const kube::Resource& resource, const kube::ObjectKey& key,
                          const Protection& protection, std::stop_token stop);

}  // namespace dmaas::controller
