#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "api/references.hpp"

/// Restoring data into claims that exist.
namespace dmaas::api {

/// What happens to what uses such a claim.
enum class QuiesceMethod { refuse_if_in_use, scale_to_zero, hook };
constexpr auto names_of(QuiesceMethod) {
  return std::to_array<std::string_view>({"refuseIfInUse", "scaleToZero", "hook"});
}

/// What happens to files of a volume that the backup does not have.
enum class ExtraFiles { remove, keep };
constexpr auto names_of(ExtraFiles) {
  return std::to_array<std::string_view>({"delete", "keep"});
}

/// How a file that exists is found to be what the backup has.
enum class FileComparison { content, times };
constexpr auto names_of(FileComparison) {
  return std::to_array<std::string_view>({"content", "times"});
}

/// What happens when a volume of the backup has no claim here.
enum class MissingClaims { refuse, create };
constexpr auto names_of(MissingClaims) {
  return std::to_array<std::string_view>({"refuse", "create"});
}

struct InPlaceRestore {
  QuiesceMethod quiesce = QuiesceMethod::refuse_if_in_use;
  std::optional<NamespacedReference> hook{};
  ExtraFiles extra_files = ExtraFiles::remove;
  FileComparison compare = FileComparison::content;
  MissingClaims missing_claims = MissingClaims::refuse;
  std::map<std::string, std::string> claim_map{};
  bool operator==(const InPlaceRestore&) const = default;

  static void fields(auto& self, auto&& field) {
    field("quiesce", self.quiesce,
          "What happens to pods that use a claim: refuseIfInUse ends the session before it changes "
          "anything; scaleToZero sets the replicas of their workloads to 0 and back to what they "
          "were, also after a failure. An autoscaler leaves a workload of 0 replicas alone. hook: "
          "they go on, and hookRef holds them still.",
          rule::with_default);
    field(
        "hookRef", self.hook,
        "With quiesce: hook, the HookTemplate with undo and maxQuiesce that holds still what uses "
        "the claims. It runs in every pod that uses one, whatever the template says of pods, and "
        "is undone when the data is written and when the session ends in any other way. Data that "
        "is not written within maxQuiesce fails the session.");
    field("extraFiles", self.extra_files,
          "Files of a volume that the backup does not have: delete makes the volume what it was, "
          "keep leaves them. A mixture of two moments is for a database no state that it ever "
          "had.",
          rule::with_default);
    field(
        "compare", self.compare,
        "Only what differs is written. content reads what is there and compares it; times takes a "
        "file of equal size and time of change for equal without reading it: for claims that "
        "nothing but restores has written to since the last one that succeeded.",
        rule::with_default);
    field("missingClaims", self.missing_claims,
          "With data: dataOnly, when a volume of the backup has no claim here: refuse ends the "
          "session before it changes anything, create makes it.",
          rule::with_default);
    field("claimMap", self.claim_map,
          "From claims of the backup to claims here, where an application has other replicas or "
          "names. A claim that is not named keeps its name. Only with data: dataOnly.",
          rule::max_items(200));
    field.rule("(self.quiesce == 'hook') == has(self.hookRef)",
               "quiesce: hook and hookRef go together");
  }
};

enum class WorkloadState { found, stopped, restored, abandoned };
constexpr auto names_of(WorkloadState) {
  return std::to_array<std::string_view>({"Found", "Stopped", "Restored", "Abandoned"});
}

/// A workload that is scaled to zero while its claims are filled. Written before it is.
struct StoppedWorkload {
  std::string api_version{};
  std::string kind{};
  std::string namespace_name{};
  std::string name{};
  std::string uid{};
  std::int32_t replicas = 0;
  WorkloadState state = WorkloadState::found;
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("apiVersion", self.api_version, "Of the workload.", rule::required);
    field("kind", self.kind, "Of the workload.", rule::required);
    field("namespace", self.namespace_name, "Its namespace.", rule::required);
    field("name", self.name, "Its name.", rule::required);
    field("uid", self.uid, "Its UID: another one of its name is not touched.");
    field("replicas", self.replicas, "How many it had, and gets back.", rule::always);
    field(
        "state", self.state,
        "Found: it is about to be scaled to zero. Abandoned: it could not be scaled back; message "
        "says what helps.",
        rule::always);
    field("message", self.message, "What went wrong, and what helps.");
  }
};

}  // namespace dmaas::api
