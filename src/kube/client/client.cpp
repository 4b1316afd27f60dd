#include "kube/client/client.hpp"

#include <algorithm>

#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

std::vector<std::string> texts_of(const JsonArray& items) {
  std::vector<std::string> texts;
  for (const auto& item : items) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::string first_text_at(const Json& json, std::string_view key) {
  auto texts = texts_of(items_at(json, key));
  return texts.empty() ? "" : texts.front();
}

JsonArray array_of(const std::vector<std::string>& texts) {
  JsonArray array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

}  // namespace

Account service_account(std::string_view namespace_name, std::string_view name) {
  std::string space(namespace_name);
  return {"system:serviceaccount:" + space + ":" + std::string(name),
          {"system:serviceaccounts", "system:serviceaccounts:" + space, "system:authenticated"}};
}

Result<std::vector<Json>> list_all(Client& client, const Resource& resource,
                                   const ListOptions& options, std::stop_token stop) {
  std::vector<Json> objects;
  auto own = options;
  own.on_restart = [&] {
    objects.clear();
    if (options.on_restart) options.on_restart();
  };
  auto collect = [&](Json object) -> Result<> {
    objects.push_back(std::move(object));
    return {};
  };
  TRY(client.list(resource, own, collect, stop));
  return objects;
}

Result<Json> apply_status(Client& client, const Resource& resource, const Json& object,
                          WriteOptions options, std::stop_token stop) {
  options.subresource = "status";
  return client.apply(resource, object, options, stop);
}

Result<> ensure_created(Client& client, const Resource& resource, const Json& object,
                        std::stop_token stop) {
  auto created = client.create(resource, object, {}, std::move(stop));
  if (created || created.failed_with(ErrorCode::already_exists)) return {};
  return fail(std::move(created).error());
}

Result<> ensure_removed(Client& client, const Resource& resource, const ObjectKey& key,
                        const RemoveOptions& options, std::stop_token stop) {
  auto removed = client.remove(resource, key, options, stop);
  if (removed.failed_with(ErrorCode::not_found)) return {};
  if (options.uid.empty() || !removed.failed_with(ErrorCode::conflict)) return removed;
  auto present = client.get(resource, key, std::move(stop));
  bool is_another = present && uid_of(*present) != options.uid;
  return is_another || present.failed_with(ErrorCode::not_found) ? Result<>() : removed;
}

Result<TokenReview> review_token(Client& client, const std::string& token,
                                 const std::string& audience, std::stop_token stop) {
  Json question = JsonObject{{"apiVersion", "authentication.k8s.io/v1"},
                             {"kind", "TokenReview"},
                             {"spec", JsonObject{{"token", token}}}};
  if (!audience.empty()) question.at("spec").as_object()["audiences"] = JsonArray{Json(audience)};
  auto answer =
      TRY(client.create(resources::token_reviews(), question, {.field_manager = ""}, stop));
  TokenReview review;
  const Json* status = find(answer, "status");
  if (status == nullptr) return review;
  review.audiences = texts_of(items_at(*status, "audiences"));
  // An API server that knows nothing of audiences returns none: its "authenticated" says nothing
  // about ours.
  bool is_ours = audience.empty() || std::ranges::count(review.audiences, audience) > 0;
  review.authenticated = is_ours && flag_at(*status, "authenticated");
  review.error = text_at(*status, "error");
  if (!review.authenticated) return review;
  review.user = text_at(*status, "user", "username");
  review.uid = text_at(*status, "user", "uid");
  review.groups = texts_of(items_at(*status, "user", "groups"));
  if (const Json* extra = find(*status, "user", "extra")) {
    review.pod_name = first_text_at(*extra, "authentication.kubernetes.io/pod-name");
    review.pod_uid = first_text_at(*extra, "authentication.kubernetes.io/pod-uid");
  }
  return review;
}

Result<AccessAnswer> review_access(Client& client, const AccessQuestion& question,
                                   std::stop_token stop) {
  JsonObject attributes{{"verb", question.verb},
                        {"group", question.resource.group},
                        {"version", question.resource.version},
                        {"resource", question.resource.plural}};
  if (!question.subresource.empty()) attributes["subresource"] = question.subresource;
  if (!question.object.namespace_name.empty()) {
    attributes["namespace"] = question.object.namespace_name;
  }
  if (!question.object.name.empty()) attributes["name"] = question.object.name;
  JsonObject spec{{"user", question.account.user}, {"groups", array_of(question.account.groups)}};
  if (question.path.empty()) {
    spec["resourceAttributes"] = std::move(attributes);
  } else {
    spec["nonResourceAttributes"] = JsonObject{{"path", question.path}, {"verb", question.verb}};
  }
  Json review = JsonObject{{"apiVersion", "authorization.k8s.io/v1"},
                           {"kind", "SubjectAccessReview"},
                           {"spec", std::move(spec)}};
  auto answer =
      TRY(client.create(resources::subject_access_reviews(), review, {.field_manager = ""}, stop));
  return AccessAnswer{flag_at(answer, "status", "allowed"), text_at(answer, "status", "reason")};
}

Result<std::string> cluster_uid(Client& client, std::stop_token stop) {
  return uid_of(TRY(client.get(resources::namespaces(), {"", "kube-system"}, stop)));
}

}  // namespace dmaas::kube
