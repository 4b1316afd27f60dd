#include "api/verification_session.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::VerificationSessionSpec);
DMAAS_DESCRIBE(dmaas::api::VerificationSessionStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<VerificationSession>() {
  static const KindInfo info{
      .kind = "VerificationSession",
      .plural = "verificationsessions",
      .short_name = "vsess",
      .text = "One verification of a backup: a restore into a scratch namespace, and checks there.",
      .columns = {{"Phase", ".status.phase"},
                  {"Snapshot", ".status.snapshot"},
                  {"Recovered In", ".status.timeToRecover"},
                  {"Recovery Point", ".status.recoveryPoint"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<VerificationSessionSpec>,
      .status = &description_of<VerificationSessionStatus>,
  };
  return info;
}

}  // namespace dmaas::api
