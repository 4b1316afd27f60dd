#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "kube/client/client.hpp"
#include "kube/testing/fake_api_server.hpp"
#include "kube/testing/owned_fields.hpp"

namespace dmaas::kube {

/// What a FakeApiServer and its impersonating views share. Thread-safe.
class FakeStorage {
public:
  explicit FakeStorage(Clock& clock) : clock_(clock) {}

  Json seed(const Resource& resource, Json object);
  std::optional<Json> find(const Resource& resource, const ObjectKey& key) const;
  std::vector<Json> all(const Resource& resource) const;
  /// Objects that match, and the version at which that is so.
  std::pair<std::vector<Json>, std::string> snapshot(const Resource& resource,
                                                     const ListOptions& options) const;

  Result<Json> create(const Resource& resource, Json object, DryRun dry_run);
  /// Reads, changes and stores under one lock. `change` gets the stored object and returns what it
  /// should become.
  using Change = std::function<Result<Json>(const Json& stored)>;
  Result<Json> update(const Resource& resource, const ObjectKey& key, const WriteOptions& options,
                      const Change& change);
  Result<Json> apply(const Resource& resource, const Json& object, const WriteOptions& options);
  Result<> remove(const Resource& resource, const ObjectKey& key, const RemoveOptions& options);
  Result<WatchEnd> watch(const Resource& resource, const WatchOptions& options,
                         const WatchSink& sink, std::stop_token stop);
  void expire_watches();
  void close_watches();

  struct Answers {
    std::function<std::optional<Error>(const RecordedCall&)> fault{};
    std::function<Result<ExecResult>(const ExecRequest&)> exec{};
    std::function<Result<std::string>(const ObjectKey&, const LogOptions&)> logs{};
    std::function<Json(Json)> review{};
    Discovery discovery{};
  };
  Answers answers() const;
  void change_answers(const std::function<void(Answers&)>& change);
  void record(RecordedCall call);
  std::vector<RecordedCall> calls() const;
  void clear_calls();

private:
  using Objects = std::map<ObjectKey, Json>;
  /// One entry of the history that watches read.
  struct Entry {
    std::uint64_t version = 0;
    std::string resource{};
    std::optional<Json> before{};
    std::optional<Json> after{};
  };
  struct Position {
    std::uint64_t version = 0;
    std::uint64_t closings = 0;
    std::uint64_t expirations = 0;
  };

  Json fill_identity(const Resource& resource, Json object);
  Json store(const Resource& resource, std::optional<Json> before, Json after, DryRun dry_run);
  void append(const Resource& resource, std::optional<Json> before, std::optional<Json> after);
  /// Moves `position` past what it returns; empty when there is nothing new.
  std::vector<WatchEvent> events_since(const Resource& resource, const WatchOptions& options,
                                       Position& position) const;
  std::optional<WatchEnd> end_of(const Position& position) const;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Objects>
      objects_;  // by Resource::name: versions of a group share their objects
  std::map<std::pair<std::string, ObjectKey>, std::vector<AppliedFields>> applied_;
  std::deque<Entry> history_;
  std::uint64_t version_ = 100;
  std::uint64_t compacted_ = 0;  // history up to here is gone
  std::uint64_t closings_ = 0;
  std::uint64_t expirations_ = 0;
  std::uint64_t names_ = 0;
  Answers answers_;
  std::vector<RecordedCall> calls_;
};

}  // namespace dmaas::kube
