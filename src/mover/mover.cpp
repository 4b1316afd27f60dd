#include "mover/mover.hpp"

#include <fmt/format.h>

#include <thread>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "mover/controller_link.hpp"
#include "mover/task.hpp"
#include "storage/open.hpp"

namespace dmaas::mover {
namespace {

constexpr std::chrono::seconds progress_period{5};
/// The gateway learns of the pod's grant some moments after the controller made it.
constexpr std::chrono::seconds grant_patience{60};

struct OpenedRepository {
  std::unique_ptr<storage::ObjectStore> store;
  std::unique_ptr<engine::Repository> repository;
};

Result<engine::MasterKey> master_key_of(const api::OrderRepository& order) {
  auto text = TRY(base64_decode(order.master_key));
  return engine::decode_master_key(text_of(text));
}

Result<std::unique_ptr<storage::ObjectStore>> open_store(const api::OrderRepository& order,
                                                         const MoverOptions& options,
                                                         Clock& clock) {
  storage::StorageOptions storage;
  storage.ca_certificates = order.ca_certificate;
  storage.rest_password_file = options.token_directory + "/gateway-token";
  return storage::open_storage(order.url, storage, clock);
}

Result<OpenedRepository> open_repository(const api::OrderRepository& order,
                                         const MoverOptions& options, Clock& clock,
                                         std::stop_token stop) {
  OpenedRepository opened;
  opened.store = TRY(open_store(order, options, clock));
  auto key = TRY(master_key_of(order));
  auto deadline = clock.monotonic() + grant_patience;
  while (true) {
    auto repository = engine::Repository::open_with_key(*opened.store, key, {}, clock, stop);
    bool may_come =
        repository.failed_with(ErrorCode::permission_denied) && clock.monotonic() < deadline;
    if (may_come && clock.sleep(std::chrono::seconds{1}, stop)) continue;
    opened.repository = TRY(std::move(repository));
    return opened;
  }
}

Result<api::MoverResult> run_task(const TaskContext& context, std::stop_token stop) {
  switch (context.order.task) {
    case api::MoverTask::backup_volume:
      return back_up_volume(context, std::move(stop));
    case api::MoverTask::backup_dump:
      return back_up_dump(context, std::move(stop));
    case api::MoverTask::backup_resources:
      return back_up_resources(context, std::move(stop));
    case api::MoverTask::restore_volume:
      return restore_volume(context, std::move(stop));
    case api::MoverTask::restore_dump:
      return restore_dump(context, std::move(stop));
    case api::MoverTask::restore_resources:
      return restore_resources(context, std::move(stop));
    case api::MoverTask::maintain:
      return maintain(context, std::move(stop));
    case api::MoverTask::copy:
      return copy_backups(context, std::move(stop));
  }
  return fail(ErrorCode::unsupported,
              "this version cannot do the task: update the image of the movers");
}

api::MoverProgress snapshot_of(const engine::Progress& progress, const CopiedBackups& copied) {
  return {.bytes_total = static_cast<std::int64_t>(progress.bytes_total.load()),
          .bytes_done = static_cast<std::int64_t>(progress.bytes_done.load()),
          .bytes_added = copied.bytes_added(),
          .files_done = static_cast<std::int64_t>(progress.files_done.load()),
          .copied = copied.all()};
}

Result<api::MoverResult> do_order(const api::WorkOrder& order, const MoverOptions& options,
                                  ControllerLink& link, Clock& clock, std::stop_token stop) {
  auto opened = TRY(open_repository(order.repository, options, clock, stop));
  // Maintenance loads it when it needs it: a damaged one is what it has to tell of.
  if (order.task != api::MoverTask::maintain) TRY(opened.repository->load_index(stop));
  engine::Progress progress;
  CopiedBackups copied;
  std::jthread reporter{[&](std::stop_token ended) {
    while (clock.sleep(progress_period, ended))
      link.post_progress(snapshot_of(progress, copied), ended);
  }};
  TaskContext context{order, *opened.repository, progress, clock};
  if (!order.copy) return run_task(context, stop);
  auto source = TRY(open_repository(order.copy->source, options, clock, stop));
  TRY(source.repository->load_index(stop));
  CopyContext copy{*source.repository, copied};
  context.copy = &copy;
  return run_task(context, stop);
}

}  // namespace

Result<> run_mover(const MoverOptions& options, Clock& clock, std::stop_token stop) {
  auto link = TRY(ControllerLink::open(options, clock));
  auto order = TRY(link->fetch_order(stop));
  log_info("work order", {{"session", order.session.namespace_name + "/" + order.session.name},
                          {"component", order.component}});
  auto result = do_order(order, options, *link, clock, stop);
  if (!result) {
    const auto& error = result.error();
    bool cancelled = error.code() == ErrorCode::cancelled;
    result = api::MoverResult{
        .outcome = cancelled ? api::MoverOutcome::cancelled : api::MoverOutcome::failed,
        .error_code = std::string(name_of(error.code())),
        .message = error.message()};
    log_error("task failed", {{"cause", error.message()}});
  }
  // A pod that is being ended posts nothing: its session has ended or makes another mover.
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
  return link->post_result(*result, stop);
}

}  // namespace dmaas::mover
