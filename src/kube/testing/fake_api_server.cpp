#include "kube/testing/fake_api_server.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "kube/object/json_patch.hpp"
#include "kube/object/object.hpp"
#include "kube/testing/fake_storage.hpp"

namespace dmaas::kube {
namespace {

/// A command that has ended already or, where it succeeds and is given input, ends with that.
class FakeExec final : public ExecStream {
public:
  FakeExec(ExecResult result, ExecRequest::Input input)
      : result_(std::move(result)),
        waits_(input == ExecRequest::Input::open && result_.exit_code == 0) {}

  Result<std::optional<ExecPiece>> receive(std::stop_token stop) override {
    for (auto [channel, text] : {std::pair{ExecChannel::standard_output, &result_.standard_output},
                                 std::pair{ExecChannel::standard_error, &result_.standard_error}}) {
      if (text->empty()) continue;
      return std::optional(ExecPiece{channel, std::exchange(*text, "")});
    }
    std::unique_lock lock{mutex_};
    if (!changed_.wait(lock, stop, [this] { return !waits_; }))
      return fail(ErrorCode::cancelled, "stopped");
    return std::optional<ExecPiece>{};
  }
  Result<> send(BytesView, std::stop_token) override { return {}; }
  Result<> close_input(std::stop_token) override {
    std::lock_guard lock{mutex_};
    waits_ = false;
    changed_.notify_all();
    return {};
  }
  int exit_code() const override { return result_.exit_code; }

private:
  ExecResult result_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool waits_;
};

bool is_review(const Resource& resource) {
  return resource.group == "authentication.k8s.io" || resource.group == "authorization.k8s.io";
}

}  // namespace

FakeApiServer::FakeApiServer(Clock& clock) : storage_(std::make_shared<FakeStorage>(clock)) {}
FakeApiServer::FakeApiServer(std::shared_ptr<FakeStorage> storage, std::string user)
    : storage_(std::move(storage)), user_(std::move(user)) {}
FakeApiServer::~FakeApiServer() = default;

Json FakeApiServer::seed(const Resource& resource, Json object) {
  return storage_->seed(resource, std::move(object));
}
std::optional<Json> FakeApiServer::peek(const Resource& resource, const ObjectKey& key) const {
  return storage_->find(resource, key);
}
std::vector<Json> FakeApiServer::peek_all(const Resource& resource) const {
  return storage_->all(resource);
}
std::vector<RecordedCall> FakeApiServer::calls() const {
  return storage_->calls();
}
void FakeApiServer::clear_calls() {
  storage_->clear_calls();
}
void FakeApiServer::expire_watches() {
  storage_->expire_watches();
}
void FakeApiServer::close_watches() {
  storage_->close_watches();
}

void FakeApiServer::set_fault(std::function<std::optional<Error>(const RecordedCall&)> fault) {
  storage_->change_answers([&](auto& answers) { answers.fault = std::move(fault); });
}
void FakeApiServer::set_discovery(Discovery discovery) {
  storage_->change_answers([&](auto& answers) { answers.discovery = std::move(discovery); });
}
void FakeApiServer::set_exec(std::function<Result<ExecResult>(const ExecRequest&)> exec) {
  storage_->change_answers([&](auto& answers) { answers.exec = std::move(exec); });
}
void FakeApiServer::set_logs(
    std::function<Result<std::string>(const ObjectKey& pod, const LogOptions&)> logs) {
  storage_->change_answers([&](auto& answers) { answers.logs = std::move(logs); });
}
void FakeApiServer::set_review(std::function<Json(Json review)> review) {
  storage_->change_answers([&](auto& answers) { answers.review = std::move(review); });
}

Result<> FakeApiServer::admit(RecordedCall call, const std::stop_token& stop) {
  call.user = user_;
  storage_->record(call);
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
  auto fault = storage_->answers().fault;
  if (!fault) return {};
  auto error = fault(call);
  return error ? Result<>(fail(std::move(*error))) : Result<>{};
}

Result<Json> FakeApiServer::get(const Resource& resource, const ObjectKey& key,
                                std::stop_token stop) {
  TRY(admit({.verb = Verb::get, .resource = resource, .key = key}, stop));
  auto found = storage_->find(resource, key);
  if (!found)
    return fail(ErrorCode::not_found, "get " + resource.name() + " " + key.text() + ": NotFound");
  return *std::move(found);
}

Result<ListResult> FakeApiServer::list(const Resource& resource, const ListOptions& options,
                                       const ObjectSink& sink, std::stop_token stop) {
  TRY(admit({.verb = Verb::list, .resource = resource, .key = {options.namespace_name, ""}}, stop));
  auto [objects, version] = storage_->snapshot(resource, options);
  for (auto& object : objects) TRY(sink(std::move(object)));
  return ListResult{version, 0};
}

Result<Json> FakeApiServer::create(const Resource& resource, const Json& object,
                                   const WriteOptions& options, std::stop_token stop) {
  TRY(admit({.verb = Verb::create,
             .resource = resource,
             .key = key_of(object),
             .subresource = options.subresource,
             .dry_run = options.dry_run,
             .body = object},
            stop));
  auto review = storage_->answers().review;
  if (is_review(resource)) return review ? review(object) : object;
  return storage_->create(resource, object, options.dry_run);
}

Result<Json> FakeApiServer::replace(const Resource& resource, const Json& object,
                                    const WriteOptions& options, std::stop_token stop) {
  TRY(admit({.verb = Verb::replace,
             .resource = resource,
             .key = key_of(object),
             .subresource = options.subresource,
             .dry_run = options.dry_run,
             .body = object},
            stop));
  return storage_->update(resource, key_of(object), options,
                          [&](const Json&) -> Result<Json> { return object; });
}

Result<Json> FakeApiServer::apply(const Resource& resource, const Json& object,
                                  const WriteOptions& options, std::stop_token stop) {
  TRY(admit({.verb = Verb::apply,
             .resource = resource,
             .key = key_of(object),
             .subresource = options.subresource,
             .dry_run = options.dry_run,
             .body = object},
            stop));
  return storage_->apply(resource, object, options);
}

Result<Json> FakeApiServer::patch(const Resource& resource, const ObjectKey& key,
                                  const Patch& patch, const WriteOptions& options,
                                  std::stop_token stop) {
  TRY(admit({.verb = Verb::patch,
             .resource = resource,
             .key = key,
             .subresource = options.subresource,
             .dry_run = options.dry_run,
             .body = patch.body},
            stop));
  return storage_->update(resource, key, options, [&](const Json& stored) -> Result<Json> {
    Json changed = stored;
    if (patch.kind == PatchKind::merge) {
      merge_patch(changed, patch.body);
    } else {
      TRY(apply_json_patch(changed, patch.body).context("patch " + key.text()));
    }
    return changed;
  });
}

Result<> FakeApiServer::remove(const Resource& resource, const ObjectKey& key,
                               const RemoveOptions& options, std::stop_token stop) {
  TRY(admit({.verb = Verb::remove, .resource = resource, .key = key, .dry_run = options.dry_run},
            stop));
  return storage_->remove(resource, key, options);
}

Result<WatchEnd> FakeApiServer::watch(const Resource& resource, const WatchOptions& options,
                                      const WatchSink& sink, std::stop_token stop) {
  TRY(admit({.verb = Verb::watch, .resource = resource, .key = {options.namespace_name, ""}},
            stop));
  return storage_->watch(resource, options, sink, stop);
}

Result<> FakeApiServer::logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                             std::stop_token stop) {
  TRY(admit({.verb = Verb::logs, .resource = resources::pods(), .key = pod}, stop));
  auto logs = storage_->answers().logs;
  if (!logs) return fail(ErrorCode::not_found, "logs of pods " + pod.text() + ": NotFound");
  auto text = TRY(logs(pod, options));
  return sink(bytes_of(text));
}

Result<std::unique_ptr<ExecStream>> FakeApiServer::open_exec(const ExecRequest& request,
                                                             std::stop_token stop) {
  TRY(admit({.verb = Verb::exec, .resource = resources::pods(), .key = request.pod}, stop));
  auto exec = storage_->answers().exec;
  if (!exec) return fail(ErrorCode::not_found, "exec in pods " + request.pod.text() + ": NotFound");
  return std::make_unique<FakeExec>(TRY(exec(request)), request.input);
}

Result<Discovery> FakeApiServer::discover(std::stop_token) {
  return storage_->answers().discovery;
}

Result<ServerVersion> FakeApiServer::server_version(std::stop_token) {
  return ServerVersion{1, 34, "v1.34.0"};
}

std::unique_ptr<Client> FakeApiServer::impersonating(const Account& account) {
  return std::unique_ptr<Client>(new FakeApiServer(storage_, account.user));
}

}  // namespace dmaas::kube
