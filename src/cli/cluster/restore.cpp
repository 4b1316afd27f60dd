// dmaas restore
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct RestoreFlags {
  ClusterFlags cluster;
  api::RestoreSession session;
  std::string repository;
  std::string storage;
  std::string path;
  std::string before;
  std::string data = "all";
  std::string existing = "skip";
  std::vector<std::string> namespaces;
  std::vector<std::string> classes;
  bool no_wait = false;
};

Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts,
                                                    const char* flag) {
  std::map<std::string, std::string> pairs;
  for (const auto& text : texts) {
    auto equals = text.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid_input, fmt::format("{} is FROM=TO, not '{}'", flag, text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

Result<api::RestoreSession> restore_session(const RestoreFlags& flags,
                                            const std::string& namespace_name) {
  auto session = flags.session;
  session.metadata.namespace_name = namespace_name;
  session.metadata.name = new_session_name("restore");
  auto& source = session.spec.source;
  if (!flags.repository.empty()) source.repository = reference_of(flags.repository);
  if (!flags.path.empty())
    source.stored = api::StoredRepository{reference_of(flags.storage), flags.path};
  if (source.repository.has_value() == source.stored.has_value()) {
    return fail(ErrorCode::invalid_input,
                "give either --repository NAME, or --storage NAME and --path PATH");
  }
  if (!flags.before.empty()) source.before = TRY(parse_timestamp(flags.before));
  session.spec.namespace_map = TRY(pairs_of(flags.namespaces, "--map-namespace"));
  session.spec.storage_class_map = TRY(pairs_of(flags.classes, "--map-storage-class"));
  if (flags.data == "resources") session.spec.what.data = api::RestoreData::resources_only;
  if (flags.data == "volumes") session.spec.what.data = api::RestoreData::data_only;
  if (flags.existing == "update") session.spec.existing = api::ExistingPolicy::update;
  if (flags.existing == "fail") session.spec.existing = api::ExistingPolicy::fail;
  if (flags.existing == "recreate") session.spec.existing = api::ExistingPolicy::recreate;
  return session;
}

Result<ExitCode> run_restore(const RestoreFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  auto namespace_name = flags.cluster.namespace_name.empty()
                            ? std::string(api::default_system_namespace)
                            : flags.cluster.namespace_name;
  auto session = TRY(restore_session(flags, namespace_name));
  TRY(create(*connection.client, session, stop));
  print_line("session " + session.metadata.key().text() + " created");
  if (flags.no_wait) return ExitCode::success;
  auto line = [](const api::RestoreSession& now) {
    auto stage = names_of(api::RestoreStage{})[static_cast<std::size_t>(now.status.stage)];
    return fmt::format("{}  {}  {}", stage, now.status.progress, now.status.message);
  };
  auto over = [](const api::RestoreSession& now) { return is_final(now.status.stage); };
  auto done = TRY(
      follow<api::RestoreSession>(*connection.client, session.metadata.key(), line, over, stop));
  for (const auto& problem : done.status.problems) {
    print_note(fmt::format("{}: {}: {}", problem.outcome, problem.object, problem.message));
  }
  for (const auto& warning : done.status.warnings) print_note("warning: " + warning);
  if (done.status.stage != api::RestoreStage::succeeded)
    return fail(ErrorCode::internal, done.status.message);
  print_line(done.status.message +
             (done.status.time_to_recover.empty() ? "" : " in " + done.status.time_to_recover));
  return ExitCode::success;
}

}  // namespace

void add_restore_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<RestoreFlags>();
  auto* command = app.add_subcommand("restore", "Restore a backup");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("--repository", flags->repository, "Repository: [namespace/]name");
  command->add_option("--storage", flags->storage,
                      "Storage of a repository that has no object here: [namespace/]name");
  command->add_option("--path", flags->path,
                      "Its path on the storage, such as east/ns/shop/mariadb");
  command
      ->add_option("--snapshot", flags->session.spec.source.snapshot,
                   "Which backup: latest, a name, an id")
      ->capture_default_str();
  command->add_option("--before", flags->before, "With latest: not younger than this time");
  command->add_option("--data", flags->data, "What is restored")
      ->check(CLI::IsMember({"all", "resources", "volumes"}));
  command->add_option("--existing", flags->existing, "What happens to objects that exist")
      ->check(CLI::IsMember({"skip", "update", "fail", "recreate"}))
      ->capture_default_str();
  command->add_option("--map-namespace", flags->namespaces, "FROM=TO (repeatable)");
  command->add_option("--map-storage-class", flags->classes, "FROM=TO (repeatable)");
  command->add_option("--prefix", flags->session.spec.name_prefix,
                      "Restore as new: put before all names");
  command->add_flag("--preflight", flags->session.spec.preflight_only,
                    "Only check what would happen");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_restore(*flags, stop); };
  });
}

}  // namespace dmaas::cli
