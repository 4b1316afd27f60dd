#pragma once

#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/copy_session.hpp"
#include "api/restore_session.hpp"
#include "api/verification_session.hpp"
#include "base/clock.hpp"

/// What people see of a session while it runs. Pure.
namespace dmaas::cli {

/// One line that replaces the one before: "Moving  42.0 %  1.2 GiB of 2.9 GiB, 80 MiB/s, 0:21 left,
/// 1 of 3 components".
std::string progress_line(const api::BackupSession& session, Timestamp now);
std::string progress_line(const api::RestoreSession& session, Timestamp now);
std::string progress_line(const api::VerificationSession& session, Timestamp now);
std::string progress_line(const api::CopySession& session, Timestamp now);

/// For a pipe: what happened between two looks, one line each; nothing for mere progress.
std::vector<std::string> progress_changes(const api::BackupSession& before,
                                          const api::BackupSession& after);
std::vector<std::string> progress_changes(const api::RestoreSession& before,
                                          const api::RestoreSession& after);
std::vector<std::string> progress_changes(const api::VerificationSession& before,
                                          const api::VerificationSession& after);
std::vector<std::string> progress_changes(const api::CopySession& before,
                                          const api::CopySession& after);

bool is_over(const api::BackupSession& session);
bool is_over(const api::RestoreSession& session);
bool is_over(const api::VerificationSession& session);
bool is_over(const api::CopySession& session);

}  // namespace dmaas::cli
