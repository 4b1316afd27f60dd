#include "gateway/gateway_service.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "gateway/answer.hpp"
#include "gateway/scope.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::chrono::seconds review_retry_pause{2};
constexpr std::chrono::seconds start_pause{1};

void refuse(http::ServerResponse& response, int status, std::string sentence) {
  static_cast<void>(send_refusal(response, Refusal{status, std::move(sentence), {}}));
}

int status_of_request(ErrorCode code) {
  if (code == ErrorCode::not_found) return 404;
  return code == ErrorCode::unsupported ? 405 : 400;
}

std::string lock_key(const RepositoryRequest& request) {
  return request.storage + "/" + request.object_name();
}

}  // namespace

GatewayService::GatewayService(const GatewayParts& parts)
    : parts_(parts),
      authenticator_(parts_.reviewer, parts_.clock),
      repositories_(parts_.cache, metrics_),
      storages_(parts_.configuration.storages(), parts_.clock) {}

void GatewayService::handle(http::ServerRequest& request, http::ServerResponse& response,
                            std::stop_token) {
  if (answer_anonymous(request, response)) return;
  RecordedResponse recorded(response);
  LogEntry entry;
  auto begun = parts_.clock.monotonic();
  metrics_.begin_request();
  if (!parts_.configuration.is_complete()) {
    // Nobody may take "not known yet" for "not there" or "not allowed".
    static_cast<void>(send_refusal(
        recorded, Refusal{503, "the gateway has just started and knows nothing yet", start_pause}));
  } else if (auto caller = authenticate(request, recorded)) {
    answer(*caller, request, recorded, entry);
  }
  auto duration = parts_.clock.monotonic() - begun;
  auto received = request.content_length().value_or(0);
  metrics_.end_request(
      {entry.action, entry.kind, recorded.status(), received, recorded.sent_bytes(), duration});
  log_info("request",
           {{"method", std::string(request.method())},
            {"action", std::string(entry.action)},
            {"kind", std::string(entry.kind)},
            {"repository", entry.repository},
            {"session", entry.session},
            {"status", std::to_string(recorded.status())},
            {"received", std::to_string(received)},
            {"sent", std::to_string(recorded.sent_bytes())},
            {"seconds", fmt::format("{:.3f}", std::chrono::duration<double>(duration).count())},
            {"remote", request.remote_address()}});
}

bool GatewayService::answer_anonymous(http::ServerRequest& request,
                                      http::ServerResponse& response) {
  auto path = request.path();
  if (path == "/healthz") {
    static_cast<void>(response.send_text(200, "ok\n"));
  } else if (path == "/readyz") {
    const bool ready = parts_.configuration.is_complete() && !ending_;
    static_cast<void>(response.send_text(ready ? 200 : 503,
                                         ready ? "ok\n" : "no configuration yet, or ending\n"));
  } else if (path == "/metrics") {
    Gauges gauges{parts_.cache == nullptr ? 0 : parts_.cache->size_bytes(),
                  parts_.configuration.grants()->size(), parts_.configuration.storages().size()};
    static_cast<void>(response.send(200, {{"Content-Type", "text/plain; version=0.0.4"}},
                                    bytes_of(metrics_.text(gauges))));
  } else {
    return false;
  }
  return true;
}

std::optional<Caller> GatewayService::authenticate(http::ServerRequest& request,
                                                   http::ServerResponse& response) {
  auto caller = authenticator_.authenticate(request.header("Authorization"), parts_.abandon);
  if (caller) {
    metrics_.count_authentication("accepted");
    return *caller;
  }
  const bool refused = caller.failed_with(ErrorCode::permission_denied);
  metrics_.count_authentication(refused ? "refused" : "failed");
  Refusal refusal{401, caller.error().message(), {}};
  if (!refused) {
    refusal = {503, "nobody can say whose token this is: " + caller.error().message(),
               review_retry_pause};
  }
  static_cast<void>(send_refusal(response, refusal));
  return std::nullopt;
}

