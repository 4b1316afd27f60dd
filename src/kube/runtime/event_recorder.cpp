#include "kube/runtime/event_recorder.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "crypto/random.hpp"
#include "kube/object/micro_time.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

constexpr std::size_t max_message_bytes = 1024;
constexpr std::size_t max_series = 4096;
constexpr std::size_t max_name_prefix = 200;

/// Cut between characters of UTF-8.
std::string cut(const std::string& text) {
  if (text.size() <= max_message_bytes) return text;
  auto end = max_message_bytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

/// Events of cluster-scoped objects live in "default".
std::string namespace_for(const Json& regarding) {
  auto namespace_name = namespace_of(regarding);
  return namespace_name.empty() ? "default" : namespace_name;
}

Json reference_to(const Json& object) {
  JsonObject reference{{"apiVersion", api_version_of(object)},
                       {"kind", kind_of(object)},
                       {"name", name_of(object)},
                       {"uid", uid_of(object)}};
  if (!namespace_of(object).empty()) reference["namespace"] = namespace_of(object);
  return reference;
}

std::string identity_of(const Json& regarding, const EventNote& note) {
  auto severity = note.severity == EventSeverity::warning ? "w" : "n";
  return text_at(regarding, "kind") + "\n" + text_at(regarding, "namespace") + "\n" +
         text_at(regarding, "name") + "\n" + text_at(regarding, "uid") + "\n" + severity + "\n" +
         note.reason + "\n" + note.message;
}

}  // namespace

EventRecorder::EventRecorder(Client& client, EventRecorderOptions options)
    : client_(client),
      options_(std::move(options)),
      thread_([this](std::stop_token stop) { run(stop); }) {}

EventRecorder::~EventRecorder() = default;

void EventRecorder::record(const Json& regarding, const EventNote& note) {
  std::lock_guard lock{mutex_};
  if (waiting_.size() >= options_.max_waiting) return;
  waiting_.push_back(
      {namespace_for(regarding), reference_to(regarding), note, options_.clock->now()});
  waiting_.back().note.message = cut(note.message);
  changed_.notify_all();
}

bool EventRecorder::flush(std::stop_token stop) {
  std::unique_lock lock{mutex_};
  return changed_.wait(lock, stop, [&] { return waiting_.empty() && !writing_; });
}

void EventRecorder::run(std::stop_token stop) {
  std::unique_lock lock{mutex_};
  while (changed_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    writing_ = true;
    lock.unlock();
    write(next, stop);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

void EventRecorder::write(const Waiting& waiting, std::stop_token stop) {
  auto identity = identity_of(waiting.regarding, waiting.note);
  if (raise_count(identity, waiting, stop)) return;
  auto name = text_at(waiting.regarding, "name").substr(0, max_name_prefix) + "." +
              hex_encode(crypto::random_bytes(8));
  auto created = client_.create(resources::events(), new_event(waiting, name), {}, stop);
  if (!created) {
    // An event is only told; the cause stands in the object's status too.
    if (!stop.stop_requested()) {
      log_warning("an event was not written", {{"error", created.error().message()}});
    }
    return;
  }
  if (series_.size() >= max_series) series_.clear();
  series_[identity] = {name, 1, waiting.time};
}

bool EventRecorder::raise_count(const std::string& identity, const Waiting& waiting,
                                std::stop_token stop) {
  auto found = series_.find(identity);
  if (found == series_.end()) return false;
  if (waiting.time - found->second.last > options_.series_window) {
    series_.erase(found);
    return false;
  }
  auto& series = found->second;
  JsonObject counted{{"count", series.count + 1},
                     {"lastObservedTime", format_micro_time(waiting.time)}};
  Patch patch{PatchKind::merge, JsonObject{{"series", std::move(counted)}}};
  auto patched =
      client_.patch(resources::events(), {waiting.namespace_name, series.name}, patch, {}, stop);
  if (!patched) {  // expired on the server, for example
    series_.erase(found);
    return false;
  }
  ++series.count;
  series.last = waiting.time;
  return true;
}

Json EventRecorder::new_event(const Waiting& waiting, const std::string& name) const {
  const auto& note = waiting.note;
  auto event = make_object(resources::events(), {waiting.namespace_name, name});
  auto& object = event.get_object();
  object["eventTime"] = format_micro_time(waiting.time);
  object["reportingController"] = options_.component;
  object["reportingInstance"] = options_.instance.empty() ? options_.component : options_.instance;
  object["action"] = note.action.empty() ? note.reason : note.action;
  object["reason"] = note.reason;
  object["regarding"] = waiting.regarding;
  object["note"] = note.message;
  object["type"] = note.severity == EventSeverity::warning ? "Warning" : "Normal";
  return event;
}

}  // namespace dmaas::kube
