#include "kube/testing/fake_storage.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/time_text.hpp"
#include "kube/object/object.hpp"
#include "kube/object/selector.hpp"

namespace dmaas::kube {
namespace {

constexpr std::size_t max_history = 10'000;

std::unexpected<Error> refuse(ErrorCode code, const Resource& resource, const ObjectKey& key,
                              std::string_view why) {
  return fail(code, resource.name() + " " + key.text() + ": " + std::string(why));
}

/// "metadata.name=x,metadata.namespace!=y", also on any other text field.
bool matches_fields(const Json& object, const std::string& selector) {
  for (std::size_t begin = 0; begin < selector.size();) {
    auto end = std::min(selector.find(',', begin), selector.size());
    auto term = selector.substr(begin, end - begin);
    begin = end + 1;
    auto equals = term.find('=');
    if (equals == std::string::npos) continue;
    bool negated = equals > 0 && term[equals - 1] == '!';
    const Json* place = &object;
    auto path = term.substr(0, negated ? equals - 1 : equals);
    for (std::size_t step = 0; place != nullptr && step <= path.size();) {
      auto dot = std::min(path.find('.', step), path.size());
      place = dmaas::find(*place, path.substr(step, dot - step));
      step = dot + 1;
    }
    auto value = place != nullptr && place->is_string() ? std::string(place->get_string()) : "";
    if ((value == term.substr(equals + 1)) == negated) return false;
  }
  return true;
}

bool is_selected(const Json& object, const std::string& namespace_name, const std::string& labels,
                 const std::string& fields) {
  if (!namespace_name.empty() && namespace_of(object) != namespace_name) return false;
  auto selector = LabelSelector::parse(labels);
  return selector && selector->matches(labels_of(object)) && matches_fields(object, fields);
}

Json without(Json object, std::string_view member) {
  if (object.is_object()) object.get_object().stable_erase(member);
  return object;
}

bool is_same_spec(const Json& a, const Json& b) {
  return without(without(a, "metadata"), "status") == without(without(b, "metadata"), "status");
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The main resource keeps the stored status, the status subresource everything else.
Json combine(const Json& stored, const Json& wanted, const std::string& subresource) {
  const Json& rest = subresource == "status" ? stored : wanted;
  const Json& status = subresource == "status" ? wanted : stored;
  Json combined = without(rest, "status");
  if (const Json* value = find(status, "status")) combined.get_object()["status"] = *value;
  return combined;
}

/// What only the server decides stays as it was.
void keep_server_fields(const Json& stored, Json& wanted) {
  auto& metadata = ensure_object(wanted, "metadata");
  for (auto name : {"uid", "creationTimestamp", "deletionTimestamp", "generation",
                    "resourceVersion", "name", "namespace"}) {
    if (const Json* value = find(stored, "metadata", name)) {
      metadata[name] = *value;
    } else {
      metadata.stable_erase(name);
    }
  }
}

}  // namespace

Json FakeStorage::seed(const Resource& resource, Json object) {
  std::lock_guard lock{mutex_};
  auto filled = fill_identity(resource, std::move(object));
  auto& place = objects_[resource.name()];
  auto key = key_of(filled);
  std::optional<Json> before;
  if (auto found = place.find(key); found != place.end()) before = found->second;
  ensure_object(filled, "metadata")["resourceVersion"] = std::to_string(version_ + 1);
  place[key] = filled;
  append(resource, std::move(before), filled);
  return filled;
}

std::optional<Json> FakeStorage::find(const Resource& resource, const ObjectKey& key) const {
  std::lock_guard lock{mutex_};
  auto objects = objects_.find(resource.name());
  if (objects == objects_.end()) return std::nullopt;
  auto found = objects->second.find(key);
  return found == objects->second.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Json> FakeStorage::all(const Resource& resource) const {
  return snapshot(resource, {}).first;
}

std::pair<std::vector<Json>, std::string> FakeStorage::snapshot(const Resource& resource,
                                                                const ListOptions& options) const {
  std::lock_guard lock{mutex_};
  std::vector<Json> selected;
  if (auto objects = objects_.find(resource.name()); objects != objects_.end()) {
    for (const auto& [key, object] : objects->second) {
      if (is_selected(object, options.namespace_name, options.label_selector,
                      options.field_selector)) {
        selected.push_back(object);
      }
    }
  }
  return {std::move(selected), std::to_string(version_)};
}

Json FakeStorage::fill_identity(const Resource& resource, Json object) {
  if (kind_of(object).empty()) {
    object.get_object()["apiVersion"] = resource.api_version();
    object.get_object()["kind"] = resource.kind;
  }
  auto& metadata = ensure_object(object, "metadata");
  auto set = [&](std::string_view name, Json value) {
    if (!metadata.contains(name)) metadata[name] = std::move(value);
  };
  if (name_of(object).empty() && metadata.contains("generateName")) {
    auto number = std::to_string(++names_);
    metadata["name"] = text_at(object, "metadata", "generateName") +
                       std::string(5 - std::min<std::size_t>(5, number.size()), '0') + number;
  }
  std::array<char, 40> uid{};
  std::snprintf(uid.data(), uid.size(), "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(++names_));
  set("uid", uid.data());
  set("creationTimestamp", Json(format_seconds(clock_.now())));
  set("generation", 1);
  return object;
}

Result<Json> FakeStorage::create(const Resource& resource, Json object, DryRun dry_run) {
  std::lock_guard lock{mutex_};
  auto& given = ensure_object(object, "metadata");
  for (auto name : {"uid", "creationTimestamp", "deletionTimestamp", "generation"})
    given.stable_erase(name);
  auto filled = without(fill_identity(resource, std::move(object)), "status");
  auto key = key_of(filled);
  if (key.name.empty()) return refuse(ErrorCode::invalid_input, resource, key, "name is required");
  if (objects_[resource.name()].contains(key)) {
    return refuse(ErrorCode::already_exists, resource, key, "AlreadyExists");
  }
  return store(resource, std::nullopt, std::move(filled), dry_run);
}

Result<Json> FakeStorage::update(const Resource& resource, const ObjectKey& key,
                                 const WriteOptions& options, const Change& change) {
  std::lock_guard lock{mutex_};
  auto& objects = objects_[resource.name()];
  auto found = objects.find(key);
  if (found == objects.end()) return refuse(ErrorCode::not_found, resource, key, "NotFound");
  const Json stored = found->second;
  auto wanted = TRY(change(stored));
  auto version = resource_version_of(wanted);
  if (!version.empty() && version != resource_version_of(stored)) {
    return refuse(ErrorCode::conflict, resource, key, "Conflict: the object has been modified");
  }
  if (!uid_of(wanted).empty() && uid_of(wanted) != uid_of(stored)) {
    return refuse(ErrorCode::conflict, resource, key, "Conflict: the uid differs");
  }
  auto combined = combine(stored, wanted, options.subresource);
  keep_server_fields(stored, combined);
  return store(resource, stored, std::move(combined), options.dry_run);
}

Result<Json> FakeStorage::apply(const Resource& resource, const Json& object,
                                const WriteOptions& options) {
  auto key = key_of(object);
  bool is_status = options.subresource == "status";
  if (!is_status && !find(resource, key)) {
    auto created = TRY(create(resource, without(object, "status"), options.dry_run));
    std::lock_guard lock{mutex_};
    if (options.dry_run == DryRun::no) {
      applied_[{resource.name(), key}] = {{options.field_manager, without(object, "status")}};
    }
    return created;
  }
  auto manager = options.field_manager + (is_status ? "/status" : "");
  auto fields = is_status ? Json(JsonObject{}) : without(object, "status");
  if (const Json* status = dmaas::find(object, "status"); is_status && status != nullptr) {
    fields.get_object()["status"] = *status;
  }
  return update(resource, key, options, [&](const Json& stored) -> Result<Json> {
    auto& all = applied_[{resource.name(), key}];
    Json before;
    std::vector<AppliedFields> others;
    for (const auto& one : all) {
      if (one.manager == manager) {
        before = one.fields;
      } else {
        others.push_back(one);
      }
    }
    auto conflict = find_field_conflict(fields, others);
    if (!conflict.empty() && options.force == Force::no) {
      return refuse(ErrorCode::conflict, resource, key, "another manager owns " + conflict);
    }
    Json target = stored;
    apply_fields(target, fields, before, others);
    if (options.dry_run == DryRun::no) {
      others.push_back({manager, fields});
      all = std::move(others);
    }
    return target;
  });
}

Result<> FakeStorage::remove(const Resource& resource, const ObjectKey& key,
                             const RemoveOptions& options) {
  std::lock_guard lock{mutex_};
  auto& objects = objects_[resource.name()];
  auto found = objects.find(key);
  if (found == objects.end()) return refuse(ErrorCode::not_found, resource, key, "NotFound");
  if (!options.uid.empty() && options.uid != uid_of(found->second)) {
    return refuse(ErrorCode::conflict, resource, key, "Conflict: the uid differs");
  }
  if (is_terminating(found->second)) return {};
  const Json stored = found->second;
  Json after = stored;
  ensure_object(after, "metadata")["deletionTimestamp"] = format_seconds(clock_.now());
  store(resource, stored, std::move(after), options.dry_run);
  return {};
}

Json FakeStorage::store(const Resource& resource, std::optional<Json> before, Json after,
                        DryRun dry_run) {
  auto key = key_of(after);
  auto& metadata = ensure_object(after, "metadata");
  if (before && !is_same_spec(*before, after)) metadata["generation"] = generation_of(*before) + 1;
  if (before && *before == after) return after;
  if (dry_run == DryRun::yes) return after;

  metadata["resourceVersion"] = std::to_string(version_ + 1);
  bool is_gone = is_terminating(after) && finalizers_of(after).empty();
  if (is_gone) {
    objects_[resource.name()].erase(key);
    applied_.erase({resource.name(), key});
    append(resource, after, std::nullopt);
  } else {
    objects_[resource.name()][key] = after;
    append(resource, std::move(before), after);
  }
  return after;
}

void FakeStorage::append(const Resource& resource, std::optional<Json> before,
                         std::optional<Json> after) {
  history_.push_back({++version_, resource.name(), std::move(before), std::move(after)});
  if (history_.size() > max_history) {
    compacted_ = history_.front().version;
    history_.pop_front();
  }
  changed_.notify_all();
}

std::vector<WatchEvent> FakeStorage::events_since(const Resource& resource,
                                                  const WatchOptions& options,
                                                  Position& position) const {
  auto selected = [&](const std::optional<Json>& object) {
    return object && is_selected(*object, options.namespace_name, options.label_selector,
                                 options.field_selector);
  };
  std::vector<WatchEvent> events;
  for (const auto& entry : history_) {
    if (entry.version <= position.version) continue;
    position.version = entry.version;
    if (entry.resource != resource.name()) continue;
    bool was = selected(entry.before);
    bool is = selected(entry.after);
    if (is) events.push_back({was ? EventType::modified : EventType::added, *entry.after});
    if (was && !is)
      events.push_back({EventType::deleted, entry.after ? *entry.after : *entry.before});
  }
  if (!events.empty()) {
    JsonObject metadata{{"resourceVersion", std::to_string(position.version)}};
    events.push_back({EventType::bookmark, JsonObject{{"metadata", std::move(metadata)}}});
  }
  return events;
}

std::optional<WatchEnd> FakeStorage::end_of(const Position& position) const {
  if (expirations_ != position.expirations || position.version < compacted_)
    return WatchEnd::expired;
  if (closings_ != position.closings) return WatchEnd::closed;
  return std::nullopt;
}

Result<WatchEnd> FakeStorage::watch(const Resource& resource, const WatchOptions& options,
                                    const WatchSink& sink, std::stop_token stop) {
  Position position;
  if (options.resource_version.empty()) {
    auto [objects, version] = snapshot(
        resource, {options.namespace_name, options.label_selector, options.field_selector});
    for (auto& object : objects) TRY(sink({EventType::added, std::move(object)}));
    position.version = number_in(version);
  } else {
    position.version = number_in(options.resource_version);
  }
  std::unique_lock lock{mutex_};
  position.closings = closings_;
  position.expirations = expirations_;
  while (true) {
    if (auto end = end_of(position)) return *end;
    auto events = events_since(resource, options, position);
    if (events.empty()) {
      auto news = [&] { return end_of(position) || version_ > position.version; };
      if (!changed_.wait(lock, stop, news)) return fail(ErrorCode::cancelled, "watch: stopped");
      continue;
    }
    lock.unlock();
    for (auto& event : events) TRY(sink(std::move(event)));
    lock.lock();
  }
}

void FakeStorage::expire_watches() {
  std::lock_guard lock{mutex_};
  compacted_ = version_;
  ++expirations_;
  changed_.notify_all();
}

void FakeStorage::close_watches() {
  std::lock_guard lock{mutex_};
  ++closings_;
  changed_.notify_all();
}

FakeStorage::Answers FakeStorage::answers() const {
  std::lock_guard lock{mutex_};
  return answers_;
}

void FakeStorage::change_answers(const std::function<void(Answers&)>& change) {
  std::lock_guard lock{mutex_};
  change(answers_);
}

void FakeStorage::record(RecordedCall call) {
  std::lock_guard lock{mutex_};
  calls_.push_back(std::move(call));
}

std::vector<RecordedCall> FakeStorage::calls() const {
  std::lock_guard lock{mutex_};
  return calls_;
}

void FakeStorage::clear_calls() {
  std::lock_guard lock{mutex_};
  calls_.clear();
}

}  // namespace dmaas::kube
