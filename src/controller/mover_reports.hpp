#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "api/work_order.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::controller {

/// What movers have told, until it is in the status of their sessions. A result is acknowledged to
/// the mover only after it was written there, so none is lost when the controller ends in between.
/// Thread-safe.
class MoverReports {
public:
  /// Called after every post, to make the session's reconciler look.
  using OnPost =
      std::function<void(const std::string& session_kind, const kube::ObjectKey& session)>;
  void on_post(OnPost on_post);

  void post_progress(const std::string& pod_uid, const api::OrderSession& session,
                     api::MoverProgress progress);
  /// Blocks until `settle` was called for the pod. False when that did not happen within
  /// `patience`.
  bool post_result(const std::string& pod_uid, const api::OrderSession& session,
                   api::MoverResult result, std::chrono::milliseconds patience,
                   std::stop_token stop);

  std::optional<api::MoverProgress> progress_of(const std::string& pod_uid) const;
  std::optional<api::MoverResult> result_of(const std::string& pod_uid) const;
  /// The result is in the session's status; the mover may go.
  void settle(const std::string& pod_uid);
  /// Nothing more is expected of this pod.
  void forget(const std::string& pod_uid);

private:
  struct Report {
    std::optional<api::MoverProgress> progress;
    std::optional<api::MoverResult> result;
    bool settled = false;
  };

  mutable std::mutex mutex_;
  std::condition_variable_any settled_;
  std::map<std::string, Report> reports_;
  OnPost on_post_;
};

}  // namespace dmaas::controller
