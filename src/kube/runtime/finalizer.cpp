#include "kube/runtime/finalizer.hpp"

#include <algorithm>

#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

Json operation(std::string_view name, std::string path) {
  return JsonObject{{"op", name}, {"path", std::move(path)}};
}
Json operation(std::string_view name, std::string path, Json value) {
  return JsonObject{{"op", name}, {"path", std::move(path)}, {"value", std::move(value)}};
}

Json adding_patch(const Json& object, const std::string& finalizer) {
  JsonArray list;
  for (const auto& one : finalizers_of(object)) list.emplace_back(one);
  // A missing member tests equal to null.
  Json before = list.empty() ? Json{} : Json(list);
  list.emplace_back(finalizer);
  return JsonArray{operation("test", "/metadata/finalizers", std::move(before)),
                   operation("add", "/metadata/finalizers", std::move(list))};
}

Result<Action> finish_clean_up(Client& client, const Resource& resource, const Json& object,
                               const FinalizerSteps& steps, std::stop_token stop) {
  auto action = TRY(steps.clean_up());
  if (action.delay()) return action;
  TRY(remove_finalizer(client, resource, object, steps.finalizer, stop));
  return Action::await_change();
}

}  // namespace

Result<Action> with_finalizer(Client& client, const Resource& resource, const Json& object,
                              const FinalizerSteps& steps, std::stop_token stop) {
  bool present = has_finalizer(object, steps.finalizer);
  if (is_terminating(object)) {
    if (!present) return Action::await_change();
    return finish_clean_up(client, resource, object, steps, stop);
  }
  if (present) return steps.reconcile();
  TRY(add_finalizer(client, resource, object, steps.finalizer, stop));
  return Action::await_change();
}

bool is_kept_by(const Json& object, std::string_view finalizer) {
  return is_terminating(object) && has_finalizer(object, finalizer);
}

Result<> add_finalizer(Client& client, const Resource& resource, const Json& object,
                       const std::string& finalizer, std::stop_token stop) {
  if (has_finalizer(object, finalizer)) return {};
  Patch patch{PatchKind::json, adding_patch(object, finalizer)};
  auto added = client.patch(resource, key_of(object), patch, {}, stop);
  if (!added && !added.failed_with(ErrorCode::not_found)) return fail(std::move(added).error());
  return {};
}

Result<> remove_finalizer(Client& client, const Resource& resource, const Json& object,
                          const std::string& finalizer, std::stop_token stop) {
  auto finalizers = finalizers_of(object);
  auto found = std::ranges::find(finalizers, finalizer);
  if (found == finalizers.end()) return {};
  auto path = "/metadata/finalizers/" + std::to_string(found - finalizers.begin());
  // Without the uid a new object of the same name could lose its finalizer.
  Patch patch{PatchKind::json,
              JsonArray{operation("test", "/metadata/uid", Json(uid_of(object))),
                        operation("test", path, Json(finalizer)), operation("remove", path)}};
  auto removed = client.patch(resource, key_of(object), patch, {}, stop);
  if (!removed && !removed.failed_with(ErrorCode::not_found))
    return fail(std::move(removed).error());
  return {};
}

}  // namespace dmaas::kube
