#include "gateway/disk_cache.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "crypto/sha256.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t key_length = 64;
// One object never takes more than this share of the cache.
constexpr std::uint64_t max_share = 4;
constexpr std::size_t piece_bytes = 256 << 10;

std::string key_of(const std::string& name) {
  return hex_of(crypto::sha256(bytes_of(name)));
}

bool has_digest(int fd, const Digest& digest) {
  crypto::Sha256 hash;
  std::vector<std::uint8_t> piece(piece_bytes);
  off_t position = 0;
  while (true) {
    auto count = ::pread(fd, piece.data(), piece.size(), position);
    if (count < 0) return false;
    if (count == 0) return hash.finish() == digest;
    hash.update(BytesView(piece).first(static_cast<std::size_t>(count)));
    position += count;
  }
}

bool write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    auto count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

Result<> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    auto part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_error("make directory " + part, errno));
    }
    if (slash == path.npos) return {};
  }
}

}  // namespace

struct DiskCache::Writer::State {
  DiskCache& cache;
  std::string key;
  Digest digest;
  std::string temporary;
  FileDescriptor file;
  crypto::Sha256 hash;
  std::uint64_t size = 0;
};

DiskCache::Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}

DiskCache::Writer::Writer(Writer&&) noexcept = default;

DiskCache::Writer::~Writer() {
  if (state_) ::unlink(state_->temporary.c_str());
}

bool DiskCache::Writer::append(BytesView piece) {
  if (!state_) return false;
  state_->size += piece.size();
  const bool fits = state_->size <= state_->cache.max_bytes_ / max_share;
  if (fits && write_all(state_->file.get(), piece)) {
    state_->hash.update(piece);
    return true;
  }
  ::unlink(state_->temporary.c_str());
  state_.reset();
  return false;
}

void DiskCache::Writer::finish() {
  if (!state_ || state_->hash.finish() != state_->digest) return;
  state_->file.reset();
  state_->cache.publish(state_->key, state_->temporary, state_->size);
}

Result<std::unique_ptr<DiskCache>> DiskCache::open(std::string directory, std::uint64_t max_bytes) {
  TRY(make_directories(directory));
  std::unique_ptr<DiskCache> cache(new DiskCache(std::move(directory), max_bytes));
  TRY(cache->load_entries());
  return cache;
}

Result<> DiskCache::load_entries() {
  std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory_.c_str()), &::closedir};
  if (stream == nullptr) return fail(system_error("open " + directory_, errno));
  struct Old {
    Entry entry;
    timespec used;
  };
  std::vector<Old> found;
  while (const dirent* item = ::readdir(stream.get())) {
    std::string name = item->d_name;
    struct stat info;
    if (name == "." || name == ".." || ::stat(path_of(name).c_str(), &info) != 0) continue;
    if (name.size() == key_length && S_ISREG(info.st_mode)) {
      found.push_back({{name, static_cast<std::uint64_t>(info.st_size), false}, info.st_mtim});
    } else {
      ::unlink(path_of(name).c_str());  // what a killed process was writing
    }
  }
  std::ranges::sort(found, [](const Old& a, const Old& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) > std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  for (auto& old : found) {
    total_bytes_ += old.entry.size;
    order_.push_back(std::move(old.entry));
    entries_[order_.back().key] = std::prev(order_.end());
  }
  while (total_bytes_ > max_bytes_) remove_locked(std::prev(order_.end()));
  return {};
}

std::optional<DiskCache::Found> DiskCache::find(const std::string& name, const Digest& digest) {
  auto key = key_of(name);
  Found found;
  bool checked = false;
  {
    std::lock_guard lock{mutex_};
    auto known = entries_.find(key);
    if (known == entries_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, known->second);
    found.file = FileDescriptor(::open(path_of(key).c_str(), O_RDONLY | O_CLOEXEC));
    found.size = known->second->size;
    checked = known->second->checked;
  }
  struct stat info;
  const bool whole = found.file.is_open() && ::fstat(found.file.get(), &info) == 0 &&
                     static_cast<std::uint64_t>(info.st_size) == found.size;
  if (!whole || (!checked && !has_digest(found.file.get(), digest))) {
    drop(name);
    return std::nullopt;
  }
  std::lock_guard lock{mutex_};
  auto known = entries_.find(key);
  if (known != entries_.end()) known->second->checked = true;
  return found;
}

void DiskCache::drop(const std::string& name) {
  std::lock_guard lock{mutex_};
  auto known = entries_.find(key_of(name));
  if (known != entries_.end()) remove_locked(known->second);
}

DiskCache::Writer DiskCache::add(const std::string& name, const Digest& digest) {
  auto key = key_of(name);
  std::uint64_t number = 0;
  {
    std::lock_guard lock{mutex_};
    number = ++temporary_count_;
  }
  auto temporary = fmt::format("{}.{}.tmp", path_of(key), number);
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return Writer(nullptr);
  return Writer(std::unique_ptr<Writer::State>(new Writer::State{
      *this, std::move(key), digest, std::move(temporary), std::move(file), {}, 0}));
}

void DiskCache::publish(const std::string& key, const std::string& temporary, std::uint64_t size) {
  std::lock_guard lock{mutex_};
  auto known = entries_.find(key);
  if (known != entries_.end()) remove_locked(known->second);
  while (!order_.empty() && total_bytes_ + size > max_bytes_)
    remove_locked(std::prev(order_.end()));
  if (std::rename(temporary.c_str(), path_of(key).c_str()) != 0) return;
  order_.push_front({key, size, true});
  entries_[key] = order_.begin();
  total_bytes_ += size;
}

void DiskCache::remove_locked(Order::iterator entry) {
  ::unlink(path_of(entry->key).c_str());
  total_bytes_ -= entry->size;
  entries_.erase(entry->key);
  order_.erase(entry);
}

std::uint64_t DiskCache::size_bytes() const {
  std::lock_guard lock{mutex_};
  return total_bytes_;
}

}  // namespace dmaas::gateway
