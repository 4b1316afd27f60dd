#include "controller/quiescence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "controller/quiescing_command.hpp"
#include "controller/references.hpp"
#include "kube/client/deadline.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Between API server and controller are proxies that end connections on which nothing happens.
constexpr std::chrono::seconds keep_alive_period{10};
constexpr std::size_t max_output_bytes = 4 << 10;

std::string last_lines(const std::string& said) {
  auto end = said.find_last_not_of(" \n");
  return end == std::string::npos ? "it said nothing" : said.substr(0, end + 1);
}

}  // namespace

/// One process that holds one pod still.
class Hold {
public:
  Hold(std::unique_ptr<kube::Client> client, const api::ResolvedHook& hook, const Json& pod,
       Clock& clock)
      : hook_(hook),
        pod_(kube::key_of(pod)),
        pod_uid_(kube::uid_of(pod)),
        clock_(clock),
        client_(std::move(client)) {
    request_ = {.pod = pod_,
                .container = container_for(hook, pod),
                .command = quiescing_command(
                    hook.exec.command, hook.exec.undo,
                    std::chrono::duration_cast<std::chrono::seconds>(*hook.exec.max_quiesce)),
                .input = kube::ExecRequest::Input::open};
  }

  Result<> begin(std::stop_token stop) {
    kube::Deadline deadline(clock_, hook_.timeout, stop);
    auto still = wait_until_still(deadline.token());
    if (!still && deadline.has_passed() && !stop.stop_requested()) {
      return fail(ErrorCode::timeout,
                  fmt::format("was not still within {} s and was let go: raise its timeout",
                              hook_.timeout / std::chrono::seconds{1}));
    }
    TRY(still);
    receiver_ = std::jthread{[this](std::stop_token ended) { receive_all(std::move(ended)); }};
    keeper_ = std::jthread{[this](std::stop_token ended) {
      const auto nothing = bytes_of(std::string_view("\n"));
      while (clock_.sleep(keep_alive_period, ended) && stream_->send(nothing, ended)) {
      }
    }};
    return {};
  }

  bool is_held() const {
    std::lock_guard lock{mutex_};
    return !ended_;
  }

  bool is_of(const std::string& pod_uid) const { return pod_uid_ == pod_uid; }

  api::HookResult release(std::stop_token stop) {
    api::HookResult result{.name = hook_.name, .stage = "undo", .pod = pod_.name};
    keeper_.request_stop();
    keeper_.join();
    auto told = stream_->close_input(stop);
    std::unique_lock lock{mutex_};
    if (told) changed_.wait_for(lock, hook_.timeout, [this] { return ended_; });
    if (!told || !ended_) {
      result.message = "whether it was undone is unknown: it is at the latest after maxQuiesce";
    } else if (!outcome_) {
      result.message = outcome_.error().message();
    } else {
      result.succeeded = *outcome_ == 0;
      result.message = result.succeeded
                           ? std::string()
                           : fmt::format("exit code {}: {}", *outcome_, last_lines(said_));
    }
    return result;
  }

private:
  Result<> wait_until_still(std::stop_token stop) {
    stream_ = TRY(client_->open_exec(request_, stop));
    while (auto piece = TRY(stream_->receive(stop))) {
      append(piece->data);
      if (said_.find(quiesced_mark) != std::string::npos) return {};
    }
    return fail(ErrorCode::invalid_input,
                fmt::format("exit code {}: {}", stream_->exit_code(), last_lines(said_)));
  }

  void receive_all(std::stop_token stop) {
    Result<int> outcome = 0;
    while (true) {
      auto piece = stream_->receive(stop);
      if (piece && *piece) {
        append((*piece)->data);
        continue;
      }
      if (piece) {
        outcome = stream_->exit_code();
      } else {
        outcome = fail(std::move(piece).error());
      }
      break;
    }
    std::lock_guard lock{mutex_};
    outcome_ = std::move(outcome);
    ended_ = true;
    changed_.notify_all();
  }

  void append(const std::string& text) {
    std::lock_guard lock{mutex_};
    said_.append(text, 0, max_output_bytes - std::min(max_output_bytes, said_.size()));
  }

  const api::ResolvedHook hook_;
  const kube::ObjectKey pod_;
  const std::string pod_uid_;
  Clock& clock_;
  std::unique_ptr<kube::Client> client_;
  kube::ExecRequest request_;
  std::unique_ptr<kube::ExecStream> stream_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string said_;
  Result<int> outcome_ = 0;
  bool ended_ = false;
  std::jthread receiver_;  // last: they end first
  std::jthread keeper_;
};

Quiescence::Quiescence(Clock& clock) : clock_(clock) {}
Quiescence::~Quiescence() = default;

Result<> Quiescence::hold(const std::string& session_uid, std::unique_ptr<kube::Client> client,
                          const api::ResolvedHook& hook, const Json& pod, std::stop_token stop) {
  auto made = std::make_unique<Hold>(std::move(client), hook, pod, clock_);
  TRY(made->begin(std::move(stop)));
  std::lock_guard lock{mutex_};
  holds_[session_uid].push_back(std::move(made));
  return {};
}

std::size_t Quiescence::count_held(const std::string& session_uid) const {
  std::lock_guard lock{mutex_};
  auto found = holds_.find(session_uid);
  if (found == holds_.end()) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(found->second, [](const auto& hold) { return hold->is_held(); }));
}

bool Quiescence::holds(const std::string& session_uid, const std::string& pod_uid) const {
  std::lock_guard lock{mutex_};
  auto found = holds_.find(session_uid);
  return found != holds_.end() && std::ranges::any_of(found->second, [&](const auto& hold) {
           return hold->is_of(pod_uid) && hold->is_held();
         });
}

std::vector<api::HookResult> Quiescence::release(const std::string& session_uid,
                                                 std::stop_token stop) {
  std::vector<api::HookResult> results;
  for (auto& hold : take(session_uid)) results.push_back(hold->release(stop));
  return results;
}

void Quiescence::drop(const std::string& session_uid) {
  take(session_uid);
}

std::vector<std::unique_ptr<Hold>> Quiescence::take(const std::string& session_uid) {
  std::lock_guard lock{mutex_};
  auto found = holds_.find(session_uid);
  if (found == holds_.end()) return {};
  auto holds = std::move(found->second);
  holds_.erase(found);
  return holds;
}

}  // namespace dmaas::controller
