#include <thread>

#include "cluster_fixture.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

class ExecTest : public ClusterTest {
protected:
  void SetUp() override {
    ClusterTest::SetUp();
    pod_ = run_pod("shell", "echo hello; echo world; exec sleep 3600");
  }
  Result<ExecResult> run(std::vector<std::string> command, ExecOptions options = {}) {
    return execute(*client_, {pod_, "main", std::move(command)}, options, {});
  }
  ObjectKey pod_;
};

TEST_F(ExecTest, TellsOutputAndExitCode) {
  auto result = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->standard_output, "out\n");
  EXPECT_EQ(result->standard_error, "err\n");
  auto good = run({"true"});
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->exit_code, 0);
}

TEST_F(ExecTest, FeedsInputToItsEnd) {
  std::string input(700'000, 'x');
  auto result = run({"wc", "-c"}, {.input = input});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->standard_output, "700000\n");
}

TEST_F(ExecTest, CutsOutputAtItsLimitAndReadsOn) {
  auto result = run({"sh", "-c", "head -c 3000000 /dev/zero; exit 4"}, {.max_output_bytes = 1000});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->standard_output.size(), 1000u);
  EXPECT_TRUE(result->output_was_cut);
  EXPECT_EQ(result->exit_code, 4);
}

TEST_F(ExecTest, EndsWhenTheTimeIsOver) {
  auto begun = system_clock().monotonic();
  auto result = run({"sleep", "30"}, {.timeout = 1s});
  EXPECT_TRUE(result.failed_with(ErrorCode::timeout));
  EXPECT_LT(system_clock().monotonic() - begun, 10s);
}

TEST_F(ExecTest, DistinguishesWhatIsMissing) {
  auto program = run({"no-such-program"});
  EXPECT_TRUE(program.failed_with(ErrorCode::not_found)) << program.error().message();
  auto pod = execute(*client_, {{namespace_, "none"}, "", {"true"}}, {}, {});
  ASSERT_TRUE(pod.failed_with(ErrorCode::not_found));
  EXPECT_NE(pod.error().message().find("none"), std::string::npos) << pod.error().message();
}

TEST_F(ExecTest, ACommandSeesWhenItsInputIsClosed) {
  ExecRequest request{
      pod_, "main", {"sh", "-c", "echo frozen; cat; echo thawed"}, ExecRequest::Input::open};
  auto stream = client_->open_exec(request, {});
  ASSERT_TRUE(stream) << stream.error().message();
  EXPECT_EQ((*stream)->receive({}).value()->data, "frozen\n");
  ASSERT_TRUE((*stream)->close_input({}));
  EXPECT_EQ((*stream)->receive({}).value()->data, "thawed\n");
  EXPECT_EQ((*stream)->receive({}).value(), std::nullopt);
  EXPECT_EQ((*stream)->exit_code(), 0);
}

TEST_F(ExecTest, ThePodsDeathIsNeverSuccess) {
  std::jthread killer([&] {
    system_clock().sleep(1s, {});
    EXPECT_TRUE(client_->remove(resources::pods(), pod_, {.grace_period = 0s}, {}));
  });
  auto result = run({"sleep", "3600"}, {.timeout = 50s});
  EXPECT_TRUE(!result || result->exit_code != 0);
}

TEST_F(ExecTest, ReadsAndFollowsLogs) {
  std::string text;
  auto append = [&](BytesView piece) -> Result<> {
    text += text_of(piece);
    return {};
  };
  ASSERT_TRUE(eventually([&] {
    text.clear();
    return client_->logs(pod_, {}, append, {}) && text == "hello\nworld\n";
  })) << text;
  text.clear();
  ASSERT_TRUE(client_->logs(pod_, {.container = "main", .tail_lines = 1}, append, {}));
  EXPECT_EQ(text, "world\n");

  text.clear();
  std::stop_source stop;
  auto until_world = [&](BytesView piece) -> Result<> {
    text += text_of(piece);
    if (text.ends_with("world\n")) stop.request_stop();
    return {};
  };
  auto followed =
      client_->logs(pod_, {.follow = LogOptions::Follow::yes}, until_world, stop.get_token());
  EXPECT_TRUE(followed.failed_with(ErrorCode::cancelled));
  EXPECT_EQ(text, "hello\nworld\n");
}

}  // namespace
}  // namespace dmaas::kube
