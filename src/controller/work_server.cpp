#include "controller/work_server.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "http/certificate_files.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t max_report_bytes = 8 << 20;
constexpr std::chrono::seconds result_patience{25};
constexpr std::string_view bearer = "Bearer ";

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::permission_denied:
      return 401;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::invalid_input:
      return 400;
    case ErrorCode::exhausted:
      return 413;
    default:
      return 503;
  }
}

Result<std::string> bearer_token(const http::ServerRequest& request) {
  auto header = request.header("authorization");
  if (!header.starts_with(bearer)) return fail(ErrorCode::permission_denied, "no bearer token");
  return std::string(header.substr(bearer.size()));
}

std::unexpected<Error> not_a_mover() {
  return fail(ErrorCode::not_found, "no live session has this pod as its mover");
}

}  // namespace

Result<std::unique_ptr<WorkServer>> WorkServer::start(const Settings& settings, Clock& clock) {
  http::CertificateFiles files{settings.tls_directory + "/tls.crt",
                               settings.tls_directory + "/tls.key"};
  auto known = TRY(http::load_certificate(files));
  http::ServerOptions options;
  options.address = settings.listen_address;
  options.port = settings.listen_port;
  options.certificate = known.certificate;
  options.private_key = known.private_key;
  options.handler_threads = 32;
  std::unique_ptr<WorkServer> made(new WorkServer);
  made->server_ = TRY(http::Server::start(
      options, [server = made.get()](auto& request, auto& response, std::stop_token stop) {
        server->handle({request, response, std::move(stop)});
      }));
  made->certificate_thread_ =
      std::jthread([files, known, &server = *made->server_, &clock](std::stop_token stop) {
        http::follow_certificate(files, known, server, clock, std::move(stop));
      });
  return made;
}

void WorkServer::serve(World& world, std::vector<WorkSource*> sources, std::stop_token stop) {
  {
    std::lock_guard lock{serving_};
    service_ = std::make_unique<Service>(world, std::move(sources));
    over_ = {};
  }
  while (world.clock.sleep(std::chrono::hours{1}, stop)) {
  }
  over_.request_stop();
  std::lock_guard lock{serving_};
  service_.reset();
}

void WorkServer::handle(const Call& call) {
  auto answered = answer(call);
  if (answered) return;
  const auto& error = answered.error();
  if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unavailable) {
    log_warning("refused a mover",
                {{"path", std::string(call.request.path())}, {"cause", error.message()}});
  }
  JsonObject body{{"code", name_of(error.code())}, {"message", error.message()}};
  http::Headers headers{{"Content-Type", "application/json"}};
  // One that does not lead would say so on this connection for ever: another may reach the leader.
  if (error.code() == ErrorCode::unavailable) headers.emplace_back("Connection", "close");
  // A client that has gone needs no answer.
  static_cast<void>(call.response.send(status_of(error.code()), headers, bytes_of(to_text(body))));
}

Result<> WorkServer::answer(const Call& call) {
  auto path = call.request.path();
  if (path == "/healthz" || path == "/readyz") return call.response.send_text(200, "ok\n");
  std::shared_lock lock{serving_};
  if (service_ == nullptr) return fail(ErrorCode::unavailable, "this controller does not lead now");
  std::stop_source either;
  std::stop_callback ended(call.stop, [&] { either.request_stop(); });
  std::stop_callback over(over_.get_token(), [&] { either.request_stop(); });
  Call limited{call.request, call.response, either.get_token()};
  if (path == "/metrics") return answer_metrics(*service_, limited);
  return answer_mover(*service_, limited);
}

/// They name namespaces and plans: not for everybody in the cluster.
Result<> WorkServer::answer_metrics(Service& service, const Call& call) {
  auto& client = service.world.client;
  auto token = TRY(bearer_token(call.request));
  auto review = TRY(kube::review_token(client, token, "", call.stop));
  if (!review.authenticated)
    return fail(ErrorCode::permission_denied, "the token is not valid here");
  kube::AccessQuestion question{
      .account = {review.user, review.groups}, .verb = "get", .path = "/metrics"};
  if (!TRY(kube::review_access(client, question, call.stop)).allowed) {
    return fail(ErrorCode::permission_denied,
                review.user + " may not get /metrics: bind it to the ClusterRole dmaas-metrics");
  }
  MetricsText text;
  counters_.write(text);
  metrics_.write(service.world.stores, text);
  return call.response.send(200, {{"Content-Type", "text/plain; version=0.0.4"}},
                            bytes_of(text.take()));
}

Result<> WorkServer::answer_mover(Service& service, const Call& call) {
  auto pod_uid = TRY(authenticate(service, call));
  if (call.request.method() == "POST") return take_report(service, call, pod_uid);
  if (call.request.method() != "GET" || call.request.path() != "/v1/work-order")
    return fail(ErrorCode::not_found, "no such path");
  auto order = TRY(find_order(service, pod_uid, call.stop));
  return call.response.send_json(200, to_text(to_json(order)));
}

Result<std::string> WorkServer::authenticate(Service& service, const Call& call) {
  auto token = TRY(bearer_token(call.request));
  auto review = TRY(
      kube::review_token(service.world.client, token, std::string(controller_audience), call.stop));
  if (!review.authenticated)
    return fail(ErrorCode::permission_denied, "the token is not valid here");
  if (review.pod_uid.empty())
    return fail(ErrorCode::permission_denied, "the token is not bound to a pod");
  return review.pod_uid;
}

Result<api::WorkOrder> WorkServer::find_order(Service& service, const std::string& pod_uid,
                                              std::stop_token stop) {
  for (auto* source : service.sources) {
    if (auto order = TRY(source->order_for(pod_uid, stop))) return std::move(*order);
  }
  return not_a_mover();
}

std::optional<api::OrderSession> WorkServer::find_session(const Service& service,
                                                          const std::string& pod_uid) {
  for (const auto* source : service.sources) {
    if (auto session = source->session_of(pod_uid)) return session;
  }
  return std::nullopt;
}

Result<> WorkServer::take_report(Service& service, const Call& call, const std::string& pod_uid) {
  auto session = find_session(service, pod_uid);
  if (!session) return not_a_mover();
  auto body = TRY(call.request.read_all(max_report_bytes));
  auto document = TRY(parse_json(body));
  auto& reports = service.world.reports;
  if (call.request.path() == "/v1/progress") {
    reports.post_progress(pod_uid, *session, TRY(from_json<api::MoverProgress>(document)));
    return call.response.send(204, {}, {});
  }
  if (call.request.path() != "/v1/result") return fail(ErrorCode::not_found, "no such path");
  auto result = TRY(from_json<api::MoverResult>(document));
  if (!reports.post_result(pod_uid, *session, std::move(result), result_patience, call.stop)) {
    return fail(ErrorCode::unavailable, "the result is not written down yet: post it again");
  }
  return call.response.send(204, {}, {});
}

}  // namespace dmaas::controller
