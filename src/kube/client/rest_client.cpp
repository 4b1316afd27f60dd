#include "kube/client/rest_client.hpp"

#include <charconv>

#include "kube/client/discovery_documents.hpp"
#include "kube/client/exec_protocol.hpp"
#include "kube/client/request.hpp"
#include "kube/client/status_error.hpp"
#include "kube/client/watch_stream.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

constexpr std::chrono::milliseconds answer_timeout{70'000};  // API servers give up after 60 s
constexpr std::chrono::milliseconds log_timeout{24 * 3'600'000};
constexpr std::size_t max_restarts = 3;
constexpr std::size_t least_page_size = 8;
constexpr JsonLimits answer_limits{.max_bytes = 64 << 20, .max_depth = 256};
constexpr std::string_view json_type = "application/json";
constexpr std::string_view aggregated_types =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

constexpr std::string_view metadata_list =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr std::string_view metadata_object =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

http::Request request_of(std::string method, std::string url) {
  http::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers.emplace_back("Accept", json_type);
  request.idle_timeout = answer_timeout;
  return request;
}

std::string describe_call(std::string_view verb, const Resource& resource, const ObjectKey& key) {
  auto text = std::string(verb) + " " + resource.name();
  if (!key.name.empty()) return text + " " + key.text();
  return key.namespace_name.empty() ? text : text + " in " + key.namespace_name;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

/// List items of built-in kinds come without apiVersion and kind.
Json complete_item(Json item, const Resource& resource) {
  if (!item.is_object() || item.get_object().contains("kind")) return item;
  JsonObject complete{{"apiVersion", resource.api_version()}, {"kind", resource.kind}};
  complete.reserve(item.get_object().size() + 2);
  for (auto& [key, value] : item.get_object()) complete[key] = std::move(value);
  return complete;
}

/// What the server sends as a PartialObjectMetadata, as an object of its kind.
Json metadata_of(Json item, const Resource& resource) {
  JsonObject object{{"apiVersion", resource.api_version()}, {"kind", resource.kind}};
  auto& metadata = ensure_object(item, "metadata");
  metadata.erase("managedFields");
  object["metadata"] = std::move(metadata);
  return object;
}

Result<std::size_t> deliver_items(Json& document, const Resource& resource, Content content,
                                  const ObjectSink& sink) {
  auto* items = document.is_object() ? document.get_object().if_contains("items") : nullptr;
  if (items == nullptr || !items->is_array()) return 0;
  for (auto& item : items->get_array()) {
    TRY(sink(content == Content::whole ? complete_item(std::move(item), resource)
                                       : metadata_of(std::move(item), resource)));
  }
  return items->get_array().size();
}

int leading_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;  // some clouds say "27+"
}

}  // namespace

Result<Json> RestClient::call(http::Request request, const std::string& what,
                              std::stop_token stop) {
  auto response = TRY(connection_->send(std::move(request), account_, stop).context(what));
  if (!is_success(response.status)) {
    return fail(error_of_status(response.status, response.body).context(what));
  }
  if (response.body.empty()) return Json{};
  return parse_json(response.body, answer_limits).context(what);
}

Result<Json> RestClient::write(http::Request request, const Json& body, const std::string& what,
                               std::stop_token stop) {
  if (http::header_of(request.headers, "Content-Type").empty()) {
    request.headers.emplace_back("Content-Type", json_type);
  }
  request.body = to_text(body);
  return call(std::move(request), what, stop);
}

Result<Json> RestClient::get(const Resource& resource, const ObjectKey& key, std::stop_token stop) {
  auto path = TRY(object_path(resource, key));
  return call(request_of("GET", path), describe_call("get", resource, key), stop);
}

Result<RestClient::Page> RestClient::fetch_page(const std::string& url, Content content,
                                                std::stop_token stop) {
  auto request = request_of("GET", url);
  if (content == Content::metadata) request.headers = {{"Accept", std::string(metadata_list)}};
  auto response = TRY(connection_->send(std::move(request), account_, stop));
  if (response.status == 410) return Page{{}, true};
  if (!is_success(response.status)) return fail(error_of_status(response.status, response.body));
  return Page{TRY(parse_json(response.body, answer_limits)), false};
}

