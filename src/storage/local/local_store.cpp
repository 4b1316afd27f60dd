#include "storage/local/local_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/file.hpp"
#include "storage/local/pending_file.hpp"
#include "storage/object_name.hpp"
#include "storage/verifying_source.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t piece_bytes = 256 << 10;
constexpr unsigned max_directory_depth = 64;

Result<> check_stop(const std::stop_token& stop, std::string_view what) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, fmt::format("{}: cancelled", what));
  return {};
}

Result<> write_all(int fd, BytesView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error("write " + path, errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

struct PendingLocalSave final : PendingSave {
  PendingLocalSave(PendingFile pending, SaveMode save_mode)
      : file(std::move(pending)), mode(save_mode) {}

  PendingFile file;
  const SaveMode mode;
};

// What comes back is what begin_save gave.
PendingLocalSave& local(PendingSave& save) {
  return static_cast<PendingLocalSave&>(save);
}

class LocalStore final : public ObjectStore {
public:
  LocalStore(std::string directory, unsigned connections)
      : directory_(std::move(directory)), connections_(connections) {}

  std::string location() const override { return "local:" + directory_; }
  unsigned connections() const override { return connections_; }

  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override;
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<std::unique_ptr<PendingSave>> begin_save(std::string_view name, ObjectSource& source,
                                                  const SaveOptions& options,
                                                  std::stop_token stop) override;
  Result<> complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                          std::stop_token stop) override;
  Result<> remove(std::string_view name, std::stop_token stop) override;
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override;

private:
  Result<std::string> path_of(std::string_view name, std::stop_token stop) const;
  Result<PendingFile> write_file(const std::string& path, ObjectSource& source,
                                 std::stop_token stop) const;
  Result<> write(const PendingFile& file, ObjectSource& source, std::stop_token stop) const;
  Result<> walk(const std::string& relative, unsigned depth,
                const std::function<Result<>(const ObjectInfo&)>& each, std::stop_token stop) const;
  Error explain(Error error) const;

  const std::string directory_;
  const unsigned connections_;
};

Result<std::string> LocalStore::path_of(std::string_view name, std::stop_token stop) const {
  TRY(check_call(name, stop));
  return fmt::format("{}/{}", directory_, name);
}

Error LocalStore::explain(Error error) const {
  if (error.code() != ErrorCode::exhausted) return error;
  return Error(ErrorCode::exhausted, error.message() + "; free space in " + directory_ +
                                         " or move the storage to a larger volume");
}

Result<ObjectInfo> LocalStore::stat(std::string_view name, std::stop_token stop) {
  const std::string path = TRY(path_of(name, stop));
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return fail(system_error("read " + path, errno));
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::not_found, path + " is no file");
  return ObjectInfo{std::string(name), static_cast<std::uint64_t>(info.st_size)};
}

Result<> LocalStore::load(std::string_view name, Range range, const Sink& sink,
                          std::stop_token stop) {
  const std::string path = TRY(path_of(name, stop));
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) return fail(system_error("open " + path, errno));
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return fail(system_error("read " + path, errno));
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::not_found, path + " is no file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (range.offset > size || range.length.value_or(0) > size - range.offset) {
    return fail(ErrorCode::corrupt, fmt::format("{} has only {} bytes", path, size));
  }
  std::uint64_t position = range.offset;
  const std::uint64_t end = range.length ? range.offset + *range.length : size;
  Bytes buffer(std::min<std::uint64_t>(piece_bytes, end - position));
  while (position < end) {
    TRY(check_stop(stop, path));
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end - position);
    const ssize_t length = ::pread(file.get(), buffer.data(), wanted, static_cast<off_t>(position));
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(system_error("read " + path, errno));
    if (length == 0) return fail(ErrorCode::corrupt, path + " became shorter while it was read");
    TRY(sink(BytesView(buffer).first(static_cast<std::size_t>(length))));
    position += static_cast<std::uint64_t>(length);
  }
  return {};
}

Result<> LocalStore::write(const PendingFile& file, ObjectSource& source,
                           std::stop_token stop) const {
  Bytes buffer(std::min<std::uint64_t>(piece_bytes, std::max<std::uint64_t>(source.size(), 1)));
  std::uint64_t written = 0;
  for (;;) {
    TRY(check_stop(stop, file.path()));
    const std::size_t length = TRY(source.read(buffer));
    if (length == 0) break;
    TRY(write_all(file.fd(), BytesView(buffer).first(length), file.path()));
    written += length;
  }
  if (written != source.size()) {
    return fail(ErrorCode::corrupt, fmt::format("{}: the content has {} instead of {} bytes",
                                                file.path(), written, source.size()));
  }
  return {};
}

