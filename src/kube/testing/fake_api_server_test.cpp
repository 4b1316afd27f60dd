#include "kube/testing/fake_api_server.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "kube/object/object.hpp"

namespace dmaas::kube {
namespace {

const Resource plans{"dmaas.io", "v1alpha1", "plans", "Plan", true};
const ObjectKey daily{"shop", "daily"};

class FakeApiServerTest : public testing::Test {
protected:
  static Json plan(std::string_view spec, std::string_view status = "") {
    auto object = make_object(plans, daily);
    object.get_object()["spec"] = parse_json(spec).value();
    if (!status.empty()) object.get_object()["status"] = parse_json(status).value();
    return object;
  }
  std::string spec() const { return to_text(*find(*server_.peek(plans, daily), "spec")); }

  ManualClock clock_{Timestamp{}};
  FakeApiServer server_{clock_};
};

TEST_F(FakeApiServerTest, RefusesWritesOverNewerVersions) {
  auto first = server_.create(plans, plan("{}"), {}, {}).value();
  EXPECT_TRUE(server_.create(plans, plan("{}"), {}, {}).failed_with(ErrorCode::already_exists));
  auto changed = first;
  changed.get_object()["spec"] = JsonObject{{"a", 1}};
  auto second = server_.replace(plans, changed, {}, {}).value();
  EXPECT_EQ(generation_of(second), 2);
  EXPECT_TRUE(server_.replace(plans, changed, {}, {}).failed_with(ErrorCode::conflict));
  EXPECT_TRUE(server_.remove(plans, daily, {.uid = "other"}, {}).failed_with(ErrorCode::conflict));
}

TEST_F(FakeApiServerTest, KeepsSpecAndStatusApart) {
  auto created = server_.create(plans, plan(R"({"a":1})", R"({"phase":"x"})"), {}, {}).value();
  EXPECT_EQ(find(created, "status"), nullptr);
  auto status = plan(R"({"a":2})", R"({"phase":"Ready"})");
  ASSERT_TRUE(apply_status(server_, plans, status, {}, {}));
  EXPECT_EQ(spec(), R"({"a":1})");
  ASSERT_TRUE(server_.apply(plans, plan(R"({"a":3})", R"({"phase":"lost"})"), {}, {}));
  EXPECT_EQ(text_at(*server_.peek(plans, daily), "status", "phase"), "Ready");
  EXPECT_EQ(spec(), R"({"a":3})");
}

TEST_F(FakeApiServerTest, ApplyRemovesOnlyWhatItsManagerOwned) {
  ASSERT_TRUE(server_.apply(plans, plan(R"({"a":1,"b":1})"), {.field_manager = "one"}, {}));
  ASSERT_TRUE(server_.apply(plans, plan(R"({"b":1,"c":1})"), {.field_manager = "two"}, {}));
  ASSERT_TRUE(server_.apply(plans, plan("{}"), {.field_manager = "one"}, {}));
  EXPECT_EQ(spec(), R"({"b":1,"c":1})");
  WriteOptions polite{.field_manager = "one", .force = Force::no};
  EXPECT_TRUE(
      server_.apply(plans, plan(R"({"c":2})"), polite, {}).failed_with(ErrorCode::conflict));
}

TEST_F(FakeApiServerTest, ConditionsOfTwoManagersLiveSideBySide) {
  ASSERT_TRUE(server_.create(plans, plan("{}"), {}, {}));
  auto condition = [&](const std::string& manager, const std::string& type) {
    auto object = make_object(plans, daily);
    set_condition(object, {.type = type, .status = ConditionStatus::yes, .reason = "R"},
                  Timestamp{});
    return apply_status(server_, plans, object, {.field_manager = manager}, {});
  };
  ASSERT_TRUE(condition("one", "Ready"));
  ASSERT_TRUE(condition("two", "Protected"));
  EXPECT_EQ(conditions_of(*server_.peek(plans, daily)).size(), 2u);
  ASSERT_TRUE(condition("two", "Other"));
  EXPECT_TRUE(is_condition_true(*server_.peek(plans, daily), "Ready"));
  EXPECT_FALSE(find_condition(*server_.peek(plans, daily), "Protected"));
}

TEST_F(FakeApiServerTest, FinalizersHoldADeletedObject) {
  auto object = plan("{}");
  ensure_object(object, "metadata")["finalizers"] = JsonArray{"a.io/x"};
  ASSERT_TRUE(server_.create(plans, object, {}, {}));
  ASSERT_TRUE(server_.remove(plans, daily, {}, {}));
  EXPECT_TRUE(is_terminating(*server_.peek(plans, daily)));
  Patch patch{PatchKind::merge, JsonObject{{"metadata", JsonObject{{"finalizers", nullptr}}}}};
  ASSERT_TRUE(server_.patch(plans, daily, patch, {}, {}));
  EXPECT_FALSE(server_.peek(plans, daily));
}

TEST_F(FakeApiServerTest, DryRunChangesNothing) {
  ASSERT_TRUE(server_.create(plans, plan("{}"), {.dry_run = DryRun::yes}, {}));
  EXPECT_FALSE(server_.peek(plans, daily));
  ASSERT_TRUE(server_.create(plans, plan("{}"), {}, {}));
  ASSERT_TRUE(server_.apply(plans, plan(R"({"a":1})"), {.dry_run = DryRun::yes}, {}));
  ASSERT_TRUE(server_.remove(plans, daily, {.dry_run = DryRun::yes}, {}));
  EXPECT_EQ(spec(), "{}");
}

TEST_F(FakeApiServerTest, RecordsCallsWithTheirAccountAndInjectsFaults) {
  auto view = server_.impersonating(service_account("shop", "restore"));
  server_.set_fault([](const RecordedCall& call) -> std::optional<Error> {
    if (call.verb != Verb::create) return std::nullopt;
    return Error(ErrorCode::unavailable, "down");
  });
  EXPECT_TRUE(view->create(plans, plan("{}"), {}, {}).failed_with(ErrorCode::unavailable));
  EXPECT_TRUE(view->get(plans, daily, {}).failed_with(ErrorCode::not_found));
  ASSERT_EQ(server_.calls().size(), 2u);
  EXPECT_EQ(server_.calls()[0].user, "system:serviceaccount:shop:restore");
  EXPECT_EQ(server_.calls()[0].key, daily);
}

TEST_F(FakeApiServerTest, AWatchSeesObjectsEnterAndLeaveItsSelection) {
  auto object = plan("{}");
  set_label(object, "app", "web");
  auto version =
      server_.list(plans, {}, [](Json) -> Result<> { return {}; }, {}).value().resource_version;
  ASSERT_TRUE(server_.create(plans, object, {}, {}));
  set_label(object, "app", "other");
  ASSERT_TRUE(server_.apply(plans, object, {}, {}));
  std::string seen;
  auto sink = [&](WatchEvent event) -> Result<> {
    seen += event.type == EventType::added ? "+" : event.type == EventType::deleted ? "-" : "b";
    if (event.type == EventType::bookmark) server_.close_watches();
    return {};
  };
  WatchOptions options{.label_selector = "app=web", .resource_version = version};
  EXPECT_EQ(server_.watch(plans, options, sink, {}).value(), WatchEnd::closed);
  EXPECT_EQ(seen, "+-b");
  server_.expire_watches();
  EXPECT_EQ(server_.watch(plans, options, sink, {}).value(), WatchEnd::expired);
}

TEST_F(FakeApiServerTest, AnswersExecutionsAsToldAndLimitsTheirOutput) {
  server_.set_exec([](const ExecRequest& request) -> Result<ExecResult> {
    return ExecResult{request.command == std::vector<std::string>{"sync"} ? 0 : 3, "0123456789",
                      "err", false};
  });
  auto result = execute(server_, {daily, "", {"false"}}, {.max_output_bytes = 4}, {}).value();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.standard_output, "0123");
  EXPECT_EQ(result.standard_error, "err");
  EXPECT_TRUE(result.output_was_cut);
  EXPECT_EQ(execute(server_, {daily, "", {"sync"}}, {.input = "text"}, {}).value().exit_code, 0);
}

}  // namespace
}  // namespace dmaas::kube
