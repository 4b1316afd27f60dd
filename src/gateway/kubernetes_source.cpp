#include "gateway/kubernetes_source.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <thread>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "kube/object/resource.hpp"
#include "kube/runtime/watcher.hpp"

namespace dmaas::gateway {
namespace {

using Text = std::function<Result<std::string>(const Json& object)>;
using Take = std::function<void(std::string_view text)>;

/// The value of a Secret's key; "[]" when it has none.
Result<std::string> secret_text(const Json& object) {
  auto encoded = text_at(object, "data", api::gateway_storages_key);
  if (encoded.empty()) return "[]";
  auto decoded = TRY(base64_decode(encoded));
  return std::string(text_of(decoded));
}

Result<std::string> config_map_text(const Json& object) {
  auto text = text_at(object, "data", api::gateway_grants_key);
  return text.empty() ? "[]" : text;
}

class KubernetesSource final : public ConfigurationSource {
public:
  KubernetesSource(kube::Client& client, std::string namespace_name, Clock& clock)
      : client_(client), namespace_(std::move(namespace_name)), clock_(clock) {}

  void run(Configuration& configuration, std::stop_token stop) override {
    TaskGroup watches(stop);
    watches.add([&](std::stop_token task_stop) -> Result<> {
      watch(
          kube::resources::secrets(), api::gateway_storages_name, secret_text,
          [&](std::string_view text) { configuration.take_storages(text); }, task_stop);
      return {};
    });
    watches.add([&](std::stop_token task_stop) -> Result<> {
      watch(
          kube::resources::config_maps(), api::gateway_grants_name, config_map_text,
          [&](std::string_view text) { configuration.take_grants(text); }, task_stop);
      return {};
    });
    if (auto ended = watches.wait(); !ended) {
      log_error("watching the gateway's configuration ended", {{"error", ended.error().message()}});
    }
  }

private:
  void watch(const kube::Resource& resource, std::string_view name, const Text& text_of_object,
             const Take& take, std::stop_token stop) {
    kube::Store store;
    std::mutex mutex;
    bool taken = false;
    store.subscribe([&](const kube::Change& change) {
      auto text = change.type == kube::ChangeType::removed ? Result<std::string>("[]")
                                                           : text_of_object(*change.object);
      if (!text) {
        log_error("the gateway's configuration cannot be read",
                  {{"object", std::string(name)}, {"error", text.error().message()}});
        return;
      }
      std::lock_guard lock{mutex};
      taken = true;
      take(*text);
    });
    // An absent object causes no change: the first complete list without it says so.
    std::jthread first_list([&] {
      if (!store.wait_until_synced(stop)) return;
      std::lock_guard lock{mutex};
      if (!taken && store.size() == 0) take("[]");
    });
    kube::WatcherOptions options;
    options.clock = &clock_;
    options.namespace_name = namespace_;
    options.field_selector = "metadata.name=" + std::string(name);
    options.on_health = [&](const std::optional<Error>& error) {
      if (error) log_warning("watching the gateway's configuration", {{"error", error->message()}});
    };
    kube::run_watcher(client_, resource, options, store, stop);
  }

  kube::Client& client_;
  const std::string namespace_;
  Clock& clock_;
};

class KubernetesReviewer final : public TokenReviewer {
public:
  explicit KubernetesReviewer(kube::Client& client) : client_(client) {}

  Result<std::optional<Caller>> review(const std::string& token, std::stop_token stop) override {
    auto review = TRY(kube::review_token(client_, token, std::string(token_audience), stop));
    // An API server that knows no audiences returns none: then the token proves nothing.
    const bool for_us =
        std::ranges::find(review.audiences, token_audience) != review.audiences.end();
    if (!review.authenticated || !for_us) return std::nullopt;
    return Caller{review.user, review.pod_uid};
  }

private:
  kube::Client& client_;
};

}  // namespace

std::unique_ptr<ConfigurationSource> kubernetes_source(kube::Client& client,
                                                       std::string namespace_name, Clock& clock) {
  return std::make_unique<KubernetesSource>(client, std::move(namespace_name), clock);
}

std::unique_ptr<TokenReviewer> kubernetes_reviewer(kube::Client& client) {
  return std::make_unique<KubernetesReviewer>(client);
}

}  // namespace dmaas::gateway
