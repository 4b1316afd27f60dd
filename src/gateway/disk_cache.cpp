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

constexpr std::size_t object_key_length = 64;
constexpr std::size_t trailer_bytes = sizeof(Digest);
// One object never takes more than this share of the cache.
constexpr std::uint64_t max_share = 4;
constexpr std::size_t piece_bytes = 256 << 10;

std::string key_of(const std::string& object) {
  return hex_of(crypto::sha256(bytes_of(object)));
}

std::string key_of(const CacheName& name) {
  auto key = key_of(name.object);
  return name.part ? fmt::format("{}-{}-{}", key, name.part->first, name.part->length) : key;
}

bool is_key(std::string_view name) {
  return name.size() >= object_key_length &&
         name.find_first_not_of("0123456789abcdef-") == name.npos;
}

/// The SHA-256 of the first `size` bytes, then what follows them.
bool ends_in_digest(int fd, std::uint64_t size) {
  crypto::Sha256 hash;
  std::vector<std::uint8_t> piece(piece_bytes);
  std::uint64_t position = 0;
  while (position < size) {
    auto wanted = std::min<std::uint64_t>(piece.size(), size - position);
    auto count = ::pread(fd, piece.data(), wanted, static_cast<off_t>(position));
    if (count <= 0) return false;
    hash.update(BytesView(piece).first(static_cast<std::size_t>(count)));
    position += static_cast<std::uint64_t>(count);
  }
  Digest trailer{};
  auto count = ::pread(fd, trailer.data(), trailer.size(), static_cast<off_t>(size));
  return count == static_cast<ssize_t>(trailer.size()) && hash.finish() == trailer;
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
  std::optional<Digest> expected;
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
  if (!state_) return;
  auto digest = state_->hash.finish();
  if (state_->expected && digest != *state_->expected) return;
  if (!write_all(state_->file.get(), digest)) return;
  state_->file.reset();
  state_->cache.publish(state_->key, state_->temporary, state_->size + trailer_bytes);
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
    if (is_key(name) && S_ISREG(info.st_mode)) {
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

std::optional<DiskCache::Found> DiskCache::find(const CacheName& name) {
  auto key = key_of(name);
  Found found;
  std::uint64_t file_size = 0;
  bool checked = false;
  {
    std::lock_guard lock{mutex_};
    auto known = entries_.find(key);
    if (known == entries_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, known->second);
    found.file = FileDescriptor(::open(path_of(key).c_str(), O_RDONLY | O_CLOEXEC));
    file_size = known->second->size;
    checked = known->second->checked;
  }
  found.size = file_size - std::min<std::uint64_t>(file_size, trailer_bytes);
  struct stat info;
  const bool whole = found.file.is_open() && ::fstat(found.file.get(), &info) == 0 &&
                     static_cast<std::uint64_t>(info.st_size) == file_size;
  const bool good = whole && (checked || ends_in_digest(found.file.get(), found.size));
  std::lock_guard lock{mutex_};
  auto known = entries_.find(key);
  if (known != entries_.end() && !good) remove_locked(known->second);
  if (known != entries_.end() && good) known->second->checked = true;
  if (!good) return std::nullopt;
  return found;
}

void DiskCache::drop(const std::string& object) {
  auto prefix = key_of(object);
  std::lock_guard lock{mutex_};
  auto entry = entries_.lower_bound(prefix);
  while (entry != entries_.end() && entry->first.starts_with(prefix)) {
    auto place = (entry++)->second;
    remove_locked(place);
  }
}

DiskCache::Writer DiskCache::add(const CacheName& name, const std::optional<Digest>& expected) {
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
      *this, std::move(key), expected, std::move(temporary), std::move(file), {}, 0}));
}

void DiskCache::publish(const std::string& key, const std::string& temporary, std::uint64_t size) {
  std::lock_guard lock{mutex_};
  auto known = entries_.find(key);
  if (known != entries_.end()) remove_locked(known->second);
  while (!order_.empty() && total_bytes_ + size > max_bytes_) {
    remove_locked(std::prev(order_.end()));
  }
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
