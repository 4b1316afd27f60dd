#include "applications/capture.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include "applications/resource_path.hpp"
#include "applications/secrecy/left_out_document.hpp"
#include "applications/secrecy/secret_values.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

/// Up to this many objects of one kind and namespace are read one by one, more by listing the
/// namespace.
constexpr std::size_t max_single_reads = 8;

/// Members of one kind in one namespace.
struct Batch {
  std::vector<kube::Resource> versions{};  // of the kind
  std::span<const Member> members{};

  const kube::Resource& preferred() const { return members.front().resource; }
  const std::string& namespace_name() const { return members.front().id.key.namespace_name; }
};

std::vector<kube::Resource> readable_versions(const kube::Discovery& discovery,
                                              const kube::Resource& preferred) {
  std::vector<kube::Resource> versions;
  for (const auto& served : discovery.all()) {
    const auto& resource = served.resource;
    if (resource.group == preferred.group && resource.plural == preferred.plural &&
        served.allows("get")) {
      versions.push_back(resource);
    }
  }
  if (versions.empty()) versions.push_back(preferred);
  std::ranges::sort(versions, {}, &kube::Resource::version);
  return versions;
}

std::vector<Batch> batches_of(const std::vector<Member>& sorted, const kube::Discovery& discovery) {
  std::vector<Batch> batches;
  for (auto first = sorted.begin(); first != sorted.end();) {
    auto last = std::find_if_not(first, sorted.end(), [&](const Member& member) {
      return member.resource == first->resource &&
             member.id.key.namespace_name == first->id.key.namespace_name;
    });
    batches.push_back({readable_versions(discovery, first->resource), {first, last}});
    first = last;
  }
  return batches;
}

std::string index_document(const std::vector<Batch>& batches) {
  std::map<std::string, Json> kinds;
  for (const auto& batch : batches) {
    const kube::Resource& preferred = batch.preferred();
    JsonArray versions;
    for (const auto& version : batch.versions) versions.emplace_back(version.version);
    kinds[preferred.name()] =
        JsonObject{{"group", preferred.group},       {"resource", preferred.plural},
                   {"kind", preferred.kind},         {"namespaced", preferred.namespaced},
                   {"preferred", preferred.version}, {"versions", std::move(versions)}};
  }
  JsonArray resources;
  for (auto& [name, kind] : kinds) resources.push_back(std::move(kind));
  return to_canonical_text(JsonObject{{"formatVersion", 1}, {"resources", std::move(resources)}});
}

std::string discovery_document(const kube::Discovery& discovery) {
  JsonArray resources;
  for (const auto& served : discovery.all()) {
    resources.push_back(JsonObject{{"group", served.resource.group},
                                   {"version", served.resource.version},
                                   {"resource", served.resource.plural},
                                   {"kind", served.resource.kind},
                                   {"namespaced", served.resource.namespaced},
                                   {"preferred", served.preferred}});
  }
  return to_canonical_text(JsonObject{{"resources", std::move(resources)}});
}

class Capture {
public:
  Capture(const ClusterView& view, const SecretValues& secrets, const FileSink& sink,
          std::stop_token stop)
      : view_(view), secrets_(secrets), sink_(sink), stop_(std::move(stop)) {}

  Result<> hand(const std::string& path, std::string_view content) {
    ++summary_.files;
    summary_.bytes += content.size();
    return sink_(path, content);
  }

  Result<> read(const Batch& batch) {
    for (const auto& version : batch.versions) {
      TRY(batch.members.size() <= max_single_reads ? read_each(version, batch)
                                                   : read_list(version, batch));
    }
    return {};
  }

  std::vector<LeftOutValue> take_left_out() { return std::move(left_out_); }

  CaptureSummary finish() {
    std::ranges::sort(summary_.vanished);
    const auto repeated = std::ranges::unique(summary_.vanished);
    summary_.vanished.erase(repeated.begin(), repeated.end());
    return std::move(summary_);
  }

private:
  Result<> hand_object(const kube::Resource& version, const Member& member, Json object) {
    const bool is_preferred = version == member.resource;
    if (is_preferred) ++summary_.objects;
    auto stored = stored_form(std::move(object));
    const auto removed = secrets_.remove_from(stored);
    if (is_preferred) note(member.id, removed);
    const ResourcePath path{version.group, version.plural, version.version, member.id.key};
    return hand(path.text(), to_canonical_text(stored));
  }

