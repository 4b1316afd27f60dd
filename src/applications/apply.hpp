#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "applications/restore_plan.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::api {
enum class ExistingPolicy;
}

namespace dmaas::applications {

enum class ApplyOutcome { created, updated, unchanged, skipped, failed };
std::string_view name_of(ApplyOutcome outcome);

struct AppliedObject {
  ObjectId object{};  // as it is called at the destination
  ApplyOutcome outcome = ApplyOutcome::created;
  std::string message{};               // cause and remedy; "" for created
  std::vector<std::string> dropped{};  // fields that the server took the object without
};
/// Called by one thread at a time, in any order within a priority.
using AppliedSink = std::function<void(const AppliedObject&)>;

struct ApplyAccess {
  kube::Client& account;  // acts for the session's account: everything is written through it
  kube::Client& reader;   // reads what exists
  Clock& clock;
};

struct ApplyOptions {
  RestorePart part = RestorePart::configuration;
  api::ExistingPolicy existing{};
  std::chrono::seconds definition_timeout{60};  // until a new kind is served
  std::chrono::seconds removal_timeout{120};    // until an object that is made again is gone
};

/// Creates the objects of one part of the plan, priority after priority, several at a time within
/// one. Every object gets an outcome, failures do not stop the rest; what does not answer is tried
/// 7 times over a minute. An object that this very session restored before is unchanged, so a
/// second run continues the first.
///
/// Existing objects follow the policy, with these exceptions: claims are never changed nor deleted
/// (skipped); namespaces, definitions, storage, priority and runtime classes are never deleted,
/// recreate updates them; the account "default", which every namespace makes for itself, always
/// gets the backup's pull secrets.
///
/// Errors: cancelled, and nothing else.
Result<> apply_part(const RestorePlan& plan, const ResourceFiles& files, const ApplyAccess& access,
                    const ApplyOptions& options, const AppliedSink& sink, std::stop_token stop);

}  // namespace dmaas::applications
