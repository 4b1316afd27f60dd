#include "api/work_order.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::WorkOrder);
DMAAS_DESCRIBE(dmaas::api::MoverProgress);
DMAAS_DESCRIBE(dmaas::api::MoverResult);

namespace dmaas::api {
namespace {

/// The part of the order that `task` cannot do without, or "" when all is there.
std::string_view missing_part(const WorkOrder& order) {
  bool has_snapshot_id = !order.snapshot_id.empty();
  switch (order.task) {
    case MoverTask::backup_volume:
      return !order.snapshot ? "snapshot" : !order.volume ? "volume" : "";
    case MoverTask::backup_dump:
      return !order.snapshot ? "snapshot" : !order.dump ? "dump" : "";
    case MoverTask::backup_resources:
      return !order.snapshot ? "snapshot" : !order.capture ? "capture" : "";
    case MoverTask::restore_volume:
      return !has_snapshot_id ? "snapshotId" : !order.volume ? "volume" : "";
    case MoverTask::restore_dump:
      return !has_snapshot_id ? "snapshotId" : !order.dump ? "dump" : "";
    case MoverTask::restore_resources:
      return !has_snapshot_id ? "snapshotId" : !order.apply ? "apply" : "";
    case MoverTask::maintain:
      return !order.maintenance ? "maintenance" : "";
    case MoverTask::copy:
      return !order.copy ? "copy" : "";
  }
  return "";
}

}  // namespace

Result<WorkOrder> decode_work_order(const Json& document) {
  auto order = TRY(from_json<WorkOrder>(document, "order"));
  auto missing = missing_part(order);
  if (missing.empty()) return order;
  return fail(ErrorCode::invalid_input, "order." + std::string(missing) + ": is required by task " +
                                            std::string(name_of(order.task)));
}

}  // namespace dmaas::api
