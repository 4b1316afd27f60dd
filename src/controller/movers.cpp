#include "controller/movers.hpp"

#include <fmt/format.h>

#include "api/names.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource pods = kube::resources::pods();

/// A pod of the new one's name is there: of a process that ended before it wrote it down, or
/// forged.
Result<MoverView> replace(World& world, const kube::ObjectKey& key, std::stop_token stop) {
  MoverView view{.message = "replacing an earlier pod"};
  auto earlier = world.client.get(pods, key, stop);
  if (earlier.failed_with(ErrorCode::not_found)) return view;
  if (!earlier) return fail(std::move(earlier).error());
  auto uid = kube::uid_of(*earlier);
  TRY(world.grants.remove(uid, stop));
  TRY(kube::ensure_removed(world.client, pods, key,
                           {.uid = uid, .grace_period = std::chrono::seconds{0}}, stop));
  return view;
}

/// The session's component on a storage, however often it is tried.
MoverDemand demand_of(const MoverWish& wish) {
  const auto& session = wish.pod.session;
  MoverDemand demand{.id = session.uid + "/" + wish.pod.component + "/" + wish.storage,
                     .namespace_name = session.namespace_name,
                     .storage = wish.storage,
                     .node = wish.pod.node,
                     .max_on_storage = wish.max_movers};
  if (wish.source) {
    demand.source = wish.source->storage;
    demand.max_on_source = wish.source->max_movers;
  }
  return demand;
}

/// The pod and its grant.
Result<MoverView> make(World& world, const MoverWish& wish, MoverFacts& facts,
                       std::stop_token stop) {
  auto pod = wish.pod;
  if (wish.application_pod.is_object()) pod.application_pod = &wish.application_pod;
  pod.key.name = api::mover_name({.session_uid = pod.session.uid,
                                  .component = pod.component,
                                  .storage = wish.storage,
                                  .attempt = facts.attempts + 1});
  auto manifest = mover_pod_manifest(pod, world.settings, world.ca_certificate);
  auto impersonating = wish.account ? world.client.impersonating(*wish.account) : nullptr;
  auto& client = impersonating ? *impersonating : world.client;
  auto created = client.create(pods, manifest, {}, stop);
  if (created.failed_with(ErrorCode::already_exists)) return replace(world, pod.key, stop);
  if (!created) return fail(std::move(created).error().context("making a mover"));
  facts.pod = api::PodIdentity{pod.key.namespace_name, pod.key.name, kube::uid_of(*created)};
  ++facts.attempts;
  api::GatewayGrant grant{
      .pod_uid = facts.pod->uid,
      .session = pod.session.kind + "/" + pod.session.namespace_name + "/" + pod.session.name,
      .storage = wish.storage,
      .repository = wish.repository,
      .scope = wish.scope};
  TRY(world.grants.add(grant, stop));
  if (!wish.source) return MoverView{.message = facts.trouble};
  grant.storage = wish.source->storage;
  grant.repository = wish.source->repository;
  grant.scope = api::GatewayScope::read;
  TRY(world.grants.add(grant, stop));
  return MoverView{.message = facts.trouble};
}

Result<MoverView> start(World& world, const MoverWish& wish, MoverFacts& facts,
                        std::stop_token stop) {
  if (facts.attempts >= max_mover_attempts) {
    return MoverView{.state = MoverState::given_up,
                     .message = fmt::format("{} movers were lost, the last one: {}", facts.attempts,
                                            facts.trouble)};
  }
  if (!wish.waits_for.empty()) return MoverView{.message = wish.waits_for};
  auto demand = demand_of(wish);
  if (auto reason = world.slots.take(demand); !reason.empty()) return MoverView{.message = reason};
  auto view = make(world, wish, facts, std::move(stop));
  world.slots.settle(demand.id, facts.pod ? facts.pod->uid : "");
  return view;
}

/// The mover is lost. The next step makes another one, from a wish that is then complete again.
Result<MoverView> lose(World& world, MoverFacts& facts, std::string trouble, std::stop_token stop) {
  TRY(retire_mover(world, facts, std::move(stop)));
  facts.trouble = trouble;
  return MoverView{.message = std::move(trouble)};
}

