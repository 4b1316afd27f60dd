// dmaas repo check, forget, prune, key, unlock
#include <fmt/format.h>

#include <atomic>
#include <memory>

#include "base/time_text.hpp"
#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "engine/check/check.hpp"
#include "engine/prune/prune.hpp"
#include "engine/repository/locking.hpp"
#include "engine/retention/plan_retention.hpp"

namespace dmaas::cli {
namespace {

struct CheckFlags {
  RepositoryFlags repository;
  bool read_data = false;
  std::string subset;  // "n/t"
};

Result<engine::CheckOptions> check_options(const CheckFlags& flags) {
  engine::CheckOptions options;
  if (flags.read_data || !flags.subset.empty()) options.data = engine::CheckOptions::Data::read;
  if (flags.subset.empty()) return options;
  unsigned share = 0;
  unsigned shares = 0;
  char rest = 0;
  if (std::sscanf(flags.subset.c_str(), "%u/%u%c", &share, &shares, &rest) != 2 || share < 1 ||
      share > shares || shares > 256) {
    return fail(ErrorCode::invalid_input,
                "--read-data-subset is n/t, such as 2/7, with t at most 256");
  }
  options.share = share - 1;
  options.shares = shares;
  return options;
}

void print_report(const engine::CheckReport& report, const RepositoryFlags& flags) {
  if (flags.json) {
    JsonArray problems;
    for (const auto& problem : report.problems) problems.push_back(boost::json::string(problem));
    print_line(to_text(JsonObject{{"message_type", "summary"},
                                  {"num_errors", report.problem_count},
                                  {"problems", std::move(problems)},
                                  {"snapshots", report.snapshots},
                                  {"packs", report.packs},
                                  {"packs_read", report.packs_read},
                                  {"unreferenced_packs", report.unreferenced_packs},
                                  {"duplicate_blobs", report.duplicate_blobs}}));
    return;
  }
  for (const auto& problem : report.problems) print_note(problem);
  if (flags.quiet) return;
  print_line(fmt::format("{} snapshots, {} packs{}", report.snapshots, report.packs,
                         report.packs_read > 0 ? fmt::format(", {} read ({})", report.packs_read,
                                                             format_size(report.bytes_read))
                                               : ""));
  if (report.unreferenced_packs > 0 || report.duplicate_blobs > 0) {
    print_line(
        fmt::format("harmless: {} packs that no index names, {} blobs stored twice; 'dmaas repo "
                    "prune' removes them",
                    report.unreferenced_packs, report.duplicate_blobs));
  }
  print_line(report.is_sound() ? "no errors were found"
                               : fmt::format("{} errors were found", report.problem_count));
}

Result<ExitCode> run_check(const CheckFlags& flags, std::stop_token stop) {
  auto options = TRY(check_options(flags));
  auto session = TRY(open_session(flags.repository, engine::LockKind::exclusive, stop));
  std::atomic<std::uint64_t> done = 0;
  std::atomic<std::uint64_t> total = 0;
  auto report = [&] {
    std::optional<ProgressLine> line;
    if (!flags.repository.quiet && !flags.repository.json) {
      line.emplace([&] {
        return total > 0 ? fmt::format("{} of {} packs read", done.load(), total.load())
                         : "checking";
      });
    }
    auto progress = [&](std::uint64_t packs_done, std::uint64_t packs_total) {
      done = packs_done;
      total = packs_total;
    };
    return engine::check(*session.repository, options, progress, stop);
  }();
  if (!report) return fail(std::move(report).error());
  print_report(*report, flags.repository);
  return report->is_sound() ? ExitCode::success : ExitCode::failure;
}

struct PruneFlags {
  std::string max_unused = "5%";
  bool dry_run = false;
};

void add_prune_flags(CLI::App& command, PruneFlags& flags) {
  command
      .add_option("--max-unused", flags.max_unused,
                  "Unused data that may stay, in percent of used: 5%, 0%, unlimited")
      ->capture_default_str();
}

Result<engine::PruneOptions> prune_options(const PruneFlags& flags) {
  engine::PruneOptions options;
  double percent = 0;
  char sign = 0;
  char rest = 0;
  if (flags.max_unused == "unlimited") {
    options.max_unused_share = 1e18;
  } else if (std::sscanf(flags.max_unused.c_str(), "%lf%c%c", &percent, &sign, &rest) == 2 &&
             sign == '%' && percent >= 0) {
    options.max_unused_share = percent / 100;
  } else {
    return fail(ErrorCode::invalid_input, "--max-unused is a percentage such as 5%, or unlimited");
  }
  return options;
}

Result<> prune(Session& session, const RepositoryFlags& flags, const PruneFlags& prune_flags,
               std::stop_token stop) {
  auto options = TRY(prune_options(prune_flags));
  auto plan = TRY(engine::plan_prune(*session.repository, options, stop));
  if (flags.json) {
    print_line(to_text(JsonObject{{"message_type", "prune"},
                                  {"used_bytes", plan.used_bytes},
                                  {"unused_bytes", plan.unused_bytes},
                                  {"repack_packs", plan.repack.size()},
                                  {"remove_packs", plan.remove.size() + plan.unreferenced.size()},
                                  {"freed_bytes", plan.freed_bytes}}));
  } else if (!flags.quiet) {
    print_line(fmt::format("used {}, unused {}", format_size(plan.used_bytes),
                           format_size(plan.unused_bytes)));
    print_line(fmt::format("repack {} packs, remove {}, free {}", plan.repack.size(),
                           plan.remove.size() + plan.unreferenced.size(),
                           format_size(plan.freed_bytes)));
  }
  if (prune_flags.dry_run || plan.is_empty()) return {};
  std::atomic<std::uint64_t> done = 0;
  std::atomic<std::uint64_t> total = 0;
  std::optional<ProgressLine> line;
  if (!flags.quiet && !flags.json) {
    line.emplace([&] { return fmt::format("{} of {} packs", done.load(), total.load()); });
  }
  auto progress = [&](std::uint64_t packs_done, std::uint64_t packs_total) {
    done = packs_done;
    total = packs_total;
  };
  return engine::apply_prune(*session.repository, plan, progress, stop);
}

struct ForgetFlags {
  RepositoryFlags repository;
  SnapshotFilter filter;
  engine::RetentionRule rule;
  std::vector<std::string> keep_tags;
  std::string within;
  std::string group_by = "host,paths";
  PruneFlags prune;
  bool and_prune = false;
};

Result<engine::RetentionRule> retention_rule(const ForgetFlags& flags) {
  auto rule = flags.rule;
  for (const auto& tags : flags.keep_tags) rule.tags.push_back(split_commas({tags}));
  if (!flags.within.empty()) {
    auto duration = TRY(parse_duration(flags.within).context("--keep-within"));
    rule.within = std::chrono::duration_cast<std::chrono::hours>(duration);
  }
  return rule;
}

Result<engine::GroupBy> grouping(const ForgetFlags& flags) {
  engine::GroupBy by{engine::GroupBy::Part::ignore, engine::GroupBy::Part::ignore,
                     engine::GroupBy::Part::ignore};
  for (const auto& part : split_commas({flags.group_by})) {
    if (part == "host") {
      by.host = engine::GroupBy::Part::compare;
    } else if (part == "paths" || part == "path") {
      by.paths = engine::GroupBy::Part::compare;
    } else if (part == "tags" || part == "tag") {
      by.tags = engine::GroupBy::Part::compare;
    } else {
      return fail(ErrorCode::invalid_input, "--group-by is a list of host, paths, tags");
    }
  }
  return by;
}

void print_plan(const engine::RetentionPlan& plan, const RepositoryFlags& flags) {
  if (flags.json) {
    JsonArray keep;
    JsonArray remove;
    for (const auto& kept : plan.keep) keep.push_back(snapshot_json(kept.stored));
    for (const auto& removed : plan.remove) remove.push_back(snapshot_json(removed));
    print_line(to_text(JsonObject{{"keep", std::move(keep)}, {"remove", std::move(remove)}}));
    return;
  }
  if (flags.quiet) return;
  for (const auto& kept : plan.keep) {
    print_line(fmt::format("keep   {}  {}  {}", kept.stored.id.short_hex(),
                           format_seconds(kept.stored.snapshot.time),
                           fmt::join(kept.reasons, ", ")));
  }
  for (const auto& removed : plan.remove) {
    print_line(fmt::format("remove {}  {}", removed.id.short_hex(),
                           format_seconds(removed.snapshot.time)));
  }
}

Result<std::vector<engine::StoredSnapshot>> choose_to_remove(const ForgetFlags& flags,
                                                             engine::Repository& repository,
                                                             std::stop_token stop) {
  auto snapshots = TRY(select_snapshots(repository, flags.filter, stop));
  if (!flags.filter.ids.empty()) return snapshots;
  auto rule = TRY(retention_rule(flags));
  if (rule.is_empty()) {
    return fail(ErrorCode::invalid_input,
                "nothing says what to remove: give snapshot ids, or rules such as --keep-daily 7");
  }
  std::vector<engine::StoredSnapshot> remove;
  auto by = TRY(grouping(flags));
  for (auto& group : engine::group_snapshots(std::move(snapshots), by)) {
    auto plan = engine::plan_retention(std::move(group.snapshots), rule);
    print_plan(plan, flags.repository);
    for (auto& removed : plan.remove) remove.push_back(std::move(removed));
  }
  return remove;
}

Result<ExitCode> run_forget(const ForgetFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::exclusive, stop));
  auto remove = TRY(choose_to_remove(flags, *session.repository, stop));
  if (!flags.prune.dry_run) {
    for (const auto& stored : remove) TRY(session.repository->remove_snapshot(stored.id, stop));
  }
  if (!flags.repository.quiet && !flags.repository.json) {
    print_line(fmt::format("{} snapshots {}", remove.size(),
                           flags.prune.dry_run ? "would be removed" : "removed"));
  }
  if (flags.and_prune && !remove.empty()) TRY(prune(session, flags.repository, flags.prune, stop));
  return ExitCode::success;
}

