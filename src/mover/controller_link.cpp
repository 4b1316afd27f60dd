#include "mover/controller_link.hpp"

#include <fmt/format.h>

#include "base/file.hpp"

namespace dmaas::mover {
namespace {

constexpr std::chrono::minutes order_patience{2};
constexpr std::chrono::minutes result_patience{30};
constexpr std::chrono::seconds retry_period{1};

Error error_of(const http::Response& response) {
  auto body = parse_json(response.body);
  auto message = body ? text_at(*body, "message") : response.body.substr(0, 200);
  auto code = response.status == 401   ? ErrorCode::permission_denied
              : response.status == 404 ? ErrorCode::not_found
                                       : ErrorCode::unavailable;
  return {code, fmt::format("the controller answered {}: {}", response.status, message)};
}

}  // namespace

Result<std::unique_ptr<ControllerLink>> ControllerLink::open(const MoverOptions& options,
                                                             Clock& clock) {
  auto client = TRY(http::Client::create({.ca_certificates = options.ca_certificate}));
  return std::unique_ptr<ControllerLink>(new ControllerLink(options, clock, std::move(client)));
}

Result<http::Response> ControllerLink::send(std::string_view method, std::string_view path,
                                            std::string body, std::stop_token stop) {
  // kubelet renews the token while we run.
  auto token = TRY(read_small_file(options_.token_directory + "/controller-token"));
  http::Request request{.method = std::string(method),
                        .url = options_.controller_url + std::string(path)};
  request.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
  request.body = std::move(body);
  auto response = TRY(client_->send(request, std::move(stop)));
  if (response.status / 100 == 2) return response;
  return fail(error_of(response));
}

Result<api::WorkOrder> ControllerLink::fetch_order(std::stop_token stop) {
  auto deadline = clock_.monotonic() + order_patience;
  while (true) {
    auto response = send("GET", "/v1/work-order", "", stop);
    if (response) {
      auto document = TRY(parse_json(response->body));
      return api::decode_work_order(document);
    }
    // The pod may be quicker than the status that names it.
    bool may_come = response.code() != ErrorCode::cancelled && clock_.monotonic() < deadline;
    if (!may_come || !clock_.sleep(retry_period, stop)) return fail(std::move(response).error());
  }
}

void ControllerLink::post_progress(const api::MoverProgress& progress, std::stop_token stop) {
  static_cast<void>(send("POST", "/v1/progress", to_text(to_json(progress)), std::move(stop)));
}

Result<> ControllerLink::post_result(const api::MoverResult& result, std::stop_token stop) {
  auto deadline = clock_.monotonic() + result_patience;
  auto body = to_text(to_json(result));
  while (true) {
    auto response = send("POST", "/v1/result", body, stop);
    if (response) return {};
    bool may_help =
        response.code() == ErrorCode::unavailable || response.code() == ErrorCode::timeout;
    if (!may_help || clock_.monotonic() > deadline || !clock_.sleep(retry_period, stop)) {
      return fail(std::move(response).error());
    }
  }
}

}  // namespace dmaas::mover
