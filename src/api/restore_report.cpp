#include "api/restore_report.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::PlannedVolume);
DMAAS_DESCRIBE(dmaas::api::PlannedDump);
DMAAS_DESCRIBE(dmaas::api::RestoreReport);
