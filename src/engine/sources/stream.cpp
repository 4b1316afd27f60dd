#include "engine/sources/stream.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "engine/sources/child_process.hpp"
#include "engine/sources/single_entry.hpp"

namespace dmaas::engine {
namespace {

/// What is read: an open pipe, or a program to start.
struct Origin {
  FileDescriptor input;
  std::vector<std::string> arguments;
};

constexpr int stop_poll_ms = 200;  // how long a stop request may go unnoticed

/// One read of what is there; 0 at the end. A silent producer does not keep us from stopping.
Result<std::size_t> read_available(int fd, std::span<std::uint8_t> buffer, std::stop_token stop) {
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "reading the stream was stopped");
    pollfd waiting{fd, POLLIN, 0};
    int ready = ::poll(&waiting, 1, stop_poll_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    auto count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return fail(system_error("read the stream", errno));
  }
}

class PipeStream final : public FileStream {
public:
  explicit PipeStream(FileDescriptor input) : input_(std::move(input)) {}
  explicit PipeStream(ChildProcess program) : program_(std::move(program)) {}

  Result<FilePiece> read(std::span<std::uint8_t> buffer, std::stop_token stop) override {
    auto count =
        TRY(program_ ? program_->read(buffer, stop) : read_available(input_.get(), buffer, stop));
    size_bytes_ += count;
    return FilePiece{.data_bytes = count};
  }
  Result<ContentState> finish(std::stop_token stop) override {
    if (!program_) return ContentState::stable;
    TRY(program_->wait(stop));
    // A pipeline whose first part failed often ends like this.
    if (size_bytes_ == 0)
      return fail(ErrorCode::invalid_input, program_->name() + " ended well but wrote nothing");
    return ContentState::stable;
  }

private:
  FileDescriptor input_;
  std::optional<ChildProcess> program_;
  std::uint64_t size_bytes_ = 0;
};

class StreamEntry final : public Entry {
public:
  StreamEntry(Origin& origin, std::string name, Timestamp now) : origin_(origin) {
    node.name = std::move(name);
    node.mode = go_mode_of(S_IFREG | 0644);
    node.mtime = node.atime = node.ctime = FileTime::of(now);
    node.uid = ::geteuid();
    node.gid = ::getegid();
  }

  Result<std::unique_ptr<Directory>> open_directory() override {
    return fail(ErrorCode::unsupported, node.name + " is a stream");
  }
  Result<std::unique_ptr<FileStream>> open_file() override {
    if (!origin_.arguments.empty())
      return std::make_unique<PipeStream>(
          TRY(ChildProcess::start(origin_.arguments, ChildProcess::Pipe::output)));
    if (!origin_.input.is_open())
      return fail(ErrorCode::unsupported, "a stream can be read only once");
    return std::make_unique<PipeStream>(std::move(origin_.input));
  }

private:
  Origin& origin_;  // lives in the source
};

class StreamSource final : public Source {
public:
  StreamSource(Origin origin, std::string path, Timestamp now)
      : origin_(std::move(origin)), path_(std::move(path)), now_(now) {}

  std::vector<std::string> paths() const override { return {path_}; }
  OnReadError on_read_error() const override { return OnReadError::fail; }
  Result<std::unique_ptr<Directory>> open_root() override {
    return std::make_unique<SingleEntryDirectory>(
        std::make_unique<StreamEntry>(origin_, path_.substr(1), now_));
  }

private:
  Origin origin_;
  const std::string path_;
  const Timestamp now_;
};

Result<std::unique_ptr<Source>> open_origin(Origin origin, const std::string& path, Clock& clock) {
  auto name = path.starts_with('/') ? path.substr(1) : path;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return fail(ErrorCode::invalid_input,
                "'" + path + "' is no file name for a stream; write one like dump.sql");
  return std::make_unique<StreamSource>(std::move(origin), "/" + name, clock.now());
}

}  // namespace

Result<std::unique_ptr<Source>> open_stream(FileDescriptor input, const std::string& path,
                                            Clock& clock) {
  return open_origin({std::move(input), {}}, path, clock);
}

Result<std::unique_ptr<Source>> open_command(std::vector<std::string> arguments,
                                             const std::string& path, Clock& clock) {
  if (arguments.empty()) return fail(ErrorCode::invalid_input, "no command was given");
  return open_origin({FileDescriptor{}, std::move(arguments)}, path, clock);
}

}  // namespace dmaas::engine
