#include "controller/mover_reports.hpp"

namespace dmaas::controller {

void MoverReports::on_post(OnPost on_post) {
  on_post_ = std::move(on_post);
}

void MoverReports::post_progress(const std::string& pod_uid, const api::OrderSession& session,
                                 api::MoverProgress progress) {
  {
    std::lock_guard lock{mutex_};
    reports_[pod_uid].progress = std::move(progress);
  }
  if (on_post_) on_post_(session.kind, {session.namespace_name, session.name});
}

bool MoverReports::post_result(const std::string& pod_uid, const api::OrderSession& session,
                               api::MoverResult result, std::chrono::milliseconds patience,
                               std::stop_token stop) {
  {
    std::lock_guard lock{mutex_};
    auto& report = reports_[pod_uid];
    if (!report.result) report.result = std::move(result);
  }
  if (on_post_) on_post_(session.kind, {session.namespace_name, session.name});
  std::unique_lock lock{mutex_};
  return settled_.wait_for(lock, std::move(stop), patience, [&] {
    auto report = reports_.find(pod_uid);
    return report == reports_.end() || report->second.settled;
  });
}

std::optional<api::MoverProgress> MoverReports::progress_of(const std::string& pod_uid) const {
  std::lock_guard lock{mutex_};
  auto report = reports_.find(pod_uid);
  return report == reports_.end() ? std::nullopt : report->second.progress;
}

std::optional<api::MoverResult> MoverReports::result_of(const std::string& pod_uid) const {
  std::lock_guard lock{mutex_};
  auto report = reports_.find(pod_uid);
  return report == reports_.end() ? std::nullopt : report->second.result;
}

void MoverReports::settle(const std::string& pod_uid) {
  std::lock_guard lock{mutex_};
  if (auto report = reports_.find(pod_uid); report != reports_.end()) report->second.settled = true;
  settled_.notify_all();
}

void MoverReports::forget(const std::string& pod_uid) {
  std::lock_guard lock{mutex_};
  reports_.erase(pod_uid);
  settled_.notify_all();
}

}  // namespace dmaas::controller