  void note(const ObjectId& object, const std::vector<RemovedValue>& removed) {
    summary_.removed_values += removed.size();
    for (const auto& value : removed) {
      if (left_out_.size() < LeftOutDocument::max_values)
        left_out_.push_back({object.text(), value.field, value.secret.text(), value.key});
    }
  }

  Result<> read_each(const kube::Resource& version, const Batch& batch) {
    for (const auto& member : batch.members) {
      auto object = view_.get(version, member.id.key, stop_);
      if (object) {
        TRY(hand_object(version, member, *std::move(object)));
      } else if (object.code() == ErrorCode::not_found) {
        summary_.vanished.push_back(member.id);
      } else {
        return fail(std::move(object).error());
      }
    }
    return {};
  }

  Result<> read_list(const kube::Resource& version, const Batch& batch) {
    std::unordered_map<std::string_view, const Member*> expected;
    for (const auto& member : batch.members) expected.emplace(member.id.key.name, &member);
    auto take = [&](Json object) -> Result<> {
      // An object that the list brings a second time is not expected any more.
      auto found = expected.extract(kube::name_of(object));
      return found.empty() ? Result<>() : hand_object(version, *found.mapped(), std::move(object));
    };
    TRY(view_.list(version, batch.namespace_name(), take, stop_));
    for (const auto& [name, member] : expected) summary_.vanished.push_back(member->id);
    return {};
  }

  const ClusterView& view_;
  const SecretValues& secrets_;
  const FileSink& sink_;
  const std::stop_token stop_;
  std::vector<LeftOutValue> left_out_;
  CaptureSummary summary_;
};

Result<SecretValues> values_of_secrets(const ClusterView& view, const std::vector<Member>& members,
                                       std::stop_token stop) {
  SecretValues values;
  std::set<std::string> namespaces;
  for (const auto& member : members) {
    values.spare(member.id.key.name);
    if (!member.id.key.namespace_name.empty()) namespaces.insert(member.id.key.namespace_name);
  }
  for (const auto& name : namespaces) {
    values.spare(name);
    auto learn = [&](const Json& secret) -> Result<> {
      values.learn(secret);
      return {};
    };
    TRY(view.list(kube::resources::secrets(), name, learn, stop));
  }
  return values;
}

LeftOutDocument left_out_document(const Application& application,
                                  std::vector<LeftOutValue> values) {
  LeftOutDocument document{.values = std::move(values)};
  for (const auto& secret : application.needed_secrets)
    document.secrets.push_back({secret.key.namespace_name, secret.key.name});
  return document;
}

/// Such a Service may hold ports that the server chose; only the record of writers tells them from
/// those a person chose.
bool needs_record_of_writers(const Json& object) {
  if (kube::kind_of(object) != "Service") return false;
  const std::string type = text_at(object, "spec", "type");
  return type == "NodePort" || type == "LoadBalancer";
}

}  // namespace

Json stored_form(Json object) {
  if (!needs_record_of_writers(object)) ensure_object(object, "metadata").erase("managedFields");
  return object;
}

Result<CaptureSummary> capture(const ClusterView& view, const Application& application,
                               Secrets secrets, const FileSink& sink, std::stop_token stop) {
  SecretValues values;
  if (secrets == Secrets::leave_out)
    values = TRY(values_of_secrets(view, application.members, stop));
  std::vector<Member> sorted = application.members;
  std::ranges::sort(sorted, {}, &Member::id);
  const auto batches = batches_of(sorted, view.discovery());
  Capture running(view, values, sink, stop);
  for (const auto& batch : batches) TRY(running.read(batch));
  TRY(running.hand("/index.json", index_document(batches)));
  TRY(running.hand("/discovery.json", discovery_document(view.discovery())));
  const auto left_out = left_out_document(application, running.take_left_out());
  if (!left_out.secrets.empty() || !left_out.values.empty())
    TRY(running.hand(std::string(LeftOutDocument::path), to_canonical_text(to_json(left_out))));
  return running.finish();
}

}  // namespace dmaas::applications
