#include "applications/secrecy/left_out_document.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::applications::LeftOutSecret);
DMAAS_DESCRIBE(dmaas::applications::LeftOutValue);
DMAAS_DESCRIBE(dmaas::applications::LeftOutDocument);
