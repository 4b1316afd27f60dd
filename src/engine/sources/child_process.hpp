#pragma once

#include <sys/types.h>

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

/// A program whose output is read or whose input is written. Owned by one thread. What it started
/// ends with it, and the destructor kills it if it still runs. What it says on its standard error
/// goes on to ours, and the end of it into the messages of errors.
class ChildProcess {
public:
  /// Which of its streams is ours. Without `input` it gets no input; without `output` its standard
  /// output is ours. Whoever writes input has to ignore SIGPIPE.
  enum class Pipe { output, input };

  /// `arguments[0]` is found by PATH. Errors: invalid_input (no argument), and those of starting
  /// it.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments, Pipe pipe);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  /// Blocks for what is there; 0 at the end. Errors: cancelled.
  Result<std::size_t> read(std::span<std::uint8_t> buffer, std::stop_token stop);
  /// Blocks until the program has taken everything. Errors: cancelled; invalid_input (it ended or
  /// closed its input before).
  Result<> write(BytesView bytes, std::stop_token stop);
  /// The program reads the end.
  void close_input() { pipe_.reset(); }
  /// Blocks until it ends. Errors: cancelled; invalid_input (ended by a signal or with another
  /// status than 0): the same command would do the same again.
  Result<> wait(std::stop_token stop);
  const std::string& name() const { return name_; }

private:
  ChildProcess(pid_t pid, FileDescriptor pipe, FileDescriptor errors, std::string name)
      : pid_(pid), pipe_(std::move(pipe)), errors_(std::move(errors)), name_(std::move(name)) {}
  Result<> await(int fd, short events, std::stop_token stop);
  void take_errors();
  std::string what_it_said() const;

  pid_t pid_ = -1;
  FileDescriptor pipe_;
  FileDescriptor errors_;
  std::string name_;
  std::string said_;  // the end of its standard error
};

}  // namespace dmaas::engine