struct PruneCommandFlags {
  RepositoryFlags repository;
  PruneFlags prune;
};

struct KeyFlags {
  RepositoryFlags repository;
  std::string new_password_file;
  std::string id;
};

Result<ExitCode> list_keys(const KeyFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto keys = TRY(session.repository->list_keys(stop));
  Table table{{"", "ID", "USER", "HOST", "CREATED"}};
  JsonArray array;
  for (const auto& key : keys) {
    auto created = key.created ? format_seconds(*key.created) : "";
    table.add({key.is_current ? "*" : "", key.id.short_hex(), key.username, key.hostname, created});
    array.push_back(JsonObject{{"current", key.is_current},
                               {"id", key.id.hex()},
                               {"userName", key.username},
                               {"hostName", key.hostname},
                               {"created", created}});
  }
  print(flags.repository.json ? to_text(array) + "\n" : table.text());
  return ExitCode::success;
}

Result<ExitCode> add_key(const KeyFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::shared, stop));
  auto password = TRY(read_new_password(flags.new_password_file));
  auto id = TRY(session.repository->add_key(password, {}, stop));
  print_line("saved new key " + id.short_hex());
  return ExitCode::success;
}

Result<ExitCode> change_password(const KeyFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::exclusive, stop));
  auto password = TRY(read_new_password(flags.new_password_file));
  auto id = TRY(session.repository->change_password(password, {}, stop));
  print_line("saved new key " + id.short_hex() + ", the old one is removed");
  return ExitCode::success;
}