Result<ListResult> RestClient::list(const Resource& resource, const ListOptions& options,
                                    const ObjectSink& sink, std::stop_token stop) {
  auto path = TRY(collection_path(resource, options.namespace_name));
  auto what = describe_call("list", resource, {options.namespace_name, ""});
  auto page_options = options;
  ListResult result;
  std::string continue_token;
  while (true) {
    auto url = path + list_query(page_options, continue_token).text();
    auto page = fetch_page(url, options.content, stop);
    if (page.failed_with(ErrorCode::exhausted) && page_options.page_size > least_page_size) {
      page_options.page_size /= 4;  // objects of a megabyte each: the page was too large
      continue;
    }
    if (!page) return fail(std::move(page).error().context(what));
    if (page->is_expired) {
      if (!options.on_restart) return fail(ErrorCode::conflict, what + ": the list grew too old");
      if (++result.restarts > max_restarts) {
        return fail(ErrorCode::unavailable, what + ": the list grew too old again and again");
      }
      continue_token.clear();
      options.on_restart();
      continue;
    }
    TRY(deliver_items(page->document, resource, options.content, sink));
    result.resource_version = text_at(page->document, "metadata", "resourceVersion");
    continue_token = text_at(page->document, "metadata", "continue");
    if (continue_token.empty()) return result;
  }
}

Result<Json> RestClient::create(const Resource& resource, const Json& object,
                                const WriteOptions& options, std::stop_token stop) {
  auto key = key_of(object);
  auto what = describe_call("create", resource, key);
  if (resource.namespaced && key.namespace_name.empty()) {
    return fail(ErrorCode::invalid_input, what + ": a namespace is needed");
  }
  auto path = options.subresource.empty() ? TRY(collection_path(resource, key.namespace_name))
                                          : TRY(object_path(resource, key, options.subresource));
  return write(request_of("POST", path + write_query(options).text()), object, what, stop);
}

Result<Json> RestClient::replace(const Resource& resource, const Json& object,
                                 const WriteOptions& options, std::stop_token stop) {
  auto key = key_of(object);
  auto path = TRY(object_path(resource, key, options.subresource));
  return write(request_of("PUT", path + write_query(options).text()), object,
               describe_call("replace", resource, key), stop);
}

Result<Json> RestClient::apply(const Resource& resource, const Json& object,
                               const WriteOptions& options, std::stop_token stop) {
  auto key = key_of(object);
  auto path = TRY(object_path(resource, key, options.subresource));
  auto request = request_of("PATCH", path + write_query(options, ApplyParameters::yes).text());
  request.headers.emplace_back("Content-Type", "application/apply-patch+yaml");
  return write(std::move(request), object, describe_call("apply", resource, key), stop);
}

Result<Json> RestClient::patch(const Resource& resource, const ObjectKey& key, const Patch& patch,
                               const WriteOptions& options, std::stop_token stop) {
  auto path = TRY(object_path(resource, key, options.subresource));
  auto request = request_of("PATCH", path + write_query(options).text());
  bool is_json = patch.kind == PatchKind::json;
  request.headers.emplace_back(
      "Content-Type", is_json ? "application/json-patch+json" : "application/merge-patch+json");
  auto what = describe_call("patch", resource, key);
  request.body = to_text(patch.body);
  auto response = TRY(connection_->send(std::move(request), account_, stop).context(what));
  if (is_success(response.status)) return parse_json(response.body, answer_limits).context(what);
  // A "test" that does not hold is answered with 422 without any field; invalid objects name
  // theirs.
  auto document = parse_json(response.body);
  if (is_json && response.status == 422 && document &&
      items_at(*document, "details", "causes").empty()) {
    return fail(ErrorCode::conflict, what + ": the object is not as the patch expects it");
  }
  return fail(error_of_status(response.status, response.body).context(what));
}

Result<> RestClient::remove(const Resource& resource, const ObjectKey& key,
                            const RemoveOptions& options, std::stop_token stop) {
  auto path = TRY(object_path(resource, key));
  TRY(write(request_of("DELETE", path), remove_body(options),
            describe_call("delete", resource, key), stop));
  return {};
}

