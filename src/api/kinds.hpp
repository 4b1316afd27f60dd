#pragma once

#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_grant.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/copy_session.hpp"
#include "api/hook_template.hpp"
#include "api/repository.hpp"
#include "api/restore_configuration.hpp"
#include "api/restore_session.hpp"
#include "api/retention_policy.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"
#include "api/verification_session.hpp"

namespace dmaas::api {

/// Every kind of the group, in the order in which people meet them.
std::vector<const KindInfo*> all_kinds();

/// The CustomResourceDefinition of a kind, to be applied as it is.
Json definition_of(const KindInfo& kind);

}  // namespace dmaas::api