Result<ExitCode> remove_key(const KeyFlags& flags, std::stop_token stop) {
  auto session = TRY(open_session(flags.repository, engine::LockKind::exclusive, stop));
  for (const auto& key : TRY(session.repository->list_keys(stop))) {
    if (!key.id.hex().starts_with(flags.id)) continue;
    TRY(session.repository->remove_key(key.id, stop));
    print_line("removed key " + key.id.short_hex());
    return ExitCode::success;
  }
  return fail(ErrorCode::not_found, "no key begins with " + flags.id);
}

void add_key_commands(CLI::App& repo, CommandLine& line) {
  auto* key = repo.add_subcommand("key", "List, add and remove passwords");
  key->require_subcommand(1);
  auto add = [&](const char* name, const char* text, auto run) {
    auto flags = std::make_shared<KeyFlags>();
    auto* command = key->add_subcommand(name, text);
    add_repository_flags(*command, flags->repository);
    command->callback([&line, flags, run] {
      line.chosen = [flags, run](std::stop_token stop) { return run(*flags, stop); };
    });
    return std::pair{command, flags};
  };
  add("list", "List keys", list_keys);
  auto [added, add_flags] = add("add", "Add a further password", add_key);
  added->add_option("--new-password-file", add_flags->new_password_file,
                    "File with the new password");
  auto [changed, change_flags] = add("passwd", "Replace the password", change_password);
  changed->add_option("--new-password-file", change_flags->new_password_file,
                      "File with the new password");
  auto [removed, remove_flags] = add("remove", "Remove a password", remove_key);
  removed->add_option("id", remove_flags->id, "Id of the key, or its beginning")->required();
}

