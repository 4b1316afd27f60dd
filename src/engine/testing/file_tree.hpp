#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace dmaas::engine::testing {

/// A directory that disappears with the test.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dmaas-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// Has no zeros, which would become holes.
inline std::string random_text(std::size_t size, unsigned seed) {
  std::mt19937_64 random{seed};
  std::string text(size, 'x');
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t word = random() | 0x0101'0101'0101'0101;
    std::memcpy(text.data() + i, &word, sizeof word);
  }
  return text;
}

inline void write_file(const std::string& path, const std::string& content) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  std::string content(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0).read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

inline void set_time(const std::string& path, std::int64_t seconds, long nanoseconds) {
  const timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
  ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

/// Every kind of entry and metadata that a backup must keep. Needs root.
inline void make_example_tree(const std::string& top) {
  std::filesystem::create_directories(top + "/deep/er/still");
  std::filesystem::create_directories(top + "/empty directory");
  write_file(top + "/empty", "");
  write_file(top + "/small", "hello");
  write_file(top + "/large", random_text(10 << 20, 1));
  write_file(top + "/deep/er/still/file", random_text(70'000, 2));
  write_file(top + "/bad\xff\xfename", "not UTF-8");
  write_file(top + "/quote\"back\\slash<&>\n", "odd name");
  write_file(top + "/\xc3\xa4\xe2\x82\xac", "UTF-8");

  write_file(top + "/setuid", "x");
  ::chown((top + "/setuid").c_str(), 1234, 5678);
  ::chmod((top + "/setuid").c_str(), 06755);
  ::chmod((top + "/deep").c_str(), 02770);
  ::chmod((top + "/empty directory").c_str(), 01777);

  ::link((top + "/small").c_str(), (top + "/deep/linked").c_str());
  ::link((top + "/small").c_str(), (top + "/aaa-linked-first").c_str());
  ::symlink("small", (top + "/link").c_str());
  ::symlink("/nowhere/\xff", (top + "/dangling").c_str());
  ::lchown((top + "/link").c_str(), 4321, 8765);
  ::mkfifo((top + "/fifo").c_str(), 0640);
  ::mknod((top + "/block").c_str(), S_IFBLK | 0660, (7 << 8) | 9);
  ::mknod((top + "/character").c_str(), S_IFCHR | 0666, (1 << 8) | 3);

  int sparse = ::open((top + "/sparse").c_str(), O_CREAT | O_WRONLY, 0600);
  const std::string block = random_text(64 << 10, 3);
  for (off_t offset : {0L, 20L << 20}) ::pwrite(sparse, block.data(), block.size(), offset);
  ::ftruncate(sparse, 30 << 20);
  ::close(sparse);

  ::setxattr((top + "/small").c_str(), "user.comment", "value\0\xff", 7, 0);
  ::setxattr((top + "/deep").c_str(), "user.empty", "", 0, 0);
  // What `setcap cap_net_bind_service=ep` writes, and `setfacl -m u:1000:r`: version 2, then tag,
  // permission, id.
  const unsigned char capability[] = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  ::setxattr((top + "/setuid").c_str(), "security.capability", capability, sizeof capability, 0);
  const std::uint32_t acl[] = {2,   0x60001, ~0u, 0x40002, 1000, 0x40004,
                               ~0u, 0x40010, ~0u, 0x40020, ~0u};
  ::setxattr((top + "/empty").c_str(), "system.posix_acl_access", acl, sizeof acl, 0);
  ::setxattr((top + "/deep/er").c_str(), "system.posix_acl_default", acl, sizeof acl, 0);

  set_time(top + "/large", 1'000'000'000, 123'456'789);
  set_time(top + "/link", 1'100'000'000, 1);
  set_time(top + "/fifo", 1'200'000'000, 999'999'999);
  set_time(top + "/empty", -1'000, 5);
  set_time(top + "/deep/er", 1'300'000'000, 42);
  set_time(top + "/deep", 1'400'000'000, 43);
}

/// Data ranges of a file, as "0+65536 41943040+65536".
inline std::string data_ranges(const std::string& path) {
  std::string ranges;
  int fd = ::open(path.c_str(), O_RDONLY);
  for (off_t begin = 0; (begin = ::lseek(fd, begin, SEEK_DATA)) >= 0;) {
    off_t end = ::lseek(fd, begin, SEEK_HOLE);
    ranges += fmt::format("{}+{} ", begin, end - begin);
    begin = end;
  }
  ::close(fd);
  return ranges;
}

inline std::string describe_attributes(const std::string& path) {
  std::string names(4096, '\0');
  ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
  std::vector<std::string> attributes;
  for (ssize_t begin = 0; begin < length;) {
    std::string name = names.c_str() + begin;
    begin += static_cast<ssize_t>(name.size()) + 1;
    std::string value(4096, '\0');
    ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    std::string text = name + "=";
    for (ssize_t i = 0; i < size; ++i)
      text += fmt::format("{:02x}", static_cast<unsigned char>(value[i]));
    attributes.push_back(text);
  }
  std::ranges::sort(attributes);
  return fmt::format("{}", fmt::join(attributes, ","));
}

/// Everything about every entry below `top`, by path: equal trees have equal descriptions.
inline std::map<std::string, std::string> describe_tree(const std::string& top) {
  std::map<std::string, std::string> entries;
  std::map<ino_t, std::string> first_names;
  std::vector<std::string> paths{""};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top))
    paths.push_back(entry.path().string().substr(top.size()));
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    const std::string full = top + path;
    struct stat status;
    ::lstat(full.c_str(), &status);
    std::string text = fmt::format(
        "mode {:o} owner {}:{} mtime {}.{:09} attributes {}", status.st_mode, status.st_uid,
        status.st_gid, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, describe_attributes(full));
    if (S_ISREG(status.st_mode)) {
      auto first = first_names.try_emplace(status.st_ino, path).first->second;
      text += fmt::format(" size {} links {} same as {} data {} hash {}", status.st_size,
                          status.st_nlink, first, data_ranges(full),
                          std::hash<std::string>{}(read_file(full)));
    }
    if (S_ISBLK(status.st_mode) || S_ISCHR(status.st_mode))
      text += fmt::format(" device {}", status.st_rdev);
    if (S_ISLNK(status.st_mode)) text += " to " + std::filesystem::read_symlink(full).string();
    entries[path] = text;
  }
  return entries;
}

}  // namespace dmaas::engine::testing
