#include <fmt/format.h>

#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string times_of(const api::RestoreConfigurationSpec& spec) {
  if (spec.interval) return "every " + format_duration(*spec.interval);
  return spec.schedule + (spec.time_zone.empty() ? "" : " " + spec.time_zone);
}

std::string text_of(const api::RefilledBackup& backup, Timestamp now) {
  auto time = backup.time ? describe_time(*backup.time, now) : std::string();
  return backup.name.empty() ? time : fmt::format("{}, {}", backup.name, time);
}

}  // namespace

void tell(Story& story, const api::RestoreConfiguration& refill) {
  const auto& spec = refill.spec;
  const auto& status = refill.status;
  story.fact("From", source_of(spec.session_template.source));
  story.fact("Schedule", times_of(spec));
  story.fact("Start deadline", spec.start_deadline ? format_duration(*spec.start_deadline) : "");
  story.fact("Paused", spec.paused ? "yes" : "");
  story.fact("An unchanged backup", spec.unchanged == api::UnchangedBackup::skip
                                        ? "is not restored again"
                                        : "is restored again");
  tell_template(story, spec.session_template);
  story.fact("Next", status.next_time);
  story.fact("Session", status.running);
  if (status.last_session) {
    story.fact("Last session", fmt::format("{}, {}", status.last_session->session,
                                           name_of(status.last_session->stage)));
  }
  story.fact("Last success", status.last_success_time);
  story.fact("Restored", status.last_restored ? text_of(*status.last_restored, story.now()) : "");
  if (status.last_skipped) {
    story.fact("Last skipped",
               fmt::format("{}: {}", describe_time(status.last_skipped->time, story.now()),
                           status.last_skipped->message));
  }
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