void GatewayService::answer(const Caller& caller, http::ServerRequest& request,
                            http::ServerResponse& response, LogEntry& entry) {
  if (request.raw_path().starts_with(StorageEndpoint::prefix)) {
    entry.kind = "storage";
    return answer_storage(caller, request, response);
  }
  auto wanted = parse_repository_request(request.method(), request.raw_path(), request.query());
  if (!wanted) return refuse(response, status_of_request(wanted.code()), wanted.error().message());
  entry.action = name_of(wanted->action);
  entry.kind = name_of(wanted->kind);
  entry.repository = wanted->storage + "/" + wanted->repository;
  auto permitted = permit(caller, *wanted);
  entry.session = permitted.session;
  if (permitted.refusal) {
    static_cast<void>(send_refusal(response, *permitted.refusal));
  } else {
    answer_repository(caller, *wanted, request, response);
  }
}

void GatewayService::answer_storage(const Caller& caller, http::ServerRequest& request,
                                    http::ServerResponse& response) {
  if (!is_controller(caller))
    return refuse(response, 403, "only the controller may ask about storages");
  auto path = request.raw_path().substr(StorageEndpoint::prefix.size() - 1);
  auto segments = split_path(path);
  if (!segments) return refuse(response, 400, segments.error().message());
  if (segments->size() < 3) return refuse(response, 404, "there is no such resource");
  storages_.handle(*segments, request, response, parts_.abandon);
}

GatewayService::Permit GatewayService::permit(const Caller& caller,
                                              const RepositoryRequest& wanted) const {
  if (is_controller(caller)) return {.is_controller = true, .session = "controller"};
  auto grants = parts_.configuration.grants();
  const auto* grant = caller.pod_uid.empty()
                          ? nullptr
                          : grants->find(caller.pod_uid, wanted.storage, wanted.repository);
  if (grant == nullptr) {
    return {.refusal = Refusal{
                403,
                fmt::format("{} has no grant of a live session for repository {} of storage {}",
                            caller.user, wanted.repository, wanted.storage),
                {}}};
  }
  Permit permit{.session = grant->session};
  auto maker = wanted.kind == ObjectKind::locks ? locks_.find(lock_key(wanted), caller.pod_uid)
                                                : LockMaker::other;
  if (auto sentence = find_refusal(grant->scope, wanted.action, wanted.kind, maker)) {
    permit.refusal = Refusal{403, std::string(*sentence), {}};
  }
  return permit;
}

void GatewayService::answer_repository(const Caller& caller, const RepositoryRequest& wanted,
                                       http::ServerRequest& request,
                                       http::ServerResponse& response) {
  auto storage = parts_.configuration.storages().find(wanted.storage);
  if (!storage) {
    const bool unknown = storage.failed_with(ErrorCode::not_found);
    return refuse(response, unknown ? 404 : 502, storage.error().message());
  }
  auto still_permitted = [&]() -> Result<> {
    auto permitted = permit(caller, wanted);
    if (!permitted.refusal) return {};
    return fail(ErrorCode::permission_denied, permitted.refusal->sentence);
  };
  RepositoryCall call{wanted, *storage, request, response, still_permitted, parts_.abandon};
  const bool is_lock = wanted.kind == ObjectKind::locks;
  switch (wanted.action) {
    case Action::stat:
      return repositories_.stat(call);
    case Action::load:
      return repositories_.load(call);
    case Action::list:
      return repositories_.list(call);
    case Action::create_repository:
      return repositories_.create_repository(call);
    case Action::save:
      if (repositories_.save(call) == Outcome::done && is_lock)
        locks_.remember(lock_key(wanted), caller.pod_uid);
      return;
    case Action::remove:
      if (repositories_.remove(call) == Outcome::done && is_lock) locks_.forget(lock_key(wanted));
      return;
  }
}

}  // namespace dmaas::gateway
