#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace dmaas::cli {

/// A subcommand of the program that is a process of its own in the cluster (controller, gateway,
/// mover, ...). Described in plain data, so that those modules need not know the command line's
/// library.
struct RoleOption {
  std::string name;  // "listen-address": the flag is --listen-address
  std::string text;
  std::string default_value;  // shown in help; "": none
  enum class Need { optional, required } need = Need::optional;
  enum class Count { one, many } count = Count::one;
};
using RoleArguments = std::map<std::string, std::vector<std::string>>;
struct Role {
  std::string name;
  std::string text;
  std::vector<RoleOption> options;
  std::function<Result<>(const RoleArguments&, std::stop_token)> run;
};

/// Exit codes, restic's where the meaning is the same.
enum class ExitCode : int {
  success = 0,
  failure = 1,
  usage = 2,
  incomplete = 3,  // done, but something could not be read or restored
  no_repository = 10,
  locked = 11,
  wrong_password = 12,
  interrupted = 130,
};

/// Parses the command line and runs one command. SIGINT and SIGTERM request a stop; a second one
/// ends the process.
int run_program(int argument_count, char** arguments, const std::vector<Role>& roles);

}  // namespace dmaas::cli
