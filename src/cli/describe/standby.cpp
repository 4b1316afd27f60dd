#include <fmt/format.h>

#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string text_of(const std::optional<api::StandbyBackup>& backup, Timestamp now) {
  if (!backup) return "";
  auto time = backup->time ? describe_time(*backup->time, now) : std::string();
  return backup->name.empty() ? time : fmt::format("{}, {}", backup->name, time);
}

std::string text_of(const std::map<std::string, std::string>& map) {
  std::string text;
  for (const auto& [from, to] : map)
    text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", from, to);
  return text;
}

void tell_last_sync(Story& story, const api::StandbySync& sync) {
  story.heading("Last synchronisation");
  story.fact("Session", sync.session);
  story.fact("Ended", sync.completion_time);
  story.fact("Took", format_duration(std::chrono::round<std::chrono::seconds>(sync.duration)));
  story.fact("Claims", std::to_string(sync.volumes));
  story.fact("Written", fmt::format("{} of {}", describe_bytes(sync.bytes_written),
                                    describe_bytes(sync.bytes_total)));
}

}  // namespace

void tell(Story& story, const api::Standby& standby) {
  const auto& spec = standby.spec;
  const auto& status = standby.status;
  story.fact("Repository", spec.repository.key(standby.metadata.namespace_name).text());
  story.fact("Namespaces", text_of(spec.namespace_map));
  story.fact("Storage classes", text_of(spec.storage_class_map));
  story.fact("Acts as",
             spec.service_account_name.empty() ? "" : "account " + spec.service_account_name);
  story.fact("Data", spec.keep_data_in_sync ? "follows each backup" : "comes with the activation");
  story.fact("Looks for backups", "every " + format_duration(spec.refresh_interval));
  story.fact("Wanted", spec.activate ? "active" : "");
  story.fact("Phase", std::string(name_of(status.phase)));
  story.fact("Message", status.message);
  story.fact("Session", status.work ? status.work->session : "");
  story.fact("Tried again", status.retry_time);
  story.fact("Newest backup", text_of(status.newest, story.now()));
  story.fact("Synced backup", text_of(status.synced, story.now()));
  story.fact("Tried backup", text_of(status.checked, story.now()));
  story.fact("Active since", status.activation_time);
  story.fact("Started from", text_of(status.active, story.now()));
  story.fact("Started in", status.time_to_activate);
  story.fact("Claims hold",
             status.data == api::StandbyData::changed
                 ? "what the application wrote here"
                 : (status.data == api::StandbyData::partial ? "a part of a backup" : ""));
  if (status.last_sync) tell_last_sync(story, *status.last_sync);
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
