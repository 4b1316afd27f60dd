#include "api/maintenance.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::MaintenanceReport);
