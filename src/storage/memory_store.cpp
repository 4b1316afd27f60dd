#include "storage/memory_store.hpp"

#include <vector>

#include "crypto/sha256.hpp"
#include "storage/object_name.hpp"

namespace dmaas::storage {

namespace {

Error absent(std::string_view name) {
  return {ErrorCode::not_found, "memory:" + std::string(name) + ": no such object"};
}

}  // namespace

Result<ObjectInfo> MemoryStore::stat(std::string_view name, std::stop_token stop) {
  TRY(check_call(name, stop));
  std::lock_guard lock{mutex_};
  auto found = objects_.find(name);
  if (found == objects_.end()) return fail(absent(name));
  return ObjectInfo{std::string(name), found->second.size()};
}

Result<> MemoryStore::load(std::string_view name, Range range, const Sink& sink,
                           std::stop_token stop) {
  TRY(check_call(name, stop));
  Bytes part;
  {
    std::lock_guard lock{mutex_};
    auto found = objects_.find(name);
    if (found == objects_.end()) return fail(absent(name));
    const Bytes& object = found->second;
    const std::uint64_t end = range.length ? range.offset + *range.length : object.size();
    if (range.offset > object.size() || end > object.size()) {
      return fail(ErrorCode::corrupt, "memory:" + std::string(name) + ": shorter than expected");
    }
    part.assign(object.begin() + static_cast<std::ptrdiff_t>(range.offset),
                object.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return sink(part);
}

Result<> MemoryStore::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                           std::stop_token stop) {
  TRY(check_call(name, stop));
  Bytes object(source.size());
  for (std::size_t filled = 0; filled < object.size();) {
    std::size_t got = TRY(source.read(std::span{object}.subspan(filled)));
    if (got == 0) return fail(ErrorCode::corrupt, "the content ended early");
    filled += got;
  }
  if (options.sha256 && crypto::sha256(object) != *options.sha256) {
    return fail(ErrorCode::corrupt, "the content is not what its SHA-256 says");
  }
  std::lock_guard lock{mutex_};
  if (options.mode == SaveMode::create_only && objects_.contains(name)) {
    return fail(ErrorCode::already_exists, "memory:" + std::string(name) + ": exists already");
  }
  objects_[std::string(name)] = std::move(object);
  return {};
}

Result<> MemoryStore::remove(std::string_view name, std::stop_token stop) {
  TRY(check_call(name, stop));
  std::lock_guard lock{mutex_};
  if (auto found = objects_.find(name); found != objects_.end()) objects_.erase(found);
  return {};
}

Result<> MemoryStore::list(std::string_view directory,
                           const std::function<Result<>(const ObjectInfo&)>& each,
                           std::stop_token stop) {
  TRY(check_list_call(directory, stop));
  const std::string prefix = directory.empty() ? "" : std::string(directory) + "/";
  std::vector<ObjectInfo> found;
  {
    std::lock_guard lock{mutex_};
    for (auto it = objects_.lower_bound(prefix);
         it != objects_.end() && it->first.starts_with(prefix); ++it) {
      found.push_back({it->first, it->second.size()});
    }
  }
  for (const ObjectInfo& info : found) TRY(each(info));
  return {};
}

void FaultyStore::set_rule(Rule rule, FailedSave failed_save) {
  std::lock_guard lock{mutex_};
  rule_ = std::move(rule);
  failed_save_ = failed_save;
}

std::optional<Error> FaultyStore::fault(Call call, std::string_view name) {
  std::lock_guard lock{mutex_};
  ++calls_;
  return rule_ ? rule_(call, name) : std::nullopt;
}

Result<ObjectInfo> FaultyStore::stat(std::string_view name, std::stop_token stop) {
  if (auto error = fault(Call::stat, name)) return fail(*error);
  return inner_.stat(name, stop);
}

Result<> FaultyStore::load(std::string_view name, Range range, const Sink& sink,
                           std::stop_token stop) {
  if (auto error = fault(Call::load, name)) return fail(*error);
  return inner_.load(name, range, sink, stop);
}

Result<> FaultyStore::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                           std::stop_token stop) {
  auto error = fault(Call::save, name);
  if (!error) return inner_.save(name, source, options, stop);
  if (failed_save_ == FailedSave::stored) TRY(inner_.save(name, source, options, stop));
  return fail(*error);
}

Result<std::unique_ptr<PendingSave>> FaultyStore::begin_save(std::string_view name,
                                                             ObjectSource& source,
                                                             const SaveOptions& options,
                                                             std::stop_token stop) {
  auto error = fault(Call::save, name);
  if (!error) return inner_.begin_save(name, source, options, stop);
  if (failed_save_ == FailedSave::stored) TRY(inner_.save(name, source, options, stop));
  return fail(*error);
}

Result<> FaultyStore::complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                                     std::stop_token stop) {
  if (auto error = fault(Call::complete_saves, "")) return fail(*error);
  return inner_.complete_saves(std::move(saves), stop);
}

Result<> FaultyStore::remove(std::string_view name, std::stop_token stop) {
  if (auto error = fault(Call::remove, name)) return fail(*error);
  return inner_.remove(name, stop);
}

Result<> FaultyStore::list(std::string_view directory,
                           const std::function<Result<>(const ObjectInfo&)>& each,
                           std::stop_token stop) {
  if (auto error = fault(Call::list, directory)) return fail(*error);
  return inner_.list(directory, each, stop);
}

}  // namespace dmaas::storage
