#include "api/probe.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::ProbeOrder);
DMAAS_DESCRIBE(dmaas::api::ProbeReport);
