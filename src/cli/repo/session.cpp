#include "cli/repo/session.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/file.hpp"
#include "base/time_text.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

/// Reads a line from the terminal without showing it.
Result<std::string> ask(const char* prompt) {
  if (::isatty(STDIN_FILENO) != 1) {
    return fail(
        ErrorCode::invalid_input,
        "no password: give --password-file, or set RESTIC_PASSWORD or RESTIC_PASSWORD_FILE");
  }
  termios before{};
  ::tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::cerr << prompt << std::flush;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string password;
  std::getline(std::cin, password);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  if (password.empty()) return fail(ErrorCode::invalid_input, "the password is empty");
  return password;
}

Result<std::string> ask_twice() {
  auto password = TRY(ask("enter password for the repository: "));
  auto repeated = TRY(ask("enter it again: "));
  if (repeated != password) return fail(ErrorCode::invalid_input, "the passwords differ");
  return password;
}

/// "" when neither is given.
Result<std::string> given_location(const std::string& location, const std::string& file) {
  if (!location.empty() || file.empty()) return location;
  auto text = TRY(read_small_file(file));
  return without_line_end(std::move(text));
}

/// From the file, else from the environment; "" when neither is given.
Result<std::string> given_password(const std::string& file, const char* variable) {
  if (file.empty()) return environment(variable);
  auto text = TRY(read_small_file(file));
  auto password = without_line_end(std::move(text));
  if (password.empty()) return fail(ErrorCode::invalid_input, file + " holds no password");
  return password;
}

bool contains_all(const std::vector<std::string>& all, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const auto& value) { return std::ranges::find(all, value) != all.end(); });
}

}  // namespace

std::vector<std::string> split_commas(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      auto comma = std::min(rest.find(','), rest.size());
      if (comma > 0) parts.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return parts;
}

void add_repository_flags(CLI::App& command, RepositoryFlags& flags) {
  command
      .add_option("-r,--repo", flags.location,
                  "Repository: /path, s3:https://host/bucket/prefix, rest:https://host/path/")
      ->envname("RESTIC_REPOSITORY");
  command
      .add_option("--repository-file", flags.location_file, "File with the repository's location")
      ->envname("RESTIC_REPOSITORY_FILE");
  command.add_option("-p,--password-file", flags.password_file, "File with the password")
      ->envname("RESTIC_PASSWORD_FILE");
  command
      .add_option("--cacert", flags.ca_file, "File with certificates of authorities to trust, PEM")
      ->envname("RESTIC_CACERT");
  command.add_option("--connections", flags.connections,
                     "Calls to the storage at one time (default: 2 local, 5 others)");
  command.add_option("--retry-lock", flags.retry_lock, "Wait so long for a lock of somebody else")
      ->capture_default_str();
  command.add_flag("--no-lock", flags.no_lock,
                   "Take no lock; for reading from storage that cannot be written");
  command.add_flag("--json", flags.json, "Output for programs");
  command.add_flag("-q,--quiet", flags.quiet, "No progress and no summary");
}

void add_source_flags(CLI::App& command, SourceFlags& flags) {
  command.add_option("--from-repo", flags.location, "Repository to take from; it is only read")
      ->envname("RESTIC_FROM_REPOSITORY");
  command.add_option("--from-repository-file", flags.location_file, "File with its location")
      ->envname("RESTIC_FROM_REPOSITORY_FILE");
  command.add_option("--from-password-file", flags.password_file, "File with its password")
      ->envname("RESTIC_FROM_PASSWORD_FILE");
}

Result<std::string> repository_location(const RepositoryFlags& flags) {
  auto location = TRY(given_location(flags.location, flags.location_file));
  if (!location.empty()) return location;
  return fail(ErrorCode::invalid_input, "no repository: give -r or set RESTIC_REPOSITORY");
}

Result<storage::StorageOptions> storage_options(const RepositoryFlags& flags) {
  auto options = TRY(storage::storage_options_from_environment());
  options.connections = flags.connections;
  if (!flags.ca_file.empty()) options.ca_certificates = TRY(read_small_file(flags.ca_file));
  return options;
}

Result<engine::RepositoryOptions> repository_options(const RepositoryFlags& flags) {
  if (flags.pack_size_mib < 4 || flags.pack_size_mib > 128) {
    return fail(ErrorCode::invalid_input, "--pack-size is 4 to 128 (MiB)");
  }
  engine::RepositoryOptions options;
  options.pack_size_bytes = flags.pack_size_mib << 20;
  options.compression_level = flags.compression_level;
  return options;
}

Result<std::string> read_password(const RepositoryFlags& flags, AskPassword how) {
  auto given = TRY(given_password(flags.password_file, "RESTIC_PASSWORD"));
  if (!given.empty()) return given;
  return how == AskPassword::twice ? ask_twice() : ask("enter password for the repository: ");
}

Result<std::string> read_new_password(const std::string& file) {
  if (file.empty()) return ask_twice();
  auto text = TRY(read_small_file(file));
  return without_line_end(std::move(text));
}