Result<WatchEnd> RestClient::watch(const Resource& resource, const WatchOptions& options,
                                   const WatchSink& sink, std::stop_token stop) {
  auto path = TRY(collection_path(resource, options.namespace_name));
  auto what = describe_call("watch", resource, {options.namespace_name, ""});
  auto request = request_of("GET", path + watch_query(options).text());
  request.idle_timeout = options.timeout + std::chrono::seconds{5};
  bool is_whole = options.content == Content::whole;
  if (!is_whole) request.headers = {{"Accept", std::string(metadata_object)}};
  const WatchSink deliver = [&](WatchEvent event) {
    if (!is_whole) event.object = metadata_of(std::move(event.object), resource);
    return sink(std::move(event));
  };
  WatchStream stream(deliver);
  auto response = TRY(connection_
                          ->stream(
                              std::move(request), account_,
                              [&](BytesView piece) { return stream.feed(piece); }, stop)
                          .context(what));
  if (response.status == 410 || stream.is_expired()) return WatchEnd::expired;
  if (!is_success(response.status)) {
    return fail(error_of_status(response.status, response.body).context(what));
  }
  return WatchEnd::closed;
}

Result<> RestClient::logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                          std::stop_token stop) {
  auto path = TRY(object_path(resources::pods(), pod, "log"));
  auto request = request_of("GET", path + log_query(options).text());
  request.headers = {{"Accept", "*/*"}};
  if (options.follow == LogOptions::Follow::yes) request.idle_timeout = log_timeout;
  auto what = describe_call("logs of", resources::pods(), pod);
  auto response = TRY(connection_->stream(std::move(request), account_, sink, stop).context(what));
  if (!is_success(response.status)) {
    return fail(error_of_status(response.status, response.body).context(what));
  }
  return {};
}

Result<std::unique_ptr<ExecStream>> RestClient::open_exec(const ExecRequest& request,
                                                          std::stop_token stop) {
  auto what = describe_call("exec in", resources::pods(), request.pod);
  auto path = TRY(object_path(resources::pods(), request.pod, "exec"));
  if (request.command.empty()) return fail(ErrorCode::invalid_input, what + ": no command");
  auto upgrade = TRY(connection_->upgrade(account_, stop).context(what));
  auto url = upgrade.origin + path + exec_query(request).text();
  auto stream = open_exec_stream(url, upgrade, request.input, stop).context(what);
  if (stream.failed_with(ErrorCode::permission_denied)) connection_->identity().forget();
  return stream;
}

Result<Json> RestClient::get_document(std::string_view path, std::string_view accept,
                                      std::stop_token stop) {
  auto request = request_of("GET", std::string(path));
  request.headers = {{"Accept", std::string(accept)}};
  return call(std::move(request), "get " + std::string(path), stop);
}

Result<> RestClient::discover_root(std::string_view path, DiscoveredGroups& groups,
                                   std::stop_token stop) {
  auto root = TRY(get_document(path, aggregated_types, stop));
  if (is_aggregated(root)) {
    add_aggregated(root, groups);
    return {};
  }
  for (const auto& group_version : group_versions_of(root)) {
    auto list = get_document(std::string(path) + "/" + group_version, json_type, stop);
    if (list) {
      add_resource_list(*list, groups);
    } else if (list.failed_with(ErrorCode::cancelled)) {
      return fail(std::move(list).error());
    } else {
      groups.incomplete.push_back(group_version);
    }
  }
  return {};
}

Result<Discovery> RestClient::discover(std::stop_token stop) {
  DiscoveredGroups groups;
  TRY(discover_root("/api", groups, stop));
  TRY(discover_root("/apis", groups, stop));
  return finish_discovery(std::move(groups));
}

Result<ServerVersion> RestClient::server_version(std::stop_token stop) {
  auto document = TRY(get_document("/version", json_type, stop));
  return ServerVersion{leading_number(text_at(document, "major")),
                       leading_number(text_at(document, "minor")), text_at(document, "gitVersion")};
}

std::unique_ptr<Client> RestClient::impersonating(const Account& account) {
  return std::make_unique<RestClient>(connection_, account);
}

Result<std::unique_ptr<Client>> open_client(const ClusterAccess& access, Clock& clock) {
  bool has_scheme = access.server.starts_with("https://") || access.server.starts_with("http://");
  if (!has_scheme || access.identity == nullptr) {
    return fail(ErrorCode::invalid_input,
                "server \"" + access.server + "\": must begin with https:// and have an identity");
  }
  auto connection = std::make_shared<Connection>(access, clock);
  return std::make_unique<RestClient>(std::move(connection), access.account);
}

}  // namespace dmaas::kube
