#include "cli/cluster/kind_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/kinds.hpp"

namespace dmaas::cli {
namespace {

/// The glossary's word for a kind where it is not the kind's own name.
struct Word {
  std::string_view kind;
  std::string_view one;
  std::string_view many;
};
constexpr std::array words{
    Word{"BackupStorage", "storage", "storages"},
    Word{"BackupConfiguration", "plan", "plans"},
    Word{"BackupSession", "session", "sessions"},
    Word{"Snapshot", "backup", "backups"},
    Word{"RestoreSession", "restore", "restores"},
    Word{"HookTemplate", "hook", "hooks"},
    Word{"BackupGrant", "grant", "grants"},
    Word{"BackupPolicy", "policy", "policies"},
    Word{"BackupVerifier", "verifier", "verifiers"},
    Word{"VerificationSession", "verification", "verifications"},
    Word{"CopySession", "copy", "copies"},
    Word{"RestoreConfiguration", "refill", "refills"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

const Word* word_of(const api::KindInfo& kind) {
  auto found = std::ranges::find(words, kind.kind, &Word::kind);
  return found == words.end() ? nullptr : &*found;
}

bool is_called(const api::KindInfo& kind, std::string_view name) {
  if (name == kind.plural || name == kind.short_name || name == lower(kind.kind)) return true;
  const auto* word = word_of(kind);
  return word != nullptr && (name == word->one || name == word->many);
}

}  // namespace

Result<const api::KindInfo*> find_kind(std::string_view word) {
  auto name = lower(word);
  auto ending = "." + std::string(api::group_name);
  if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  for (const auto* kind : api::all_kinds()) {
    if (is_called(*kind, name)) return kind;
  }
  return fail(ErrorCode::invalid_input, fmt::format("there is no kind '{}'; the kinds are: {}",
                                                    word, fmt::join(kind_words(), ", ")));
}

std::string singular_word(const api::KindInfo& kind) {
  const auto* word = word_of(kind);
  return word == nullptr ? lower(kind.kind) : std::string(word->one);
}

std::string plural_word(const api::KindInfo& kind) {
  const auto* word = word_of(kind);
  return word == nullptr ? kind.plural : std::string(word->many);
}

std::vector<std::string> kind_words() {
  std::vector<std::string> all;
  for (const auto* kind : api::all_kinds()) all.push_back(plural_word(*kind));
  return all;
}

Result<ObjectName> parse_object_name(const std::string& kind, const std::string& name) {
  auto slash = kind.find('/');
  if (slash == std::string::npos) return ObjectName{TRY(find_kind(kind)), name};
  if (!name.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("give KIND NAME or KIND/NAME, not both: '{}' and '{}'", kind, name));
  }
  return ObjectName{TRY(find_kind(kind.substr(0, slash))), kind.substr(slash + 1)};
}

}  // namespace dmaas::cli