/// The pod as the server has it now, or nothing when it is gone or another one of the same name.
Result<std::optional<Json>> find_pod(World& world, const api::PodIdentity& identity,
                                     std::stop_token stop) {
  auto cached = world.stores.mover_pods.find({identity.namespace_name, identity.name});
  if (cached != nullptr && kube::uid_of(*cached) == identity.uid) return *cached;
  auto pod = world.client.get(pods, {identity.namespace_name, identity.name}, std::move(stop));
  if (pod.failed_with(ErrorCode::not_found)) return std::optional<Json>();
  if (!pod) return fail(std::move(pod).error());
  if (kube::uid_of(*pod) != identity.uid) return std::optional<Json>();
  return std::optional<Json>(std::move(*pod));
}

/// Whether another mover may have more luck than the one that says this.
bool may_be_repeated(const api::MoverResult& result) {
  if (result.outcome == api::MoverOutcome::succeeded) return false;
  auto is_named = [&](ErrorCode code) { return result.error_code == name_of(code); };
  return is_named(ErrorCode::unavailable) || is_named(ErrorCode::timeout) ||
         is_named(ErrorCode::conflict) || is_named(ErrorCode::cancelled);
}

std::string trouble_of_container(const Json& status) {
  if (const Json* ended = find(status, "state", "terminated")) {
    auto reason = text_at(*ended, "reason");
    if (reason == "OOMKilled") {
      return "the mover needed more memory than its limit: raise mover.resources.limits.memory of "
             "the run";
    }
    auto code = number_at(*ended, "exitCode").value_or(0);
    if (code != 0) return fmt::format("the mover ended with exit code {} ({})", code, reason);
  }
  auto waiting = text_at(status, "state", "waiting", "reason");
  if (waiting.empty() || waiting == "ContainerCreating" || waiting == "PodInitializing") return "";
  return fmt::format("the mover does not start: {}: {}", waiting,
                     text_at(status, "state", "waiting", "message"));
}

}  // namespace

bool has_ended(const Json& pod) {
  auto phase = text_at(pod, "status", "phase");
  return phase == "Succeeded" || phase == "Failed";
}

std::string trouble_of(const Json& pod) {
  for (const auto& status : items_at(pod, "status", "containerStatuses")) {
    if (auto trouble = trouble_of_container(status); !trouble.empty()) return trouble;
  }
  for (const auto& status : items_at(pod, "status", "initContainerStatuses")) {
    if (auto trouble = trouble_of_container(status); !trouble.empty()) return trouble;
  }
  if (auto reason = text_at(pod, "status", "reason"); !reason.empty()) {
    return fmt::format("the mover's pod was ended: {}: {}", reason,
                       text_at(pod, "status", "message"));
  }
  for (const auto& condition : items_at(pod, "status", "conditions")) {
    if (text_at(condition, "type") == "PodScheduled" && text_at(condition, "status") == "False") {
      return "the mover finds no node: " + text_at(condition, "message");
    }
  }
  return "";
}

Result<MoverView> step_mover(World& world, const MoverWish& wish, MoverFacts& facts,
                             std::stop_token stop) {
  if (!facts.pod) return start(world, wish, facts, stop);
  if (auto result = world.reports.result_of(facts.pod->uid)) {
    if (may_be_repeated(*result) && facts.attempts < max_mover_attempts)
      return lose(world, facts, result->message, stop);
    return MoverView{.state = MoverState::delivered, .result = std::move(result)};
  }
  auto pod = TRY(find_pod(world, *facts.pod, stop));
  if (!pod) return lose(world, facts, "its pod was deleted", stop);
  MoverView view;
  view.node = text_at(*pod, "spec", "nodeName");
  view.message = trouble_of(*pod);
  view.progress = world.reports.progress_of(facts.pod->uid);
  if (view.progress) view.state = MoverState::working;
  // A mover ends only after its result was acknowledged, so one that has ended without has lost it.
  if (has_ended(*pod)) {
    auto trouble = view.message.empty() ? "it ended without a result" : view.message;
    return lose(world, facts, std::move(trouble), stop);
  }
  return view;
}

Result<> retire_mover(World& world, MoverFacts& facts, std::stop_token stop) {
  if (!facts.pod) return {};
  TRY(world.grants.remove(facts.pod->uid, stop));
  TRY(kube::ensure_removed(world.client, pods, {facts.pod->namespace_name, facts.pod->name},
                           {.uid = facts.pod->uid}, stop));
  world.reports.forget(facts.pod->uid);
  facts.pod.reset();
  return {};
}

}  // namespace dmaas::controller
