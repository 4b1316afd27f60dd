#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "kube/client/client.hpp"

namespace dmaas::kube {

enum class Verb { get, list, create, replace, apply, patch, remove, watch, logs, exec };

/// One call, as the server saw it.
struct RecordedCall {
  Verb verb = Verb::get;
  Resource resource{};
  ObjectKey key{};
  std::string subresource{};
  DryRun dry_run = DryRun::no;
  std::string user{};  // impersonated; "": the client itself
  Json body{};
};

class FakeStorage;

/// An API server in memory for unit tests of controllers. Keeps the rules that controllers depend
/// on: resource versions and conflicts, generation, uid, generateName, finalizers and
/// deletionTimestamp, status as subresource (a write to the main resource leaves status alone and
/// the reverse), server-side apply with owned fields, dry run, preconditions, watch with bookmarks
/// and 410. It does not know schemas, defaults, admission, garbage collection or access rules.
/// Thread-safe.
class FakeApiServer final : public Client {
public:
  explicit FakeApiServer(Clock& clock = system_clock());
  ~FakeApiServer() override;

  /// Stores an object as it is, status included; fills uid, resourceVersion and creationTimestamp
  /// when absent.
  Json seed(const Resource& resource, Json object);
  /// The stored object; nothing when absent. Does not count as a call.
  std::optional<Json> peek(const Resource& resource, const ObjectKey& key) const;
  std::vector<Json> peek_all(const Resource& resource) const;
  /// All calls so far but reads by `peek`.
  std::vector<RecordedCall> calls() const;
  void clear_calls();

  /// Decides before every call; an error is what the caller gets instead. Called without locks.
  void set_fault(std::function<std::optional<Error>(const RecordedCall&)> fault);
  /// All watches must list again (410).
  void expire_watches();
  /// All watches end as after their timeout.
  void close_watches();
  void set_discovery(Discovery discovery);
  /// Answers `open_exec`: exit code and output for a request. One that succeeds and is given input
  /// ends only with its input.
  void set_exec(std::function<Result<ExecResult>(const ExecRequest&)> exec);
  void set_logs(std::function<Result<std::string>(const ObjectKey& pod, const LogOptions&)> logs);
  /// Answers TokenReview and SubjectAccessReview: gets the object, returns it with status.
  void set_review(std::function<Json(Json review)> review);

  Result<Json> get(const Resource& resource, const ObjectKey& key, std::stop_token stop) override;
  Result<ListResult> list(const Resource& resource, const ListOptions& options,
                          const ObjectSink& sink, std::stop_token stop) override;
  Result<Json> create(const Resource& resource, const Json& object, const WriteOptions& options,
                      std::stop_token stop) override;
  Result<Json> replace(const Resource& resource, const Json& object, const WriteOptions& options,
                       std::stop_token stop) override;
  Result<Json> apply(const Resource& resource, const Json& object, const WriteOptions& options,
                     std::stop_token stop) override;
  Result<Json> patch(const Resource& resource, const ObjectKey& key, const Patch& patch,
                     const WriteOptions& options, std::stop_token stop) override;
  Result<> remove(const Resource& resource, const ObjectKey& key, const RemoveOptions& options,
                  std::stop_token stop) override;
  Result<WatchEnd> watch(const Resource& resource, const WatchOptions& options,
                         const WatchSink& sink, std::stop_token stop) override;
  Result<> logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                std::stop_token stop) override;
  Result<std::unique_ptr<ExecStream>> open_exec(const ExecRequest& request,
                                                std::stop_token stop) override;
  Result<Discovery> discover(std::stop_token stop) override;
  Result<ServerVersion> server_version(std::stop_token stop) override;
  std::unique_ptr<Client> impersonating(const Account& account) override;

private:
  FakeApiServer(std::shared_ptr<FakeStorage> storage, std::string user);
  /// Records the call; an error is its result.
  Result<> admit(RecordedCall call, const std::stop_token& stop);

  std::shared_ptr<FakeStorage> storage_;
  std::string user_;
};

}  // namespace dmaas::kube
