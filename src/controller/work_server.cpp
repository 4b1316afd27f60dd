#include "controller/work_server.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/log.hpp"

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

std::unexpected<Error> not_a_mover() {
  return fail(ErrorCode::not_found, "no live session has this pod as its mover");
}

}  // namespace

WorkServer::WorkServer(World& world, std::vector<WorkSource*> sources)
    : world_(world), sources_(std::move(sources)) {}

Result<> WorkServer::start() {
  http::ServerOptions options;
  options.address = world_.settings.listen_address;
  options.port = world_.settings.listen_port;
  options.certificate = TRY(read_small_file(world_.settings.tls_directory + "/tls.crt"));
  options.private_key = TRY(read_small_file(world_.settings.tls_directory + "/tls.key"));
  options.handler_threads = 32;
  server_ =
      TRY(http::Server::start(options, [this](auto& request, auto& response, std::stop_token stop) {
        handle(request, response, std::move(stop));
      }));
  return {};
}

void WorkServer::handle(http::ServerRequest& request, http::ServerResponse& response,
                        std::stop_token stop) {
  auto answered = answer(request, response, std::move(stop));
  if (answered) return;
  const auto& error = answered.error();
  if (error.code() != ErrorCode::not_found) {
    log_warning("refused a mover",
                {{"path", std::string(request.path())}, {"cause", error.message()}});
  }
  JsonObject body{{"code", name_of(error.code())}, {"message", error.message()}};
  // A client that has gone needs no answer.
  static_cast<void>(response.send_json(status_of(error.code()), to_text(body)));
}

Result<> WorkServer::answer(http::ServerRequest& request, http::ServerResponse& response,
                            std::stop_token stop) {
  if (request.path() == "/healthz" || request.path() == "/readyz")
    return response.send_text(200, "ok\n");
  auto pod_uid = TRY(authenticate(request, stop));
  if (request.method() == "GET" && request.path() == "/v1/work-order") {
    auto order = TRY(find_order(pod_uid, stop));
    if (!order) return not_a_mover();
    return response.send_json(200, to_text(to_json(*order)));
  }
  if (request.method() == "POST") return take_report(request, response, pod_uid, std::move(stop));
  return fail(ErrorCode::not_found, "no such path");
}

Result<std::string> WorkServer::authenticate(const http::ServerRequest& request,
                                             std::stop_token stop) {
  auto header = request.header("authorization");
  if (!header.starts_with(bearer)) return fail(ErrorCode::permission_denied, "no bearer token");
  auto review = TRY(kube::review_token(world_.client, std::string(header.substr(bearer.size())),
                                       std::string(controller_audience), std::move(stop)));
  if (!review.authenticated)
    return fail(ErrorCode::permission_denied, "the token is not valid here");
  if (review.pod_uid.empty())
    return fail(ErrorCode::permission_denied, "the token is not bound to a pod");
  return review.pod_uid;
}

Result<std::optional<api::WorkOrder>> WorkServer::find_order(const std::string& pod_uid,
                                                             std::stop_token stop) {
  for (auto* source : sources_) {
    auto order = TRY(source->order_for(pod_uid, stop));
    if (order) return order;
  }
  return std::nullopt;
}

std::optional<api::OrderSession> WorkServer::find_session(const std::string& pod_uid) const {
  for (const auto* source : sources_) {
    if (auto session = source->session_of(pod_uid)) return session;
  }
  return std::nullopt;
}

Result<> WorkServer::take_report(http::ServerRequest& request, http::ServerResponse& response,
                                 const std::string& pod_uid, std::stop_token stop) {
  auto session = find_session(pod_uid);
  if (!session) return not_a_mover();
  auto body = TRY(request.read_all(max_report_bytes));
  auto document = TRY(parse_json(body));
  if (request.path() == "/v1/progress") {
    world_.reports.post_progress(pod_uid, *session, TRY(from_json<api::MoverProgress>(document)));
    return response.send(204, {}, {});
  }
  if (request.path() != "/v1/result") return fail(ErrorCode::not_found, "no such path");
  auto result = TRY(from_json<api::MoverResult>(document));
  if (!world_.reports.post_result(pod_uid, *session, std::move(result), result_patience,
                                  std::move(stop))) {
    return fail(ErrorCode::unavailable, "the result is not written down yet: post it again");
  }
  return response.send(204, {}, {});
}

}  // namespace dmaas::controller
