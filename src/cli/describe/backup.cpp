#include <fmt/format.h>

#include "base/fields.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {

void tell(Story& story, const api::Snapshot& backup) {
  const auto& spec = backup.spec;
  const auto& status = backup.status;
  if (status.application)
    story.fact("Application", status.application->namespace_name + "/" + status.application->name);
  story.fact("Time", std::optional{spec.time});
  story.fact("Repository",
             kube::ObjectKey{spec.repository.namespace_name, spec.repository.name}.text());
  story.fact("Snapshot id", spec.snapshot_id);
  story.fact("Plan", status.plan);
  story.fact("Run",
             fmt::format("{}{}{}", spec.run, spec.run.empty() ? "" : ", ", name_of(spec.type)));
  story.fact("Chain", status.chain_position == 0
                          ? "a full backup"
                          : fmt::format("{} since the last full", status.chain_position));
  story.fact("Session", status.session);
  if (status.cluster)
    story.fact("Cluster", fmt::format("{} (uid {})", status.cluster->name, status.cluster->uid));
  story.fact("Complete", status.complete ? "yes" : "no");
  story.fact("One moment", status.point_in_time ? "yes" : "no");
  if (const auto& verification = status.verification; verification && verification->time) {
    story.fact("Verified",
               fmt::format("{}, {} ({}, session {})", verification->verified ? "yes" : "no",
                           describe_time(*verification->time, story.now()), verification->how,
                           verification->session));
  }
  story.fact("Objects", std::to_string(status.object_count));
  story.fact("Size", fmt::format("{}, {} were new", describe_bytes(status.total_bytes),
                                 describe_bytes(status.added_bytes)));
  story.fact("When deleted", spec.deletion_policy == api::DeletionPolicy::retain
                                 ? "only this object goes, the backup stays"
                                 : "the backup is erased");
  if (!status.components.empty()) {
    story.heading("Components");
    Table table({"NAME", "SIZE", "NEW", "FILES", "SNAPSHOT ID"});
    for (const auto& component : status.components) {
      table.add({component.name, describe_bytes(component.bytes),
                 describe_bytes(component.bytes_added), std::to_string(component.files),
                 component.snapshot_id.substr(0, 8)});
    }
    story.table(table);
  }
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
