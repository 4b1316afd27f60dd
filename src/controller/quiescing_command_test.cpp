#include "controller/quiescing_command.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace dmaas::controller {
namespace {

using std::chrono::seconds;

/// A real shell with the program in it, its standard input and output at the ends of pipes.
class HeldApplication {
public:
  explicit HeldApplication(const std::vector<std::string>& words) {
    std::array<int, 2> input{}, output{};
    EXPECT_EQ(::pipe(input.data()) + ::pipe(output.data()), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      for (int fd : {input[0], input[1], output[0], output[1]}) ::close(fd);
      std::vector<char*> arguments;
      for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
  }
  ~HeldApplication() {
    if (input_ >= 0) ::close(input_);
    ::close(output_);
  }

  void let_go() { ::close(std::exchange(input_, -1)); }
  std::string read_line() {
    std::string line;
    char c = 0;
    while (::read(output_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  int wait_for_exit_code() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  pid_t process_ = 0;
  int input_ = -1;
  int output_ = -1;
};

const std::vector<std::string> say_undone{"echo", "it's undone"};

TEST(QuiescingCommandTest, UndoesWhenItsInputEnds) {
  HeldApplication application(quiescing_command({"echo", "still"}, say_undone, seconds{60}));
  EXPECT_EQ(application.read_line(), "still");
  EXPECT_EQ(application.read_line(), quiesced_mark);
  application.let_go();
  EXPECT_EQ(application.read_line(), "it's undone");
  EXPECT_EQ(application.read_line(), "");  // nothing keeps the output open
  EXPECT_EQ(application.wait_for_exit_code(), 0);
}

TEST(QuiescingCommandTest, UndoesWhenTheTimeIsOver) {
  HeldApplication application(quiescing_command({"true"}, say_undone, seconds{1}));
  EXPECT_EQ(application.read_line(), quiesced_mark);
  EXPECT_EQ(application.read_line(), "it's undone");
  EXPECT_EQ(application.read_line(), "");
  EXPECT_EQ(application.wait_for_exit_code(), 0);
}

TEST(QuiescingCommandTest, UndoesWhenTheCommandFails) {
  HeldApplication application(quiescing_command({"sh", "-c", "exit 4"}, say_undone, seconds{60}));
  EXPECT_EQ(application.read_line(), "it's undone");
  EXPECT_EQ(application.wait_for_exit_code(), 4);
}

TEST(QuiescingCommandTest, UndoesWhenLetGoBeforeTheCommandEnds) {
  HeldApplication application(quiescing_command({"sleep", "60"}, say_undone, seconds{60}));
  application.let_go();
  EXPECT_EQ(application.read_line(), "it's undone");
  EXPECT_EQ(application.wait_for_exit_code(), let_go_early);
}

TEST(QuiescingCommandTest, TellsWhenUndoFails) {
  HeldApplication application(quiescing_command({"true"}, {"sh", "-c", "exit 9"}, seconds{60}));
  EXPECT_EQ(application.read_line(), quiesced_mark);
  application.let_go();
  EXPECT_EQ(application.wait_for_exit_code(), 9);
}

}  // namespace
}  // namespace dmaas::controller
