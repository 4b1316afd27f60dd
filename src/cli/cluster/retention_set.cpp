// dmaas retention set
#include <memory>

#include "api/retention_policy.hpp"
#include "api/validate.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/retention.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct SetFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string name;
  std::string within;
  api::RetentionPolicySpec spec{};
  bool dry_run = false;
};

Result<ExitCode> run_set(const Connection& connection, const SetFlags& flags,
                         std::stop_token stop) {
  api::RetentionPolicy policy;
  policy.metadata.namespace_name = connection.namespace_name;
  policy.metadata.name = flags.name;
  policy.spec = flags.spec;
  if (!flags.within.empty())
    policy.spec.within = TRY(parse_duration(flags.within).context("--within"));
  TRY(api::validate(policy.spec, {.namespace_name = connection.namespace_name}));
  kube::WriteOptions options{.dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no};
  auto written = TRY(connection.client->apply(api::kind_info<api::RetentionPolicy>().resource(),
                                              api::encode(policy), options, std::move(stop)));
  if (is_document(flags.format)) {
    print(format_object(written, flags.format));
  } else {
    print_line("retention policy " + policy.metadata.key().text() +
               " is set. Next: dmaas retention preview PLAN --policy " + flags.name + " -n " +
               connection.namespace_name);
  }
  return ExitCode::success;
}

}  // namespace

void add_retention_set_command(CLI::App& retention, CommandLine& line) {
  auto flags = std::make_shared<SetFlags>();
  auto* command = retention.add_subcommand(
      "set", "Make or change a RetentionPolicy, which plans then name; rules add up");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("name", flags->name, "Name of the policy")
      ->required()
      ->type_name("RETENTION");
  auto& spec = flags->spec;
  command
      ->add_option("--within", flags->within,
                   "Keep all that are not older than this, such as 3d, counted from the newest")
      ->type_name("TIME");
  struct Rule {
    const char* flag;
    std::int32_t& count;
    const char* text;
  };
  for (const auto& rule :
       {Rule{"--last", spec.last, "Keep so many of the newest"},
        Rule{"--hourly", spec.hourly, "Keep the newest of so many hours"},
        Rule{"--daily", spec.daily, "Keep the newest of so many days"},
        Rule{"--weekly", spec.weekly, "Keep the newest of so many weeks"},
        Rule{"--monthly", spec.monthly, "Keep the newest of so many months"},
        Rule{"--yearly", spec.yearly, "Keep the newest of so many years"},
        Rule{"--minimum", spec.minimum, "Keep so many whatever the rules say (default: 1)"}}) {
    command->add_option(rule.flag, rule.count, rule.text)->type_name("COUNT");
  }
  command->add_option("--time-zone", spec.time_zone, "Where days begin (default: UTC)")
      ->type_name("ZONE");
  command->add_flag("--dry-run", flags->dry_run, "Only try it");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_set(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
