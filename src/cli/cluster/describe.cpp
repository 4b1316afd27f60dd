// dmaas describe
#include "cli/describe/describe.hpp"

#include <fmt/format.h>

#include <memory>

#include "cli/cluster/commands.hpp"
#include "cli/cluster/events.hpp"
#include "cli/cluster/find_session.hpp"
#include "cli/cluster/kind_names.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct DescribeFlags {
  ClusterFlags cluster;
  std::string kind;
  std::string name;
};

/// A session may be a backup's, a restore's or a verification's, whatever word the person used for
/// it.
Result<FoundSession> find_described(const Connection& connection, const ObjectName& wanted,
                                    std::stop_token stop) {
  if (wanted.kind->kind.ends_with("Session")) return find_session(connection, wanted.name, stop);
  auto key = key_in(*wanted.kind, connection.namespace_name, wanted.name);
  return FoundSession{wanted.kind, TRY(find_or_list(*connection.client, *wanted.kind, key, stop))};
}

Result<ExitCode> run_describe(const Connection& connection, const DescribeFlags& flags,
                              std::stop_token stop) {
  auto wanted = TRY(parse_object_name(flags.kind, flags.name));
  if (wanted.name.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("say which: dmaas describe {} NAME", flags.kind));
  }
  auto found = TRY(find_described(connection, wanted, stop));
  auto events = events_of(*connection.client, found.object, stop);
  print(TRY(describe_object(*found.kind, found.object, events, system_clock().now())));
  return ExitCode::success;
}

}  // namespace

void add_describe_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<DescribeFlags>();
  auto* command = app.add_subcommand("describe", "Tell the story of one object, with its events");
  add_cluster_flags(*command, flags->cluster);
  command
      ->add_option("kind", flags->kind,
                   fmt::format("{}, or KIND/NAME", fmt::join(kind_words(), ", ")))
      ->required()
      ->type_name("KIND");
  command->add_option("name", flags->name, "Its name")->type_name("NAME");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_describe(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
