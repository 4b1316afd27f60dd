#include "engine/sources/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace dmaas::engine {
namespace {

constexpr int stop_poll_ms = 200;  // how long a stop request may go unnoticed

/// posix_spawn(3) file actions and attributes, released together.
struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    // A group of its own, so that what the program starts ends with it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return fail(ErrorCode::invalid_input, "no command was given");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("make a pipe", errno));
  FileDescriptor output{ends[0]};
  FileDescriptor input{ends[1]};
  // A pipe of 1 MiB instead of 64 KiB: fewer switches between the program and us. A wish, not a
  // need.
  ::fcntl(output.get(), F_SETPIPE_SZ, 1 << 20);

  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  SpawnSettings settings{input.get()};
  pid_t pid = -1;
  int error =
      ::posix_spawnp(&pid, argv[0], &settings.actions, &settings.attributes, argv.data(), environ);
  if (error != 0) return fail(system_error("start " + arguments.front(), error));
  return ChildProcess{pid, std::move(output), arguments.front()};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      name_(std::move(other.name_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<> ChildProcess::wait(std::stop_token stop) {
  // By its number: the header of glibc 2.36 declares pidfd_open(2) without extern "C".
  FileDescriptor ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!ended.is_open()) return fail(system_error("wait for " + name_, errno));
  for (pollfd waiting{ended.get(), POLLIN, 0}; ::poll(&waiting, 1, stop_poll_ms) <= 0;) {
    if (stop.stop_requested())
      return fail(ErrorCode::cancelled, "waiting for " + name_ + " was stopped");
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return fail(system_error("wait for " + name_, errno));
  }
  pid_ = -1;
  if (WIFSIGNALED(status))
    return fail(ErrorCode::unavailable,
                name_ + " was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return fail(ErrorCode::unavailable,
                name_ + " ended with status " + std::to_string(WEXITSTATUS(status)));
  return {};
}

}  // namespace dmaas::engine
