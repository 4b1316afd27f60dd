#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "storage/object_store.hpp"

namespace dmaas::storage {

/// Objects in memory, for tests.
class MemoryStore final : public ObjectStore {
public:
  std::string location() const override { return "memory:"; }
  unsigned connections() const override { return 2; }
  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override;
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<> remove(std::string_view name, std::stop_token stop) override;
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override;

  /// The stored bytes, to look at or damage; not while other threads use the store.
  std::map<std::string, Bytes, std::less<>>& objects() { return objects_; }

private:
  std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> objects_;
};

/// Passes calls on to another store until told to fail; for tests of faults.
class FaultyStore final : public ObjectStore {
public:
  explicit FaultyStore(ObjectStore& inner) : inner_(inner) {}

  enum class Call { stat, load, save, complete_saves, remove, list };
  /// Decides before each call whether it fails, and how. Called from many threads.
  using Rule = std::function<std::optional<Error>(Call, std::string_view name)>;
  /// What happens to a failing save: nothing is stored, or the object is stored all the same (the
  /// answer got lost).
  enum class FailedSave { not_stored, stored };

  void set_rule(Rule rule, FailedSave failed_save = FailedSave::not_stored);
  std::size_t calls() const { return calls_; }

  std::string location() const override { return inner_.location(); }
  unsigned connections() const override { return inner_.connections(); }
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
  std::optional<Error> fault(Call call, std::string_view name);

  ObjectStore& inner_;
  std::mutex mutex_;
  Rule rule_;
  FailedSave failed_save_ = FailedSave::not_stored;
  std::atomic<std::size_t> calls_{0};
};

}  // namespace dmaas::storage
