#include "engine/restore/restore.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "engine/inspect/walk_tree.hpp"
#include "engine/restore/tree_restorer.hpp"

namespace dmaas::engine {
namespace {

/// The directory of the backup that comes into the target.
Result<Node> find_top(Repository& repository, const TreeId& root, const std::string& subpath,
                      std::stop_token stop) {
  Node top;
  top.type = NodeType::directory;
  top.subtree = root;
  if (subpath.empty() || subpath == "/") return top;
  top = TRY(find_node(repository, root, subpath, stop));
  if (top.type != NodeType::directory || !top.subtree)
    return fail(ErrorCode::invalid_input,
                subpath + " is no directory in this backup; name one, or use dump for a file");
  return top;
}

/// An open block device or existing file that an image is written over.
class ImageTarget final : public OutputFile {
public:
  ImageTarget(FileDescriptor device, const ImageOptions& options)
      : device_(std::move(device)), path_(options.device_path), replace_(options.replace) {}

  bool holds_content() const override { return replace_ == Replace::differences; }

  Result<FileDescriptor> open(Opening) override {
    int copy = ::fcntl(device_.get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return fail(system_error("open " + path_, errno));
    return FileDescriptor{copy};
  }
  void complete(int fd) override {
    if (::fsync(fd) != 0) outcome_ = fail(system_error("sync " + path_, errno));
  }
  void abandon(const Error& error) override { outcome_ = fail(Error(error).context(path_)); }
  const Result<>& outcome() const { return outcome_; }

private:
  FileDescriptor device_;
  std::string path_;
  Replace replace_;
  Result<> outcome_;
};

/// Forwards to a target that outlives the writer, which owns its files.
class ImageOutput final : public OutputFile {
public:
  explicit ImageOutput(ImageTarget& target) : target_(target) {}
  bool holds_content() const override { return target_.holds_content(); }
  Result<FileDescriptor> open(Opening opening) override { return target_.open(opening); }
  void complete(int fd) override { target_.complete(fd); }
  void abandon(const Error& error) override { target_.abandon(error); }

private:
  ImageTarget& target_;
};

Result<> check_room(int fd, const Node& image, const std::string& path) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return fail(system_error("stat " + path, errno));
  if (!S_ISBLK(status.st_mode)) return {};
  std::uint64_t size = 0;
  if (::ioctl(fd, BLKGETSIZE64, &size) != 0)
    return fail(system_error("get the size of " + path, errno));
  if (size < image.size)
    return fail(ErrorCode::exhausted, path + " has " + std::to_string(size) +
                                          " bytes and the image " + std::to_string(image.size) +
                                          "; use a device that is large enough");
  return {};
}

}  // namespace

std::string_view name_of(RestoreProblemKind kind) {
  switch (kind) {
    case RestoreProblemKind::content:
      return "content";
    case RestoreProblemKind::entry:
      return "entry";
    case RestoreProblemKind::ownership:
      return "ownership";
    case RestoreProblemKind::permissions:
      return "permissions";
    case RestoreProblemKind::attributes:
      return "attributes";
    case RestoreProblemKind::times:
      return "times";
  }
  return "unknown";
}

Result<RestoreSummary> restore(Repository& repository, const TreeId& root,
                               const RestoreOptions& options, Progress& progress,
                               std::stop_token stop) {
  const auto started = repository.clock().monotonic();
  auto top = TRY(find_top(repository, root, options.subpath, stop));
  auto directories = TRY(TargetDirectories::open(options.target));
  RestoreProblems problems;
  RestoreContext context{repository, *directories, problems, progress, options.verify};
  TreeRestorer restorer{context, options};
  TRY(restorer.run(top, stop));

  RestoreSummary summary;
  restorer.report_to(summary);
  problems.report_to(summary);
  summary.files_restored = context.files_restored;
  summary.files_verified = context.files_verified;
  summary.bytes_restored = context.bytes_restored;
  summary.duration = repository.clock().monotonic() - started;
  return summary;
}

Result<> restore_image(Repository& repository, const Node& image, const ImageOptions& options,
                       Progress& progress, std::stop_token stop) {
  const auto& device_path = options.device_path;
  if (image.type != NodeType::file)
    return fail(ErrorCode::invalid_input, image.name + " is no file; an image is stored as one");
  FileDescriptor device{::open(device_path.c_str(), O_RDWR | O_CLOEXEC)};
  if (!device.is_open()) return fail(system_error("open " + device_path, errno));
  TRY(check_room(device.get(), image, device_path));
  ImageTarget target{std::move(device), options};
  ContentWriter writer{repository, Holes::write_zeros,
                       std::max(1u, std::thread::hardware_concurrency()), progress};
  writer.add(std::make_unique<ImageOutput>(target), image);
  TRY(writer.write_all(stop));
  return target.outcome();
}

}  // namespace dmaas::engine
