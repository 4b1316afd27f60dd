#pragma once

#include <sys/types.h>

#include <stop_token>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace dmaas::engine {

/// A program whose standard output is read. Owned by one thread; killed by the destructor if it
/// still runs.
class ChildProcess {
public:
  /// `arguments[0]` is found by PATH. The child gets no input and our standard error.
  /// Errors: invalid_input (no argument), and those of starting it.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  const FileDescriptor& output() const { return output_; }
  /// Blocks until it ends. Errors: cancelled; unavailable (ended by a signal or with another status
  /// than 0).
  Result<> wait(std::stop_token stop);

private:
  ChildProcess(pid_t pid, FileDescriptor output, std::string name)
      : pid_(pid), output_(std::move(output)), name_(std::move(name)) {}

  pid_t pid_ = -1;
  FileDescriptor output_;
  std::string name_;
};

}  // namespace dmaas::engine
