#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/client/discovery.hpp"
#include "kube/object/object_key.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::kube {

/// metadata: objects come with apiVersion, kind and metadata alone, without managedFields.
enum class Content { whole, metadata };

struct ListOptions {
  std::string namespace_name{};  // "": all namespaces
  std::string label_selector{};
  std::string field_selector{};
  std::size_t page_size = 500;
  Content content = Content::whole;
  /// The list grew too old between two pages (410) and begins again: drop what was delivered.
  /// Without it such a list ends with `conflict`. At most 3 times, then `unavailable`.
  std::function<void()> on_restart{};
};

/// Takes the objects of a list one by one, each with apiVersion and kind. An error ends the list
/// and becomes its result.
using ObjectSink = std::function<Result<>(Json object)>;

struct ListResult {
  std::string resource_version{};  // where a watch may continue
  std::size_t restarts = 0;
};

enum class DryRun { no, yes };
enum class Force { no, yes };

struct WriteOptions {
  DryRun dry_run = DryRun::no;
  std::string field_manager = "dmaas";
  std::string subresource{};  // "status", "scale", "eviction", "token"
  /// Apply only: take fields that another manager owns, as controllers do. Otherwise such a field
  /// is a `conflict`.
  Force force = Force::yes;
};

enum class PatchKind { json, merge };
struct Patch {
  PatchKind kind = PatchKind::merge;
  /// json: an array of operations; a "test" operation that does not hold fails with `conflict`.
  Json body{};
};

enum class Propagation { background, foreground, orphan };
struct RemoveOptions {
  DryRun dry_run = DryRun::no;
  Propagation propagation = Propagation::background;
  std::string uid{};  // not empty: removes only this very object, else `conflict`
  std::optional<std::chrono::seconds> grace_period{};
};

enum class EventType { added, modified, deleted, bookmark };
struct WatchEvent {
  EventType type = EventType::added;
  Json object{};  // bookmark: only metadata.resourceVersion
};

struct WatchOptions {
  std::string namespace_name{};  // "": all namespaces
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};  // events after it; "": begins with an `added` for all there is
  std::chrono::seconds timeout{290};  // the server ends the stream then
  Content content = Content::whole;
};
enum class WatchEnd {
  closed,   // go on from the last seen resource version
  expired,  // 410: the resource version is too old, list again
};
using WatchSink = std::function<Result<>(WatchEvent event)>;

struct LogOptions {
  std::string container{};  // "": the only one
  enum class Follow { no, yes } follow = Follow::no;
  enum class Run { current, previous } run = Run::current;
  enum class Times { no, yes } times = Times::no;  // each line begins with an RFC 3339 time
  std::optional<std::int64_t> tail_lines{};
  std::optional<std::chrono::seconds> since{};
  std::optional<std::int64_t> limit_bytes{};
};
using BytesSink = std::function<Result<>(BytesView piece)>;

struct ExecRequest {
  ObjectKey pod{};
  std::string container{};  // "": the pod's default
  std::vector<std::string> command{};
  enum class Input { none, open } input = Input::none;
};

enum class ExecChannel { standard_output, standard_error };
struct ExecPiece {
  ExecChannel channel = ExecChannel::standard_output;
  std::string data{};
};

/// A running command in a container. One thread may receive while another one sends. Destroying it
/// closes the connection; the command then may go on.
class ExecStream {
public:
  virtual ~ExecStream() = default;
  /// The next output; nothing once the command has ended. Errors: unavailable (the connection ended
  /// without the command's status: the outcome is unknown), not_found (the program cannot be
  /// started), cancelled.
  virtual Result<std::optional<ExecPiece>> receive(std::stop_token stop) = 0;
  /// Errors: unavailable, cancelled, invalid_input (opened without input).
  virtual Result<> send(BytesView input, std::stop_token stop) = 0;
  /// The command sees the end of its standard input. Errors: unsupported (API server before 1.30).
  virtual Result<> close_input(std::stop_token stop) = 0;
  /// Valid after `receive` gave nothing.
  virtual int exit_code() const = 0;
};

