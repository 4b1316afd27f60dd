#include "engine/sources/image.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "engine/sources/file_attributes.hpp"
#include "engine/sources/file_stream.hpp"
#include "engine/sources/single_entry.hpp"

namespace dmaas::engine {
namespace {

class ImageEntry final : public Entry {
public:
  ImageEntry(std::string device_path, Node stat_node) : device_path_(std::move(device_path)) {
    node = std::move(stat_node);
  }

  Result<std::unique_ptr<Directory>> open_directory() override {
    return fail(ErrorCode::unsupported, device_path_ + " is an image");
  }
  Result<std::unique_ptr<FileStream>> open_file() override {
    auto file =
        std::make_shared<FileDescriptor>(::open(device_path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file->is_open()) return fail(system_error("open " + device_path_, errno));
    struct stat status;
    if (::fstat(file->get(), &status) != 0)
      return fail(system_error("stat " + device_path_, errno));
    if (S_ISBLK(status.st_mode))
      status.st_blocks = status.st_size = 0;  // devices have no holes to ask for
    return std::make_unique<RegularFileStream>(std::move(file), status, device_path_);
  }

private:
  std::string device_path_;
};

class ImageSource final : public Source {
public:
  ImageSource(std::string device_path, Node node)
      : device_path_(std::move(device_path)), node_(std::move(node)) {}

  std::vector<std::string> paths() const override { return {"/" + node_.name}; }
  OnReadError on_read_error() const override { return OnReadError::fail; }
  ChunkBoundaries chunk_boundaries() const override { return ChunkBoundaries::fixed; }
  Result<std::unique_ptr<Directory>> open_root() override {
    return std::make_unique<SingleEntryDirectory>(
        std::make_unique<ImageEntry>(device_path_, node_));
  }

private:
  const std::string device_path_;
  const Node node_;
};

Result<std::uint64_t> size_of(int fd, const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
  std::uint64_t size = 0;
  if (::ioctl(fd, BLKGETSIZE64, &size) != 0)
    return fail(system_error("get the size of " + path, errno));
  return size;
}

}  // namespace

Result<std::unique_ptr<Source>> open_image(const std::string& device_path, const std::string& name,
                                           Clock& clock) {
  FileDescriptor device{::open(device_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!device.is_open()) return fail(system_error("open " + device_path, errno));
  struct stat status;
  if (::fstat(device.get(), &status) != 0) return fail(system_error("stat " + device_path, errno));
  if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
    return fail(ErrorCode::invalid_input, device_path + " is neither a block device nor a file");
  Node node;
  set_stat(node, status, AccessTime::as_modification);
  if (S_ISBLK(status.st_mode)) node.mtime = node.atime = node.ctime = FileTime::of(clock.now());
  node.name = name;
  node.type = NodeType::file;
  node.mode = go_mode_of(S_IFREG | (status.st_mode & 0777));
  node.device = 0;
  node.device_id = 0;
  node.links = 1;
  node.size = TRY(size_of(device.get(), status, device_path));
  return std::make_unique<ImageSource>(device_path, std::move(node));
}

}  // namespace dmaas::engine
