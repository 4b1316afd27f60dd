#include "kube/client/request.hpp"

#include <gtest/gtest.h>

#include "kube/client/exec_protocol.hpp"
#include "kube/client/status_error.hpp"
#include "kube/client/watch_stream.hpp"
#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

TEST(RequestTest, BuildsThePathsOfTheApi) {
  EXPECT_EQ(collection_path(resources::pods(), "shop").value(), "/api/v1/namespaces/shop/pods");
  EXPECT_EQ(collection_path(resources::pods(), "").value(), "/api/v1/pods");
  EXPECT_EQ(object_path(resources::deployments(), {"shop", "web"}, "status").value(),
            "/apis/apps/v1/namespaces/shop/deployments/web/status");
  EXPECT_EQ(object_path(resources::cluster_roles(), {"", "system:node"}).value(),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode");
}

TEST(RequestTest, RefusesNamesThatWouldMeanAnotherPath) {
  for (auto name : {"", ".", ".."}) {
    EXPECT_TRUE(object_path(resources::nodes(), {"", name}).failed_with(ErrorCode::invalid_input));
    EXPECT_TRUE(
        object_path(resources::pods(), {name, "web"}).failed_with(ErrorCode::invalid_input));
  }
  EXPECT_EQ(object_path(resources::pods(), {"a/b", "../x"}).value(),
            "/api/v1/namespaces/a%2Fb/pods/..%2Fx");
}

TEST(RequestTest, EncodesSemicolonsOfCommands) {
  ExecRequest request{
      {"shop", "web"}, "app", {"sh", "-c", "sync; exit 3"}, ExecRequest::Input::open};
  EXPECT_EQ(exec_query(request).text(),
            "?container=app&stdin=true&stdout=true&stderr=true&command=sh&command=-c"
            "&command=sync%3B%20exit%203");
}

TEST(RequestTest, WritesNameTheManagerAndDryRun) {
  WriteOptions options{.dry_run = DryRun::yes, .field_manager = "m", .force = Force::no};
  EXPECT_EQ(write_query(options).text(), "?fieldManager=m&dryRun=All");
  EXPECT_EQ(write_query(options, ApplyParameters::yes).text(),
            "?fieldManager=m&dryRun=All&force=false");
}

TEST(RequestTest, DeletionCarriesItsPreconditions) {
  RemoveOptions options{.propagation = Propagation::foreground, .uid = "u1"};
  EXPECT_EQ(to_text(remove_body(options)),
            R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground",)"
            R"("preconditions":{"uid":"u1"}})");
}

ErrorCode code_of(int status, std::string_view reason, std::string_view message = "") {
  Json body = JsonObject{{"kind", "Status"}, {"reason", reason}, {"message", message}};
  return error_of_status(status, to_text(body)).code();
}

TEST(StatusErrorTest, ClassifiesWhatCallersActOn) {
  EXPECT_EQ(code_of(409, "AlreadyExists"), ErrorCode::already_exists);
  EXPECT_EQ(code_of(409, "Conflict"), ErrorCode::conflict);
  EXPECT_EQ(code_of(404, "NotFound"), ErrorCode::not_found);
  EXPECT_EQ(code_of(403, "Forbidden"), ErrorCode::permission_denied);
  EXPECT_EQ(code_of(403, "Forbidden", "exceeded quota: q, requested: pods=1"),
            ErrorCode::exhausted);
  EXPECT_EQ(code_of(401, "Unauthorized"), ErrorCode::permission_denied);
  EXPECT_EQ(code_of(422, "Invalid"), ErrorCode::invalid_input);
  EXPECT_EQ(code_of(400, "BadRequest"), ErrorCode::invalid_input);
  EXPECT_EQ(code_of(410, "Expired"), ErrorCode::conflict);
  EXPECT_EQ(code_of(429, "TooManyRequests"), ErrorCode::unavailable);
  EXPECT_EQ(code_of(500, "InternalError"), ErrorCode::unavailable);
  EXPECT_EQ(code_of(504, "Timeout"), ErrorCode::timeout);
  EXPECT_EQ(code_of(405, "MethodNotAllowed"), ErrorCode::unsupported);
}

TEST(StatusErrorTest, TellsReasonAndFieldsOnce) {
  auto error = error_of_status(422, R"({"kind":"Status","reason":"Invalid","message":"x is invalid",
    "details":{"causes":[{"field":"spec.a","message":"Required value"},{"message":"is invalid"}]}})");
  EXPECT_EQ(error.message(), "Invalid: x is invalid (spec.a: Required value)");
  EXPECT_EQ(error_of_status(502, "<html>\nBad\n").message(), "HTTP status 502: <html> Bad");
}

