#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.hpp"
#include "base/result.hpp"

namespace dmaas::cli {

/// The kind that a person means: the words of docs ("plan", "backups"), kubectl's (plural,
/// singular, short name, any with ".dmaas.io"), in any case. Errors: invalid_input; the message
/// lists the words.
Result<const api::KindInfo*> find_kind(std::string_view word);

/// What docs and messages call objects of the kind: "plan", "backup"; and several of them.
std::string singular_word(const api::KindInfo& kind);
std::string plural_word(const api::KindInfo& kind);

/// One word for each kind, for help and completion.
std::vector<std::string> kind_words();

/// "KIND NAME" and "KIND/NAME" are the same. `name` is "" when none was given.
struct ObjectName {
  const api::KindInfo* kind = nullptr;
  std::string name{};
};
/// Errors: as find_kind; invalid_input (a name twice).
Result<ObjectName> parse_object_name(const std::string& kind, const std::string& name);

}  // namespace dmaas::cli
