// dmaas logs
#include <fmt/format.h>

#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "api/labels.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/events.hpp"
#include "cli/cluster/find_session.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::milliseconds look_period{300};
/// What a mover still says once its session is over.
constexpr std::chrono::seconds last_words{5};

struct LogFlags {
  ClusterFlags cluster;
  std::string session;
  bool follow = false;
};

/// Logs of several pods at once, line by line. Destroying it ends them.
class LogPrinter {
public:
  explicit LogPrinter(kube::Client& client) : client_(client) {}

  /// The controller's events that were not shown yet.
  void show_events(const std::vector<Json>& events) {
    for (const auto& event : events) {
      // A series counts up in one event: it is shown again.
      auto count = number_at(event, "series", "count").value_or(1);
      if (!shown_.insert(kube::uid_of(event) + "/" + std::to_string(count)).second) continue;
      auto times = count > 1 ? fmt::format(" ({} times)", count) : std::string();
      show("controller", fmt::format("{} {}: {}{}", text_at(event, "type"),
                                     text_at(event, "reason"), text_at(event, "note"), times));
    }
  }

  /// Starts to show a pod that runs or has run; each once.
  void add(const Json& pod, kube::LogOptions::Follow follow) {
    if (text_at(pod, "status", "phase") == "Pending" || !shown_.insert(kube::uid_of(pod)).second)
      return;
    auto component = kube::annotation_of(pod, api::annotation::component);
    if (component.empty()) component = kube::label_of(pod, api::label::component);
    threads_.emplace_back([this, key = kube::key_of(pod), component, follow](std::stop_token stop) {
      read(key, component, follow, std::move(stop));
    });
  }

  /// Until every pod has said all; not for those that are followed.
  void wait() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

private:
  void read(const kube::ObjectKey& pod, const std::string& component,
            kube::LogOptions::Follow follow, std::stop_token stop) {
    std::string rest;
    auto sink = [&](BytesView piece) -> Result<> {
      rest += text_of(piece);
      std::size_t end = 0;
      while ((end = rest.find('\n')) != std::string::npos) {
        show(component, rest.substr(0, end));
        rest.erase(0, end + 1);
      }
      return {};
    };
    auto done = client_.logs(pod, {.follow = follow}, sink, stop);
    if (!rest.empty()) show(component, rest);
    bool is_news = !done && done.code() != ErrorCode::cancelled;
    if (is_news) show(component, done.error().message());
  }

  void show(const std::string& origin, const std::string& line) {
    std::lock_guard lock{mutex_};
    print_line(fmt::format("[{}] {}", origin, line));
  }

  kube::Client& client_;
  std::mutex mutex_;
  std::set<std::string> shown_;
  std::list<std::jthread> threads_;
};

/// The session's movers, as far as the person may see them.
std::vector<Json> movers_of(kube::Client& client, const Json& session, std::stop_token stop) {
  kube::ListOptions options{
      .label_selector = fmt::format("{}={}", api::label::session_uid, kube::uid_of(session))};
  auto pods = kube::list_all(client, kube::resources::pods(), options, stop);
  if (pods) return std::move(*pods);
  options.namespace_name = kube::namespace_of(session);
  pods = kube::list_all(client, kube::resources::pods(), options, stop);
  return pods ? std::move(*pods) : std::vector<Json>{};
}

Result<ExitCode> show_once(const Connection& connection, const FoundSession& session,
                           std::stop_token stop) {
  auto& client = *connection.client;
  LogPrinter printer{client};
  printer.show_events(events_of(client, session.object, stop));
  auto pods = movers_of(client, session.object, stop);
  for (const auto& pod : pods) printer.add(pod, kube::LogOptions::Follow::no);
  printer.wait();
  if (!pods.empty()) return ExitCode::success;
  auto phase = final_phase_of(session);
  print_note(phase.empty() ? "no mover runs now"
                           : fmt::format("the session is over ({}) and its movers are gone; 'dmaas "
                                         "describe session' tells what they did",
                                         phase));
  return ExitCode::success;
}

Result<ExitCode> show_on(const Connection& connection, FoundSession session, std::stop_token stop) {
  auto& client = *connection.client;
  LogPrinter printer{client};
  auto key = kube::key_of(session.object);
  while (true) {
    for (const auto& pod : movers_of(client, session.object, stop))
      printer.add(pod, kube::LogOptions::Follow::yes);
    printer.show_events(events_of(client, session.object, stop));
    if (!final_phase_of(session).empty()) break;
    if (!system_clock().sleep(look_period, stop)) return ExitCode::interrupted;
    auto now = client.get(session.kind->resource(), key, stop);
    if (now.failed_with(ErrorCode::not_found)) break;
    if (now) session.object = std::move(*now);
  }
  system_clock().sleep(last_words, stop);
  printer.show_events(events_of(client, session.object, stop));
  return ExitCode::success;
}

Result<ExitCode> run_logs(const Connection& connection, const LogFlags& flags,
                          std::stop_token stop) {
  auto session = TRY(find_session(connection, flags.session, stop));
  if (flags.follow) return show_on(connection, std::move(session), stop);
  return show_once(connection, session, stop);
}

}  // namespace

void add_logs_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<LogFlags>();
  auto* command = app.add_subcommand(
      "logs", "Print what the movers of a session log, and the controller's events of it");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("session", flags->session, "The session of a backup, restore or verification")
      ->required()
      ->type_name("SESSION");
  command->add_flag("-f,--follow", flags->follow, "Go on until the session is over");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_logs(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
