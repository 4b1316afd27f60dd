#include "engine/sources/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "engine/testing/file_tree.hpp"

namespace dmaas::engine {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ChildProcessTest : public ::testing::Test {
protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    // What the programs say would drown what the tests say.
    standard_error_ = FileDescriptor{::dup(STDERR_FILENO)};
    FileDescriptor nowhere{::open("/dev/null", O_WRONLY)};
    ::dup2(nowhere.get(), STDERR_FILENO);
  }
  void TearDown() override { ::dup2(standard_error_.get(), STDERR_FILENO); }

  static Result<ChildProcess> shell(const std::string& script, ChildProcess::Pipe pipe) {
    return ChildProcess::start({"sh", "-c", script}, pipe);
  }
  /// Runs it to its end.
  static Result<std::string> output_of(const std::string& script) {
    auto program = TRY(shell(script, ChildProcess::Pipe::output));
    std::string output;
    Bytes buffer(64 << 10);
    for (;;) {
      auto count = TRY(program.read(buffer, {}));
      if (count == 0) break;
      output.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    }
    TRY(program.wait({}));
    return output;
  }

private:
  FileDescriptor standard_error_;
};

TEST_F(ChildProcessTest, AFailureSaysTheEndOfWhatTheProgramSaid) {
  auto output = output_of("echo 'access denied for user' >&2; exit 2");
  ASSERT_TRUE(output.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(output.error().message(), "sh ended with status 2: access denied for user");
}

TEST_F(ChildProcessTest, LongErrorsAreCutAndNeitherStopTheProgramNorBreakTheMessage) {
  auto output = output_of(R"(seq 1 200000 >&2; printf 'caf\303\251 \001 last' >&2; exit 1)");
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message(), StartsWith("sh ended with status 1: ... "));
  EXPECT_THAT(output.error().message(), EndsWith("200000 café   last"));
  EXPECT_LT(output.error().message().size(), 700u);

  output = output_of(R"(printf 'bad \377 byte' >&2; exit 1)");
  EXPECT_EQ(output.error().message(), "sh ended with status 1: bad ? byte");
}

TEST_F(ChildProcessTest, OutputIsReadWhileTheProgramSaysMuch) {
  auto output = output_of("seq 1 100000 >&2; printf content");
  ASSERT_TRUE(output) << output.error().message();
  EXPECT_EQ(*output, "content");
}

TEST_F(ChildProcessTest, InputArrivesWhole) {
  testing::TemporaryDirectory directory;
  auto program = shell("cat > " + (directory / "copy"), ChildProcess::Pipe::input);
  ASSERT_TRUE(program);
  const Bytes content(5 << 20, 7);
  ASSERT_TRUE(program->write(content, {}));
  program->close_input();
  ASSERT_TRUE(program->wait({}));
  EXPECT_EQ(std::filesystem::file_size(directory / "copy"), content.size());
}

TEST_F(ChildProcessTest, AReaderThatFailsSaysWhy) {
  auto program =
      shell("head -c 1 >/dev/null; echo 'syntax error' >&2; exit 4", ChildProcess::Pipe::input);
  ASSERT_TRUE(program);
  auto written = program->write(Bytes(5 << 20, 7), {});
  ASSERT_TRUE(written.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(written.error().message(), "sh ended with status 4: syntax error");
}

TEST_F(ChildProcessTest, AReaderThatLeavesSomethingHasFailedWhateverItsStatusIs) {
  auto program = shell("head -c 1 >/dev/null", ChildProcess::Pipe::input);
  ASSERT_TRUE(program);
  auto written = program->write(Bytes(5 << 20, 7), {});
  ASSERT_TRUE(written.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(written.error().message(), "sh ended before it had read its whole input");
}

TEST_F(ChildProcessTest, StopEndsAWriteThatNobodyReads) {
  auto program = shell("sleep 60", ChildProcess::Pipe::input);
  ASSERT_TRUE(program);
  std::stop_source stop;
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  }};
  EXPECT_TRUE(
      program->write(Bytes(5 << 20, 7), stop.get_token()).failed_with(ErrorCode::cancelled));
}

TEST_F(ChildProcessTest, ItGetsSignalsAsFromAShellThoughWeBlockThem) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto terminated = output_of("kill -TERM $$; sleep 60");
  auto broken_pipe = output_of("kill -PIPE $$; sleep 60");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(terminated.error().message(), "sh was ended by signal 15");
  EXPECT_EQ(broken_pipe.error().message(), "sh was ended by signal 13");
}

TEST_F(ChildProcessTest, WhatItLeavesRunningEndsWithIt) {
  testing::TemporaryDirectory directory;
  const auto pid_file = directory / "pid";
  auto ended = output_of("sleep 60 >/dev/null 2>&1 & echo $! > " + pid_file);
  ASSERT_TRUE(ended) << ended.error().message();
  auto pid = std::stoi(*read_small_file(pid_file));
  // It is a zombie, or gone, some moments after its kill.
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  auto runs = [&] {
    auto status = read_small_file("/proc/" + std::to_string(pid) + "/stat");
    return status && status->find(") Z ") == std::string::npos;
  };
  while (runs() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(runs());
}

TEST_F(ChildProcessTest, AProgramThatIsNotThereIsNamed) {
  auto program = ChildProcess::start({"no-such-dump"}, ChildProcess::Pipe::output);
  ASSERT_TRUE(program.failed_with(ErrorCode::not_found));
  EXPECT_THAT(program.error().message(), HasSubstr("no-such-dump"));
}

}  // namespace
}  // namespace dmaas::engine
