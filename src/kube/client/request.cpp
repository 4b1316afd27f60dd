#include "kube/client/request.hpp"

#include "http/client.hpp"

namespace dmaas::kube {
namespace {

Result<std::string> segment(std::string_view what, const std::string& text) {
  if (text.empty() || text == "." || text == "..") {
    return fail(ErrorCode::invalid_input,
                std::string(what) + " \"" + text + "\" cannot name an object; give its name");
  }
  return http::percent_encode(text);
}

std::string_view propagation_policy(Propagation propagation) {
  switch (propagation) {
    case Propagation::background:
      return "Background";
    case Propagation::foreground:
      return "Foreground";
    case Propagation::orphan:
      break;
  }
  return "Orphan";
}

}  // namespace

void Query::add(std::string_view name, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += http::percent_encode(name) + "=" + http::percent_encode(value);
}

void Query::add_if_set(std::string_view name, std::string_view value) {
  if (!value.empty()) add(name, value);
}

std::string group_path(const Resource& resource) {
  if (resource.group.empty()) return "/api/" + http::percent_encode(resource.version);
  return "/apis/" + http::percent_encode(resource.group) + "/" +
         http::percent_encode(resource.version);
}

Result<std::string> collection_path(const Resource& resource, const std::string& namespace_name) {
  auto path = group_path(resource);
  if (resource.namespaced && !namespace_name.empty()) {
    path += "/namespaces/" + TRY(segment("namespace", namespace_name));
  }
  return path + "/" + http::percent_encode(resource.plural);
}

Result<std::string> object_path(const Resource& resource, const ObjectKey& key,
                                const std::string& subresource) {
  if (resource.namespaced && key.namespace_name.empty()) {
    return fail(ErrorCode::invalid_input,
                resource.name() + " \"" + key.name + "\" needs a namespace");
  }
  auto path = TRY(collection_path(resource, key.namespace_name));
  path += "/" + TRY(segment(resource.kind, key.name));
  if (!subresource.empty()) path += "/" + http::percent_encode(subresource);
  return path;
}

Query list_query(const ListOptions& options, const std::string& continue_token) {
  Query query;
  query.add("limit", std::to_string(options.page_size));
  query.add_if_set("continue", continue_token);
  query.add_if_set("labelSelector", options.label_selector);
  query.add_if_set("fieldSelector", options.field_selector);
  return query;
}

Query watch_query(const WatchOptions& options) {
  Query query;
  query.add("watch", "true");
  query.add("allowWatchBookmarks", "true");
  query.add("timeoutSeconds", std::to_string(options.timeout.count()));
  query.add_if_set("resourceVersion", options.resource_version);
  query.add_if_set("labelSelector", options.label_selector);
  query.add_if_set("fieldSelector", options.field_selector);
  return query;
}

Query write_query(const WriteOptions& options, ApplyParameters apply) {
  Query query;
  query.add_if_set("fieldManager", options.field_manager);
  if (options.dry_run == DryRun::yes) query.add("dryRun", "All");
  if (apply == ApplyParameters::yes) {
    query.add("force", options.force == Force::yes ? "true" : "false");
  }
  return query;
}

Query log_query(const LogOptions& options) {
  Query query;
  query.add_if_set("container", options.container);
  if (options.follow == LogOptions::Follow::yes) query.add("follow", "true");
  if (options.run == LogOptions::Run::previous) query.add("previous", "true");
  if (options.times == LogOptions::Times::yes) query.add("timestamps", "true");
  if (options.tail_lines) query.add("tailLines", std::to_string(*options.tail_lines));
  if (options.since) query.add("sinceSeconds", std::to_string(options.since->count()));
  if (options.limit_bytes) query.add("limitBytes", std::to_string(*options.limit_bytes));
  return query;
}

Query exec_query(const ExecRequest& request) {
  Query query;
  query.add_if_set("container", request.container);
  if (request.input == ExecRequest::Input::open) query.add("stdin", "true");
  query.add("stdout", "true");
  query.add("stderr", "true");
  for (const auto& word : request.command) query.add("command", word);
  return query;
}

Json remove_body(const RemoveOptions& options) {
  JsonObject body{{"kind", "DeleteOptions"},
                  {"apiVersion", "v1"},
                  {"propagationPolicy", propagation_policy(options.propagation)}};
  if (options.grace_period) body["gracePeriodSeconds"] = options.grace_period->count();
  if (!options.uid.empty()) body["preconditions"] = JsonObject{{"uid", options.uid}};
  if (options.dry_run == DryRun::yes) body["dryRun"] = JsonArray{"All"};
  return body;
}

}  // namespace dmaas::kube
