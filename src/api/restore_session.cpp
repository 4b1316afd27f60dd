#include "api/restore_session.hpp"

#include <algorithm>

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::RestoreTemplate);
DMAAS_DESCRIBE(dmaas::api::RestoreSessionSpec);
DMAAS_DESCRIBE(dmaas::api::RestoreSessionStatus);

namespace dmaas::api {
namespace {

/// Whether `name` is meant by a list that, like its sister, may be empty.
bool wants(const RestoreSelection& what, const std::vector<std::string>& named,
           const std::string& name) {
  if (what.data == RestoreData::resources_only) return false;
  if (what.volumes.empty() && what.dumps.empty() && what.files.empty()) return true;
  return std::ranges::find(named, name) != named.end();
}

}  // namespace

std::vector<std::string> wanted_files(const RestoreSelection& what, const std::string& claim) {
  auto found = std::ranges::find(what.files, claim, &FileSelection::volume);
  return found == what.files.end() ? std::vector<std::string>() : found->paths;
}

bool wants_volume(const RestoreSelection& what, const std::string& claim) {
  return wants(what, what.volumes, claim) ||
         (what.data != RestoreData::resources_only && !wanted_files(what, claim).empty());
}

bool wants_dump(const RestoreSelection& what, const std::string& name) {
  return wants(what, what.dumps, name);
}

template <>
const KindInfo& kind_info<RestoreSession>() {
  static const KindInfo info{
      .kind = "RestoreSession",
      .plural = "restoresessions",
      .short_name = "rsess",
      .text = "One restore of a backup.",
      .columns = {{"Stage", ".status.stage"},
                  {"Progress", ".status.progress"},
                  {"Snapshot", ".status.snapshot"},
                  {"Recovered In", ".status.timeToRecover"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<RestoreSessionSpec>,
      .status = &description_of<RestoreSessionStatus>,
  };
  return info;
}

}  // namespace dmaas::api