TEST(StatusErrorTest, WaitsOnlyWhenTheServerDidNotProcess) {
  using std::chrono::seconds;
  EXPECT_EQ(retry_delay({429, {{"Retry-After", "7"}}, ""}), seconds{7});
  EXPECT_EQ(retry_delay({429, {}, ""}), seconds{1});
  EXPECT_EQ(retry_delay({503, {{"retry-after", "2"}}, ""}), seconds{2});
  EXPECT_EQ(retry_delay({503, {}, ""}), std::nullopt);
  EXPECT_EQ(retry_delay({200, {{"Retry-After", "2"}}, ""}), std::nullopt);
}

struct Seen {
  std::vector<std::pair<EventType, std::string>> events{};
  WatchSink sink = [this](WatchEvent event) -> Result<> {
    events.emplace_back(event.type, resource_version_of(event.object));
    return {};
  };
};

constexpr std::string_view two_events =
    R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}})"
    "\n"
    R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}})"
    "\n";

TEST(WatchStreamTest, FindsEventsWhereverThePiecesAreCut) {
  for (std::size_t cut = 0; cut <= two_events.size(); ++cut) {
    Seen seen;
    WatchStream stream(seen.sink);
    ASSERT_TRUE(stream.feed(bytes_of(two_events.substr(0, cut))));
    ASSERT_TRUE(stream.feed(bytes_of(two_events.substr(cut))));
    ASSERT_EQ(seen.events.size(), 2u) << cut;
    EXPECT_EQ(seen.events[0], std::pair(EventType::added, std::string("1")));
    EXPECT_EQ(seen.events[1], std::pair(EventType::bookmark, std::string("2")));
  }
}

TEST(WatchStreamTest, NoticesThatTheVersionExpired) {
  Seen seen;
  WatchStream stream(seen.sink);
  auto gone = R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
              "\n";
  EXPECT_TRUE(stream.feed(bytes_of(gone)));
  EXPECT_TRUE(stream.is_expired());
}

TEST(WatchStreamTest, PassesOtherErrorsOn) {
  Seen seen;
  WatchStream stream(seen.sink);
  auto denied = R"({"type":"ERROR","object":{"kind":"Status","code":403,"reason":"Forbidden"}})"
                "\n";
  EXPECT_TRUE(stream.feed(bytes_of(denied)).failed_with(ErrorCode::permission_denied));
}

TEST(WatchStreamTest, RefusesBrokenAndEndlessLines) {
  for (auto text :
       {"{\n", "[]\n", "{\"type\":\"ADDED\"}\n", "{\"type\":\"ADDED\",\"object\":1}\n"}) {
    Seen seen;
    WatchStream stream(seen.sink);
    EXPECT_TRUE(stream.feed(bytes_of(text)).failed_with(ErrorCode::unavailable)) << text;
  }
  Seen seen;
  WatchStream stream(seen.sink, 10);
  EXPECT_TRUE(stream.feed(bytes_of("12345")));
  EXPECT_TRUE(stream.feed(bytes_of("678901")).failed_with(ErrorCode::exhausted));
}

TEST(ExecProtocolTest, SplitsMessagesByChannel) {
  using namespace std::string_literals;
  EXPECT_EQ(decode_exec_message("\1out"s).piece->data, "out");
  EXPECT_EQ(decode_exec_message("\2err"s).piece->channel, ExecChannel::standard_error);
  EXPECT_EQ(decode_exec_message("\3{}"s).status, "{}");
  for (auto text : {""s, "\1"s, "\0x"s, "\4x"s, "\377\1"s}) {
    auto message = decode_exec_message(text);
    EXPECT_FALSE(message.piece || message.status);
  }
}

TEST(ExecProtocolTest, ReadsExitCodesFromTheStatus) {
  EXPECT_EQ(exit_code_of_status(R"({"metadata":{},"status":"Success"})").value(), 0);
  EXPECT_EQ(exit_code_of_status(R"({"status":"Failure","reason":"NonZeroExitCode",
    "details":{"causes":[{"reason":"ExitCode","message":"3"}]}})")
                .value(),
            3);
  EXPECT_TRUE(
      exit_code_of_status(
          R"({"status":"Failure","message":"failed to exec in container: executable file not found in $PATH"})")
          .failed_with(ErrorCode::not_found));
  for (auto text : {"", "{}", R"({"status":"Failure"})",
                    R"({"status":"Failure","details":{"causes":[{"reason":"ExitCode"}]}})"}) {
    EXPECT_TRUE(exit_code_of_status(text).failed_with(ErrorCode::unavailable)) << text;
  }
}

}  // namespace
}  // namespace dmaas::kube