void add_forget_command(CLI::App& repo, CommandLine& line) {
  auto flags = std::make_shared<ForgetFlags>();
  auto* command = repo.add_subcommand("forget", "Remove snapshots by id or by rules");
  add_repository_flags(*command, flags->repository);
  add_filter_flags(*command, flags->filter);
  add_prune_flags(*command, flags->prune);
  command->add_option("id", flags->filter.ids, "Snapshots to remove");
  command->add_option("-l,--keep-last", flags->rule.last, "Keep the last n");
  command->add_option("--keep-hourly", flags->rule.hourly,
                      "Keep the newest of each of the last n hours");
  command->add_option("-d,--keep-daily", flags->rule.daily, "... days");
  command->add_option("-w,--keep-weekly", flags->rule.weekly, "... weeks");
  command->add_option("-m,--keep-monthly", flags->rule.monthly, "... months");
  command->add_option("-y,--keep-yearly", flags->rule.yearly, "... years");
  command->add_option("--keep-within", flags->within,
                      "Keep what is younger than this, counted from the newest: 72h, 30d");
  command->add_option("--keep-tag", flags->keep_tags, "Keep what has these tags: a,b (repeatable)");
  command
      ->add_option("-g,--group-by", flags->group_by,
                   "Compare snapshots with equal host, paths, tags")
      ->capture_default_str();
  command->add_flag("--prune", flags->and_prune, "Also remove data that nothing needs any more");
  command->add_flag("-n,--dry-run", flags->prune.dry_run, "Only say what would be done");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_forget(*flags, stop); };
  });
}

void add_check_command(CLI::App& repo, CommandLine& line) {
  auto flags = std::make_shared<CheckFlags>();
  auto* command = repo.add_subcommand("check", "Verify that every snapshot can be restored");
  add_repository_flags(*command, flags->repository);
  command->add_flag("--read-data", flags->read_data, "Also read all data");
  command->add_option("--read-data-subset", flags->subset,
                      "Also read the n-th of t shares of the data: n/t");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_check(*flags, stop); };
  });
}

}  // namespace

void add_maintaining_commands(CLI::App& repo, CommandLine& line) {
  add_check_command(repo, line);
  add_forget_command(repo, line);

  auto flags = std::make_shared<PruneCommandFlags>();
  auto* command = repo.add_subcommand("prune", "Remove data that no snapshot needs");
  add_repository_flags(*command, flags->repository);
  add_prune_flags(*command, flags->prune);
  command->add_flag("-n,--dry-run", flags->prune.dry_run, "Only say what would be done");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) -> Result<ExitCode> {
      auto session = TRY(open_session(flags->repository, engine::LockKind::exclusive, stop));
      TRY(prune(session, flags->repository, flags->prune, stop));
      return ExitCode::success;
    };
  });

  auto unlock = std::make_shared<RepositoryFlags>();
  auto all = std::make_shared<bool>(false);
  command = repo.add_subcommand("unlock", "Remove locks that nobody holds any more");
  add_repository_flags(*command, *unlock);
  command->add_flag("--remove-all", *all, "Remove every lock, even of processes that live");
  command->callback([&line, unlock, all] {
    line.chosen = [unlock, all](std::stop_token stop) -> Result<ExitCode> {
      auto session = TRY(open_session(*unlock, std::nullopt, stop));
      auto which = *all ? engine::Unlock::all : engine::Unlock::stale_only;
      auto count = TRY(session.repository->unlock(which, stop));
      print_line(fmt::format("removed {} locks", count));
      return ExitCode::success;
    };
  });
  add_key_commands(repo, line);
}

}  // namespace dmaas::cli
