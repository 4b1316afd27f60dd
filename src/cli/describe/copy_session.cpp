#include <fmt/format.h>

#include "base/fields.hpp"
#include "cli/cluster/object_table.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {

void tell(Story& story, const api::CopySession& session) {
  const auto& spec = session.spec;
  const auto& status = session.status;
  const auto& own = session.metadata.namespace_name;
  story.fact("From", "repository " + spec.source.key(own).text());
  story.fact("To", "storage " + spec.storage.key(own).text());
  story.fact("Repository there", status.repository);
  story.fact("Cause", std::string(name_of(spec.cause)));
  story.fact("Plan", spec.plan ? spec.plan->name : "");
  story.fact("Phase", std::string(name_of(status.phase)));
  story.fact("Progress", status.progress);
  story.fact("Started", status.start_time);
  story.fact("Ended", status.completion_time);
  story.fact("Read", status.bytes_read > 0 ? describe_bytes(status.bytes_read) : "");
  story.fact("New there", status.bytes_read > 0 ? describe_bytes(status.bytes_added) : "");
  story.fact("Mover",
             status.pod ? fmt::format("{}/{}", status.pod->namespace_name, status.pod->name) : "");
  story.fact("Message", status.message);
  if (!status.backups.empty()) {
    story.heading("Backups");
    Table table({"BACKUP", "PHASE", "COPY", "MESSAGE"});
    for (const auto& backup : status.backups)
      table.add({backup.snapshot, std::string(name_of(backup.phase)), backup.copy, backup.message});
    story.table(table);
  }
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