struct ExecOptions {
  Clock* clock = &system_clock();
  std::chrono::milliseconds timeout{60'000};
  std::size_t max_output_bytes = 1 << 20;  // of each stream; the rest is read and dropped
  std::string input{};  // at most 1 MiB; sent, then closed; "": no standard input
};
struct ExecResult {
  int exit_code = 0;
  std::string standard_output{};
  std::string standard_error{};
  bool output_was_cut = false;
};

struct ServerVersion {
  int major = 0;
  int minor = 0;
  std::string text{};  // "v1.34.2"
};

/// For whom a client acts by impersonation.
struct Account {
  std::string user{};  // "system:serviceaccount:NAMESPACE:NAME"
  std::vector<std::string> groups{};
};
/// With the groups that the API server gives every service account.
Account service_account(std::string_view namespace_name, std::string_view name);

struct TokenReview {
  bool authenticated = false;
  std::string user{};
  std::string uid{};
  std::vector<std::string> groups{};
  std::vector<std::string> audiences{};  // those of the token that were asked for
  std::string pod_name{};                // of tokens bound to a pod
  std::string pod_uid{};
  std::string error{};
};

/// One question: may `account` do this?
struct AccessQuestion {
  Account account{};
  std::string verb{};
  Resource resource{};
  std::string subresource{};
  ObjectKey object{};  // name "": any
  std::string path{};  // instead of a resource: such as /metrics
};
struct AccessAnswer {
  bool allowed = false;
  std::string reason{};
};

/// Talks to one API server. Thread-safe. Every call blocks until its answer is there; `stop` ends
/// it (cancelled).
///
/// Errors: not_found, already_exists, conflict (old resourceVersion, failed precondition or test,
/// field of another manager, 410), invalid_input (400, 422: message names the fields),
/// permission_denied (401, 403), exhausted (quota, body too large), unavailable (429 and 5xx after
/// the server's Retry-After was honoured, at most 5 times and 60 s in all; no connection), timeout,
/// unsupported (the server does not know the method). Messages read "create configmaps
/// shop/settings: REASON: what the server said".
class Client {
public:
  virtual ~Client() = default;

  virtual Result<Json> get(const Resource& resource, const ObjectKey& key,
                           std::stop_token stop) = 0;
  /// Pages through all objects; memory for one page.
  virtual Result<ListResult> list(const Resource& resource, const ListOptions& options,
                                  const ObjectSink& sink, std::stop_token stop) = 0;
  /// The new object as stored. metadata names the place; generateName is allowed.
  virtual Result<Json> create(const Resource& resource, const Json& object,
                              const WriteOptions& options, std::stop_token stop) = 0;
  /// Puts the whole object. With metadata.resourceVersion only over that version, else `conflict`.
  virtual Result<Json> replace(const Resource& resource, const Json& object,
                               const WriteOptions& options, std::stop_token stop) = 0;
  /// Server-side apply: makes or changes the object so that the given fields have the given values,
  /// and drops fields that this field manager applied before and does not any more.
  virtual Result<Json> apply(const Resource& resource, const Json& object,
                             const WriteOptions& options, std::stop_token stop) = 0;
  virtual Result<Json> patch(const Resource& resource, const ObjectKey& key, const Patch& patch,
                             const WriteOptions& options, std::stop_token stop) = 0;
  /// Accepted, not finished: finalizers and grace periods may keep the object.
  virtual Result<> remove(const Resource& resource, const ObjectKey& key,
                          const RemoveOptions& options, std::stop_token stop) = 0;
  /// Blocks and hands events to `sink` until the stream ends.
  virtual Result<WatchEnd> watch(const Resource& resource, const WatchOptions& options,
                                 const WatchSink& sink, std::stop_token stop) = 0;
  virtual Result<> logs(const ObjectKey& pod, const LogOptions& options, const BytesSink& sink,
                        std::stop_token stop) = 0;
  virtual Result<std::unique_ptr<ExecStream>> open_exec(const ExecRequest& request,
                                                        std::stop_token stop) = 0;
  virtual Result<Discovery> discover(std::stop_token stop) = 0;
  virtual Result<ServerVersion> server_version(std::stop_token stop) = 0;
  /// The same server and connections, acting for `account`. Must not outlive this client.
  virtual std::unique_ptr<Client> impersonating(const Account& account) = 0;
};

// What follows is made of the calls above; errors are theirs.

/// Everything of a list in memory, with restarts; for kinds with few objects.
Result<std::vector<Json>> list_all(Client& client, const Resource& resource,
                                   const ListOptions& options, std::stop_token stop);
/// Server-side apply of .status; `object` carries its identity and the status of this field
/// manager.
Result<Json> apply_status(Client& client, const Resource& resource, const Json& object,
                          WriteOptions options, std::stop_token stop);
/// Makes the object unless one of its name is there, whose content stays as it is.
Result<> ensure_created(Client& client, const Resource& resource, const Json& object,
                        std::stop_token stop);
/// Removes the object if it is there; absent already is success, and so is another one of its name
/// where `options` say which is meant.
Result<> ensure_removed(Client& client, const Resource& resource, const ObjectKey& key,
                        const RemoveOptions& options, std::stop_token stop);
/// Runs a command to its end; any exit code is a value. Errors: as ExecStream; timeout (the command
/// may go on).
Result<ExecResult> execute(Client& client, const ExecRequest& request, const ExecOptions& options,
                           std::stop_token stop);
/// `audience`: must be among the token's, else not authenticated; "": that of the API server.
Result<TokenReview> review_token(Client& client, const std::string& token,
                                 const std::string& audience, std::stop_token stop);
Result<AccessAnswer> review_access(Client& client, const AccessQuestion& question,
                                   std::stop_token stop);
/// The uid of the kube-system namespace, which names a cluster for ever.
Result<std::string> cluster_uid(Client& client, std::stop_token stop);

}  // namespace dmaas::kube
