#pragma once

#include <stop_token>
#include <string>

#include "cli/cluster/connection.hpp"
#include "cli/cluster/output.hpp"

namespace dmaas::cli {

/// What `dmaas verify` is asked for.
struct VerifyFlags {
  ClusterFlags cluster{};
  OutputFormat format = OutputFormat::table;
  std::string subject{};  // plan or repository
  std::string backup{};
  std::string verifier{};
  bool allow_unisolated = false;
  bool keep_on_failure = false;
  bool no_wait = false;
  bool dry_run = false;
};

/// Makes a VerificationSession, follows it and prints what it found. Errors: those of the cluster;
/// internal (the backup is not verified).
Result<ExitCode> run_verify(const Connection& connection, const VerifyFlags& flags,
                            std::stop_token stop);

}  // namespace dmaas::cli