Result<PendingFile> LocalStore::write_file(const std::string& path, ObjectSource& source,
                                           std::stop_token stop) const {
  auto file = PendingFile::create(path);
  if (file.failed_with(ErrorCode::not_found)) {
    TRY(make_directories(path.substr(0, path.rfind('/'))));
    file = PendingFile::create(path);
  }
  if (file) TRY(write(*file, source, stop));
  return file;
}

Result<std::unique_ptr<PendingSave>> LocalStore::begin_save(std::string_view name,
                                                            ObjectSource& source,
                                                            const SaveOptions& options,
                                                            std::stop_token stop) {
  const std::string path = TRY(path_of(name, stop));
  if (options.mode == SaveMode::create_only && ::access(path.c_str(), F_OK) == 0) {
    return fail(ErrorCode::already_exists, path + " exists");
  }
  auto file = [&] {
    if (!options.must_check_content()) return write_file(path, source, stop);
    VerifyingSource verified{source, *options.sha256};
    return write_file(path, verified, stop).context(path);
  }();
  if (!file) return fail(explain(std::move(file).error()));
  file->begin_sync();
  return std::make_unique<PendingLocalSave>(std::move(*file), options.mode);
}

/// Content, then names, then directories: one wait of each kind serves most of the others too.
Result<> LocalStore::complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                                    std::stop_token stop) {
  TRY(check_stop(stop, directory_));
  std::erase(saves, nullptr);
  std::set<std::string> directories;
  const auto complete = [&]() -> Result<> {
    for (const auto& save : saves) TRY(local(*save).file.sync());
    for (const auto& save : saves) {
      TRY(local(*save).file.give_name(local(*save).mode));
      directories.insert(local(*save).file.directory());
    }
    for (const std::string& directory : directories) TRY(sync_directory(directory));
    return {};
  };
  if (auto completed = complete(); !completed) return fail(explain(std::move(completed).error()));
  return {};
}

Result<> LocalStore::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                          std::stop_token stop) {
  std::vector<std::unique_ptr<PendingSave>> saves;
  saves.push_back(TRY(begin_save(name, source, options, stop)));
  return complete_saves(std::move(saves), stop);
}

Result<> LocalStore::remove(std::string_view name, std::stop_token stop) {
  const std::string path = TRY(path_of(name, stop));
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  return fail(system_error("remove " + path, errno));
}

Result<> LocalStore::list(std::string_view directory,
                          const std::function<Result<>(const ObjectInfo&)>& each,
                          std::stop_token stop) {
  TRY(check_list_call(directory, stop));
  return walk(std::string(directory), 0, each, stop);
}

Result<> LocalStore::walk(const std::string& relative, unsigned depth,
                          const std::function<Result<>(const ObjectInfo&)>& each,
                          std::stop_token stop) const {
  const std::string path = relative.empty() ? directory_ : directory_ + "/" + relative;
  if (depth > max_directory_depth) {
    return fail(ErrorCode::exhausted, path + " is nested too deeply for a repository");
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(path.c_str()), &::closedir};
  if (stream == nullptr && (errno == ENOENT || errno == ENOTDIR)) return {};
  if (stream == nullptr) return fail(system_error("list " + path, errno));
  for (;;) {
    TRY(check_stop(stop, path));
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return fail(system_error("list " + path, errno));
    if (entry == nullptr) return {};
    const std::string name = relative.empty() ? entry->d_name : relative + "/" + entry->d_name;
    if (!is_object_name(name)) continue;
    struct stat info;
    // Removed by somebody else since the directory was read.
    if (::fstatat(::dirfd(stream.get()), entry->d_name, &info, 0) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      TRY(walk(name, depth + 1, each, stop));
    } else if (S_ISREG(info.st_mode)) {
      TRY(each({name, static_cast<std::uint64_t>(info.st_size)}));
    }
  }
}

}  // namespace

Result<> make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == path.npos || slash == 0) {
    return fail(system_error("make directory " + path, errno));
  }
  TRY(make_directories(path.substr(0, slash)));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(system_error("make directory " + path, errno));
}

std::unique_ptr<ObjectStore> open_local_store(std::string directory, unsigned connections) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return std::make_unique<LocalStore>(std::move(directory), connections);
}

}  // namespace dmaas::storage