namespace {

Result<Session> open_at(const std::string& location, const std::string& password,
                        const RepositoryFlags& flags, std::optional<engine::LockKind> lock,
                        std::stop_token stop) {
  Session session;
  auto storage = TRY(storage_options(flags));
  session.store = TRY(storage::open_storage(location, storage, system_clock()));
  auto options = TRY(repository_options(flags));
  session.repository =
      TRY(engine::Repository::open(*session.store, password, options, system_clock(), stop));
  if (lock && !flags.no_lock) {
    auto wait = TRY(parse_duration(flags.retry_lock).context("--retry-lock"));
    session.lock = TRY(session.repository->lock(*lock, wait, stop));
  }
  return session;
}

}  // namespace

Result<Session> open_session(const RepositoryFlags& flags, std::optional<engine::LockKind> lock,
                             std::stop_token stop) {
  auto location = TRY(repository_location(flags));
  auto password = TRY(read_password(flags, AskPassword::once));
  return open_at(location, password, flags, lock, std::move(stop));
}

Result<Session> open_source_session(const SourceFlags& source, const RepositoryFlags& flags,
                                    std::optional<engine::LockKind> lock, std::stop_token stop) {
  auto location = TRY(given_location(source.location, source.location_file));
  if (location.empty()) {
    return fail(ErrorCode::invalid_input,
                "no repository to take from: give --from-repo or set RESTIC_FROM_REPOSITORY");
  }
  auto password = TRY(given_password(source.password_file, "RESTIC_FROM_PASSWORD"));
  if (password.empty()) password = TRY(ask("enter password for the source repository: "));
  return open_at(location, password, flags, lock, std::move(stop))
      .context("repository to take from");
}

void add_filter_flags(CLI::App& command, SnapshotFilter& filter) {
  command.add_option("-H,--host", filter.hosts, "Only snapshots of this host (repeatable)");
  command.add_option("--tag", filter.tags,
                     "Only snapshots with these tags: a,b (repeatable: any of them)");
  command.add_option("--path", filter.paths, "Only snapshots that include this path (repeatable)");
}

bool SnapshotFilter::matches(const engine::Snapshot& snapshot) const {
  if (!hosts.empty() && std::ranges::find(hosts, snapshot.hostname) == hosts.end()) return false;
  if (!contains_all(snapshot.paths, paths)) return false;
  return tags.empty() || std::ranges::any_of(tags, [&](const auto& list) {
           return contains_all(snapshot.tags, split_commas({list}));
         });
}

Result<std::vector<engine::StoredSnapshot>> select_snapshots(engine::Repository& repository,
                                                             const SnapshotFilter& filter,
                                                             std::stop_token stop) {
  std::vector<engine::StoredSnapshot> selected;
  if (!filter.ids.empty()) {
    for (const auto& id : filter.ids)
      selected.push_back(TRY(select_snapshot(repository, id, filter, stop)));
    return selected;
  }
  for (auto& stored : TRY(repository.load_snapshots(stop))) {
    if (filter.matches(stored.snapshot)) selected.push_back(std::move(stored));
  }
  return selected;
}

Result<engine::StoredSnapshot> select_snapshot(engine::Repository& repository,
                                               const std::string& id, const SnapshotFilter& filter,
                                               std::stop_token stop) {
  if (id != "latest") {
    auto found = TRY(repository.find_snapshot(id, stop));
    auto snapshot = TRY(repository.load_snapshot(found, stop));
    return engine::StoredSnapshot{found, std::move(snapshot)};
  }
  auto snapshots = TRY(repository.load_snapshots(stop));
  auto newest = std::ranges::find_if(snapshots.rbegin(), snapshots.rend(), [&](const auto& stored) {
    return filter.matches(stored.snapshot);
  });
  if (newest == snapshots.rend()) return fail(ErrorCode::not_found, "no snapshot matches");
  return std::move(*newest);
}

Json snapshot_json(const engine::StoredSnapshot& stored) {
  // The file's own form, and the ids that only its name tells.
  auto json = parse_json(engine::encode_snapshot(stored.snapshot));
  Json document = json ? *json : Json(JsonObject{});
  auto& object = document.as_object();
  object["id"] = stored.id.hex();
  object["short_id"] = stored.id.short_hex();
  return document;
}

Json node_json(const std::string& path, const engine::Node& node) {
  JsonObject object{{"name", node.name},
                    {"type", name_of(node.type)},
                    {"path", path},
                    {"uid", node.uid},
                    {"gid", node.gid},
                    {"mode", node.mode},
                    {"permissions", fmt::format("{:04o}", engine::permissions_of(node.mode))},
                    {"mtime", format_nanoseconds(node.mtime.timestamp())}};
  if (node.type == engine::NodeType::file) object["size"] = node.size;
  if (!node.link_target.empty()) object["linktarget"] = node.link_target;
  return object;
}

}  // namespace dmaas::cli
