#pragma once

#include "api/backup_configuration.hpp"
#include "api/backup_grant.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/copy_session.hpp"
#include "api/hook_template.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "api/restore_configuration.hpp"
#include "api/restore_session.hpp"
#include "api/retention_policy.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"
#include "api/verification_session.hpp"
#include "base/result.hpp"

/// What the schema cannot say or an old API server does not check: CEL rules and rules over several
/// fields. Pure. Errors: invalid_input, "spec.<field>: what is wrong and what to write instead",
/// all problems joined by "; ". References to missing objects are no error here.
namespace dmaas::api {

Result<> validate(const BackupStorageSpec& spec, const Surroundings& where);
Result<> validate(const RepositorySpec& spec, const Surroundings& where);
Result<> validate(const BackupConfigurationSpec& spec, const Surroundings& where);
Result<> validate(const BackupSessionSpec& spec, const Surroundings& where);
Result<> validate(const SnapshotSpec& spec, const Surroundings& where);
Result<> validate(const RestoreSessionSpec& spec, const Surroundings& where);
Result<> validate(const RetentionPolicySpec& spec, const Surroundings& where);
Result<> validate(const HookTemplateSpec& spec, const Surroundings& where);
Result<> validate(const BackupGrantSpec& spec, const Surroundings& where);
Result<> validate(const BackupVerifierSpec& spec, const Surroundings& where);
Result<> validate(const VerificationSessionSpec& spec, const Surroundings& where);
Result<> validate(const BackupPolicySpec& spec, const Surroundings& where);
Result<> validate(const CopySessionSpec& spec, const Surroundings& where);
Result<> validate(const StandbySpec& spec, const Surroundings& where);
Result<> validate(const RestoreConfigurationSpec& spec, const Surroundings& where);

}  // namespace dmaas::api
