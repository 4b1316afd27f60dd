#include "api/validate_parts.hpp"

#include <algorithm>
#include <array>

#include "base/cron.hpp"

namespace dmaas::api {
namespace {

/// A mover keeps its buffers below its limit; less than this leaves it none.
constexpr std::int64_t least_mover_memory = 128LL << 20;
constexpr std::chrono::hours longest_timeout{24 * 7};
constexpr std::chrono::minutes shortest_interval{1};
constexpr std::chrono::days longest_interval{366};
constexpr std::chrono::days longest_jitter{1};

void check_rules(const std::vector<ObjectRule>& rules, const std::string& path,
                 Problems& problems) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    check_rule(rules[i], fmt::format("{}[{}]", path, i), problems);
}

}  // namespace

bool is_namespace_name(std::string_view text) {
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, fits) &&
         text.front() != '-' && text.back() != '-';
}

void check_namespaces(const std::vector<std::string>& names, const std::string& path,
                      Problems& problems) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    problems.add_unless(is_namespace_name(names[i]), fmt::format("{}[{}]", path, i),
                        fmt::format("'{}' must be the name of a namespace, without wildcards",
                                    names[i].substr(0, 64)));
  }
}

void check_selector(const LabelSelector& selector, const std::string& path, Problems& problems) {
  for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
    const auto& expression = selector.match_expressions[i];
    bool takes_values =
        expression.operation == LabelOperator::in || expression.operation == LabelOperator::not_in;
    problems.add_unless(takes_values != expression.values.empty(),
                        fmt::format("{}.matchExpressions[{}].values", path, i),
                        takes_values ? "In and NotIn need values"
                                     : "Exists and DoesNotExist take no values; remove them");
  }
}

void check_rule(const ObjectRule& rule, const std::string& path, Problems& problems) {
  bool empty = rule.kinds.empty() && rule.names.empty() && rule.namespaces.empty() &&
               !rule.label_selector && rule.annotations.empty();
  problems.add_unless(!empty, path,
                      "a rule needs kinds, names, namespaces, labelSelector or annotations");
  if (rule.label_selector) check_selector(*rule.label_selector, path + ".labelSelector", problems);
}

void check_selection(const ObjectSelection& selection, const std::string& path,
                     Problems& problems) {
  check_rules(selection.include, path + ".include", problems);
  check_rules(selection.exclude, path + ".exclude", problems);
}

void check_command(const std::vector<std::string>& command, const std::string& path,
                   Problems& problems) {
  problems.add_unless(!command.empty() && !command[0].empty(), path,
                      "must begin with the name of a program");
}

void check_schedule(const std::string& schedule, const std::string& time_zone,
                    const std::string& path, Problems& problems) {
  if (schedule.empty()) {
    problems.add_unless(time_zone.empty(), path + ".timeZone",
                        "goes only with schedule; remove it or add schedule");
    return;
  }
  if (auto parsed = CronSchedule::parse(schedule); !parsed) {
    problems.add(path + ".schedule", parsed.error());
  } else if (auto zoned = CronSchedule::parse(schedule, time_zone); !zoned) {
    problems.add(path + ".timeZone", zoned.error());
  }
}

void check_times(const BackupRun& run, const std::string& path, Problems& problems) {
  check_schedule(run.schedule, run.time_zone, path, problems);
  problems.add_unless(!run.interval || run.schedule.empty(), path + ".interval",
                      "goes only without schedule; remove one of them");
  bool is_good =
      !run.interval || (*run.interval >= shortest_interval && *run.interval <= longest_interval &&
                        *run.interval % std::chrono::seconds{1} == run.interval->zero());
  problems.add_unless(is_good, path + ".interval",
                      "must be between 1m and 366d and of whole seconds, such as 1h");
  bool fits = run.jitter >= std::chrono::seconds{0} && run.jitter <= longest_jitter &&
              (!run.interval || run.jitter < *run.interval);
  problems.add_unless(fits, path + ".jitter", "must be at most 1d and less than interval");
  problems.add_unless(!run.start_deadline || *run.start_deadline >= std::chrono::minutes{1},
                      path + ".startDeadline", "must be at least 1m, such as 30m");
  if (run.is_timed()) return;
  const auto* remedy = "goes only with schedule or interval; remove it or add one of them";
  problems.add_unless(!run.first_run, path + ".firstRun", remedy);
  problems.add_unless(run.jitter == std::chrono::seconds{0}, path + ".jitter", remedy);
  problems.add_unless(!run.start_deadline, path + ".startDeadline", remedy);
  problems.add_unless(run.retries == 0, path + ".retries", remedy);
}

void check_timeout(std::chrono::nanoseconds timeout, const std::string& path, Problems& problems) {
  problems.add_unless(timeout >= std::chrono::seconds{1} && timeout <= longest_timeout, path,
                      "must be between 1s and 168h, such as 30m");
}

void check_exec(const ExecHook& exec, const std::string& path, Problems& problems) {
  check_command(exec.command, path + ".command", problems);
  if (exec.pod_selector) check_selector(*exec.pod_selector, path + ".podSelector", problems);
  problems.add_unless(exec.quiesces() == exec.max_quiesce.has_value(), path,
                      "undo and maxQuiesce go together");
  if (exec.quiesces()) check_command(exec.undo, path + ".undo", problems);
  if (exec.max_quiesce) check_timeout(*exec.max_quiesce, path + ".maxQuiesce", problems);
}

void check_hooks(const std::vector<Hook>& hooks, const std::string& path, Quiescing quiescing,
                 Problems& problems) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const auto& hook = hooks[i];
    auto hook_path = fmt::format("{}[{}]", path, i);
    problems.add_unless(hook.template_reference.has_value() != hook.exec.has_value(), hook_path,
                        "give exactly one of templateRef and exec");
    if (hook.exec) check_exec(*hook.exec, hook_path + ".exec", problems);
    if (hook.timeout) check_timeout(*hook.timeout, hook_path + ".timeout", problems);
    bool may_quiesce = quiescing == Quiescing::allowed || !hook.exec || !hook.exec->quiesces();
    problems.add_unless(may_quiesce, hook_path + ".exec.undo",
                        "only hooks before a backup can hold an application still; remove it");
  }
}

void check_mover(const MoverSettings& settings, const std::string& path, Problems& problems) {
  auto memory = settings.resources.limits.find("memory");
  if (memory != settings.resources.limits.end()) {
    auto bytes = parse_quantity(memory->second.text);
    problems.add_unless(bytes && *bytes >= least_mover_memory, path + ".resources.limits.memory",
                        "must be at least 128Mi");
  }
  for (std::size_t i = 0; i < settings.tolerations.size(); ++i) {
    const auto& toleration = settings.tolerations[i];
    bool exists = toleration.operation == TolerationOperator::exists;
    auto toleration_path = fmt::format("{}.tolerations[{}]", path, i);
    problems.add_unless(exists || !toleration.key.empty(), toleration_path + ".key",
                        "is required by operator Equal");
    problems.add_unless(!exists || toleration.value.empty(), toleration_path + ".value",
                        "must be empty with operator Exists");
  }
}

}  // namespace dmaas::api
