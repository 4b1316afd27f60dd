#include "api/names.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/time_text.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::api {
namespace {

/// Lower-case letters, digits and '-', alphanumeric at both ends, at most `max_length` long.
std::string to_name(std::string_view text, std::size_t max_length) {
  std::string name;
  for (char c : text) {
    bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += kept ? c : '-';
    }
  }
  name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
  if (name.size() > max_length) name.resize(max_length);
  name.erase(name.find_last_not_of('-') + 1);
  return name.empty() ? "x" : name;
}

/// The first hexadecimal digits of SHA-256 over the parts, which are kept apart by zero bytes.
std::string hash_of(std::initializer_list<std::string_view> parts, std::size_t digits) {
  std::string joined;
  for (auto part : parts) joined.append(part).push_back('\0');
  return hex_of(crypto::sha256(bytes_of(joined))).substr(0, digits);
}

bool is_changed(std::string_view part, const std::string& name) {
  return part != name || part.find('-') != std::string_view::npos;
}

constexpr std::size_t plan_length = 30;
constexpr std::size_t run_length = 15;

std::int64_t unix_seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string time_name(std::string_view plan, std::string_view run, Timestamp scheduled) {
  return fmt::format("{}-{}-{}", to_name(plan, plan_length), to_name(run, run_length),
                     unix_seconds(scheduled));
}

std::string part_name(std::string_view purpose, const SessionPart& part) {
  return fmt::format("{}-{}-{}", purpose, to_name(part.component, 40),
                     hash_of({part.session_uid, part.component, part.storage, purpose,
                              std::to_string(part.attempt)},
                             8));
}

}  // namespace

std::string session_name(std::string_view plan, std::string_view plan_uid, std::string_view run,
                         Timestamp scheduled) {
  auto name = time_name(plan, run, scheduled);
  if (is_changed(plan, to_name(plan, plan_length)) || is_changed(run, to_name(run, run_length)))
    name += "-" + hash_of({plan_uid, run}, 5);
  return name;
}

std::string retry_name(std::string_view plan, std::string_view plan_uid, std::string_view run,
                       Timestamp scheduled, int attempt) {
  return time_name(plan, run, scheduled) + "-" +
         hash_of({plan_uid, run, std::to_string(attempt)}, 5);
}

std::string catch_up_name(std::string_view plan, std::string_view plan_uid,
                          std::string_view storage_namespace, std::string_view storage,
                          Timestamp time) {
  return fmt::format("{}-to-{}-{}-{}", to_name(plan, 25), to_name(storage, 15), unix_seconds(time),
                     hash_of({plan_uid, storage_namespace, storage}, 5));
}

std::string snapshot_name(std::string_view application, Timestamp time,
                          std::string_view repository_id, std::string_view session_uid) {
  return fmt::format("{}-{}-{}", to_name(application, 41), format_compact(time),
                     hash_of({repository_id, session_uid}, 5));
}

std::string volume_component(std::string_view plan_namespace, std::string_view claim_namespace,
                             std::string_view claim) {
  if (plan_namespace == claim_namespace) return fmt::format("volume/{}", claim);
  return fmt::format("volume/{}/{}", claim_namespace, claim);
}

std::string dump_component(std::string_view dump) {
  return fmt::format("dump/{}", dump);
}

std::string repository_name(std::string_view application, std::string_view storage_namespace,
                            std::string_view storage, std::string_view path) {
  return fmt::format("{}-{}-{}", to_name(application, 30), to_name(storage, 20),
                     hash_of({storage_namespace, storage, path}, 5));
}

std::string repository_secret_name(std::string_view storage_namespace, std::string_view storage,
                                   std::string_view path) {
  return "repository-" + hash_of({storage_namespace, storage, path}, 16);
}

std::string policy_plan_name(std::string_view policy, const PolicyTargetName& target) {
  return fmt::format("{}-{}-{}", to_name(target.name, 25), to_name(policy, 20),
                     hash_of({target.kind, target.namespace_name, target.name, policy}, 5));
}

std::string imposed_plan_name(std::string_view policy, const PolicyTargetName& target) {
  return fmt::format("{}-{}", to_name(target.namespace_name, 10), policy_plan_name(policy, target));
}

std::string target_name(std::string_view text) {
  return to_name(text, 63);
}

std::string mover_name(const SessionPart& part) {
  return part_name("mover", part);
}
std::string twin_name(const SessionPart& part) {
  return part_name("twin", part);
}
std::string fill_name(const SessionPart& part) {
  return part_name("fill", part);
}
std::string probe_name(const SessionPart& part) {
  return part_name("probe", part);
}

std::string standby_session_name(const StandbySessionName& name) {
  return fmt::format("{}-{}-{}", to_name(name.standby, 40), to_name(name.task, 10),
                     hash_of({name.standby_uid, std::to_string(name.number)}, 8));
}

std::string scratch_name(std::string_view session_uid) {
  return "dmaas-verify-" + hash_of({session_uid, "scratch"}, 12);
}

}  // namespace dmaas::api
