#include "cli/describe/describe.hpp"

#include "base/yaml.hpp"
#include "cli/cluster/kind_names.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

void tell_spec(Story& story, const Json& object) {
  if (const Json* spec = find(object, "spec")) {
    story.heading("Spec");
    story.lines({to_yaml(*spec)});
  }
  story.conditions(kube::conditions_of(object));
}

template <class Kind>
Result<bool> tell_if(Story& story, const api::KindInfo& kind, const Json& object) {
  if (kind.kind != api::kind_info<Kind>().kind) return false;
  tell(story, TRY(api::decode<Kind>(object)));
  return true;
}

template <class... Kinds>
Result<bool> tell_any(Story& story, const api::KindInfo& kind, const Json& object) {
  Result<bool> told = false;
  static_cast<void>(((told = tell_if<Kinds>(story, kind, object), !told || *told) || ...));
  return told;
}

}  // namespace

Result<std::string> describe_object(const api::KindInfo& kind, const Json& object,
                                    const std::vector<Json>& events, Timestamp now) {
  Story story(now);
  auto word = singular_word(kind);
  word.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(word.front())));
  story.fact(word, kube::key_of(object).text());
  if (kube::is_terminating(object)) story.fact("Deleted", "yes; it goes once it is cleaned up");
  bool told = TRY((
      tell_any<api::BackupSession, api::RestoreSession, api::BackupConfiguration, api::Snapshot,
               api::BackupStorage, api::Repository, api::BackupPolicy, api::BackupVerifier,
               api::VerificationSession, api::CopySession, api::Standby, api::RestoreConfiguration>(
          story, kind, object)));
  if (!told) tell_spec(story, object);
  story.events(events);
  return story.text();
}

}  // namespace dmaas::cli
