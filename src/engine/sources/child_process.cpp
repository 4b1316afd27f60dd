#include "engine/sources/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "engine/format/go_text.hpp"

namespace dmaas::engine {
namespace {

constexpr int stop_poll_ms = 200;  // how long a stop request may go unnoticed
constexpr int pipe_bytes = 1 << 20;
constexpr std::size_t max_said_bytes = 600;

struct PipeEnds {
  FileDescriptor read;
  FileDescriptor write;
};

Result<PipeEnds> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("make a pipe", errno));
  return PipeEnds{FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

/// posix_spawn(3) file actions and attributes, released together.
struct SpawnSettings {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  SpawnSettings(ChildProcess::Pipe pipe, int stream, int errors) {
    posix_spawn_file_actions_init(&actions);
    if (pipe == ChildProcess::Pipe::output) {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
      posix_spawn_file_actions_adddup2(&actions, stream, STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_adddup2(&actions, stream, STDIN_FILENO);
    }
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    // A group of its own, so that what the program starts ends with it. Signals as a shell gives
    // them: pipelines count on SIGPIPE, and timeout(1) on SIGTERM.
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments, Pipe pipe) {
  if (arguments.empty()) return fail(ErrorCode::invalid_input, "no command was given");
  auto stream = TRY(make_pipe());
  auto errors = TRY(make_pipe());
  auto& ours = pipe == Pipe::output ? stream.read : stream.write;
  auto& its = pipe == Pipe::output ? stream.write : stream.read;
  // Fewer switches between the program and us than with 64 KiB. A wish, not a need.
  ::fcntl(ours.get(), F_SETPIPE_SZ, pipe_bytes);
  for (int fd : {ours.get(), errors.read.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);

  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  SpawnSettings settings{pipe, its.get(), errors.write.get()};
  pid_t pid = -1;
  int error =
      ::posix_spawnp(&pid, argv[0], &settings.actions, &settings.attributes, argv.data(), environ);
  if (error != 0) return fail(system_error("start " + arguments.front(), error));
  return ChildProcess{pid, std::move(ours), std::move(errors.read), arguments.front()};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pipe_(std::move(other.pipe_)),
      errors_(std::move(other.errors_)),
      name_(std::move(other.name_)),
      said_(std::move(other.said_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// Until `fd` is ready. Meanwhile the program may say what it has to say: a full pipe would stop
/// it.
Result<> ChildProcess::await(int fd, short events, std::stop_token stop) {
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, name_ + " was stopped");
    pollfd waiting[] = {{fd, events, 0}, {errors_.get(), POLLIN, 0}};
    int ready = ::poll(waiting, 2, stop_poll_ms);
    if (ready < 0 && errno != EINTR) return fail(system_error("wait for " + name_, errno));
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) take_errors();
    if (waiting[0].revents != 0) return {};
  }
}

/// All that waits in the pipe of errors.
void ChildProcess::take_errors() {
  std::array<char, 64 << 10> buffer;  // as much as the pipe holds
  auto count = ::read(errors_.get(), buffer.data(), buffer.size());
  if (count == 0) errors_.reset();
  if (count <= 0) return;
  // Only for those who look on: losing it loses nothing.
  static_cast<void>(!::write(STDERR_FILENO, buffer.data(), static_cast<std::size_t>(count)));
  said_.append(buffer.data(), static_cast<std::size_t>(count));
  if (said_.size() > max_said_bytes) said_.erase(0, said_.size() - max_said_bytes);
}

std::string ChildProcess::what_it_said() const {
  auto text = said_;
  const bool is_cut = text.size() == max_said_bytes;
  if (is_cut) text.erase(0, text.find_first_of(" \n") + 1);  // not in the middle of a character
  const bool is_text = is_valid_utf8(text);
  for (char& c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte >= 0x80 && !is_text) c = '?';
  }
  while (text.ends_with(' ')) text.pop_back();
  if (text.empty()) return text;
  return (is_cut ? ": ... " : ": ") + text;
}

Result<std::size_t> ChildProcess::read(std::span<std::uint8_t> buffer, std::stop_token stop) {
  for (;;) {
    TRY(await(pipe_.get(), POLLIN, stop));
    auto count = ::read(pipe_.get(), buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return fail(system_error("read from " + name_, errno));
  }
}

Result<> ChildProcess::write(BytesView bytes, std::stop_token stop) {
  while (!bytes.empty()) {
    TRY(await(pipe_.get(), POLLOUT, stop));
    auto count = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EPIPE) {
      TRY(wait(stop));
      return fail(ErrorCode::invalid_input,
                  name_ + " ended before it had read its whole input" + what_it_said());
    }
    if (count < 0 && errno != EINTR && errno != EAGAIN)
      return fail(system_error("write to " + name_, errno));
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> ChildProcess::wait(std::stop_token stop) {
  // By its number: the header of glibc 2.36 declares pidfd_open(2) without extern "C".
  FileDescriptor ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!ended.is_open()) return fail(system_error("wait for " + name_, errno));
  TRY(await(ended.get(), POLLIN, stop));
  if (errors_.is_open()) take_errors();
  ::kill(-pid_, SIGKILL);  // what it left running; the number is its own until we have waited
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return fail(system_error("wait for " + name_, errno));
  }
  pid_ = -1;
  if (WIFSIGNALED(status))
    return fail(ErrorCode::invalid_input, name_ + " was ended by signal " +
                                              std::to_string(WTERMSIG(status)) + what_it_said());
  if (WEXITSTATUS(status) != 0)
    return fail(ErrorCode::invalid_input, name_ + " ended with status " +
                                              std::to_string(WEXITSTATUS(status)) + what_it_said());
  return {};
}

}  // namespace dmaas::engine
