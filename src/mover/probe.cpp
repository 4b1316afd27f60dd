#include "mover/probe.hpp"

#include <fmt/format.h>

#include <fstream>

#include "applications/verification/expectation.hpp"
#include "base/fields.hpp"
#include "http/client.hpp"
#include "mover/reach.hpp"

namespace dmaas::mover {
namespace {

constexpr std::chrono::seconds connect_patience{2};
constexpr std::chrono::seconds request_patience{10};
constexpr std::chrono::seconds pause{1};
constexpr std::size_t max_body_bytes = 64 << 10;
/// A policy that some nodes do not know of yet lets one attempt through and not the next.
constexpr int quiet_rounds = 2;

std::vector<std::string> reached_of(const std::vector<std::string>& addresses) {
  std::vector<std::string> reached;
  for (const auto& address : addresses) {
    if (is_reachable(address, connect_patience)) reached.push_back(address);
  }
  return reached;
}

Result<api::ProbeReport> await_isolation(const api::ProbeOrder& order, Clock& clock,
                                         std::stop_token stop) {
  auto deadline = clock.monotonic() + order.patience;
  int quiet = 0;
  while (true) {
    auto reached = reached_of(order.addresses);
    quiet = reached.empty() ? quiet + 1 : 0;
    if (quiet == quiet_rounds) {
      return api::ProbeReport{
          true, fmt::format("{} cannot be reached", fmt::join(order.addresses, ", "))};
    }
    if (!reached.empty() && clock.monotonic() > deadline)
      return api::ProbeReport{false, fmt::format("it reached {}", fmt::join(reached, ", "))};
    if (!clock.sleep(pause, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

/// What is wrong with one response; "" when it is as expected.
std::string try_request(http::Client& client, const std::string& url, const api::HttpCheck& check,
                        std::stop_token stop) {
  std::string body;
  auto keep = [&](BytesView piece) -> Result<> {
    body += text_of(piece).substr(0, max_body_bytes - std::min(body.size(), max_body_bytes));
    return {};
  };
  http::Request request{.url = url, .total_timeout = request_patience};
  auto response = client.stream(
      request, [](const http::Response&) -> Result<> { return {}; }, keep, std::move(stop));
  if (!response) return response.error().message();
  if (body.empty()) body = response->body.substr(0, max_body_bytes);
  if (response->status != check.status) {
    return fmt::format("the status is {} and should be {}: {}", response->status, check.status,
                       applications::shortened_quote(body));
  }
  auto mismatch = applications::find_mismatch(check.body, body);
  return mismatch.empty() ? "" : "the body: " + mismatch;
}

Result<api::ProbeReport> await_response(const api::ProbeOrder& order, Clock& clock,
                                        std::stop_token stop) {
  auto client = TRY(http::Client::create({.connect_timeout = connect_patience}));
  const auto& check = *order.http;
  auto url = fmt::format("http://{}:{}{}", order.host, check.port, check.path);
  auto deadline = clock.monotonic() + order.patience;
  while (true) {
    auto trouble = try_request(*client, url, check, stop);
    if (trouble.empty())
      return api::ProbeReport{true, fmt::format("{} answered with {}", url, check.status)};
    if (clock.monotonic() > deadline) return api::ProbeReport{false, url + ": " + trouble};
    if (!clock.sleep(pause, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

}  // namespace

Result<api::ProbeReport> probe(const api::ProbeOrder& order, Clock& clock, std::stop_token stop) {
  if (order.http) return await_response(order, clock, std::move(stop));
  return await_isolation(order, clock, std::move(stop));
}

Result<> run_probe(const std::string& order, const std::string& report_file, Clock& clock,
                   std::stop_token stop) {
  auto document = TRY(parse_json(order));
  auto wanted = TRY(from_json<api::ProbeOrder>(document));
  auto report = TRY(probe(wanted, clock, std::move(stop)));
  // The kubelet has made the file, and nothing beside it may be written.
  std::ofstream file(report_file);
  file << to_text(to_json(report));
  file.close();
  if (!file) return fail(ErrorCode::internal, "writing " + report_file);
  return {};
}

}  // namespace dmaas::mover
