#include "applications/secrecy/secret_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "applications/json_walk.hpp"
#include "base/encoding.hpp"

namespace dmaas::applications {
namespace {

constexpr std::size_t key_bytes = 4;
/// Fields that name things, wherever they stand.
constexpr std::array<std::string_view, 10> naming_fields = {
    "apiVersion", "kind",        "name",  "namespace",       "labels",
    "selector",   "matchLabels", "image", "ownerReferences", "managedFields"};

std::uint32_t first_bytes(std::string_view text) {
  std::uint32_t key = 0;
  std::memcpy(&key, text.data(), key_bytes);
  return key;
}

std::string within_json(std::string_view value) {
  auto quoted = to_text(Json(value));
  return quoted.substr(1, quoted.size() - 2);
}

/// The characters of base64 that stand for `value` alone, however many bytes come before and after
/// it in the text that is encoded.
std::string encoded_part(std::string_view value, std::size_t bytes_before) {
  constexpr std::array<std::size_t, 3> shared_with_what_comes_before = {0, 2, 3};
  auto encoded = base64_encode(bytes_of(std::string(bytes_before, '\0') + std::string(value)));
  const bool shares_its_end = (bytes_before + value.size()) % 3 != 0;
  std::erase(encoded, '=');
  if (shares_its_end) encoded.pop_back();
  return encoded.substr(std::min(encoded.size(), shared_with_what_comes_before[bytes_before]));
}

std::string_view without_line_end(std::string_view value) {
  const auto last = value.find_last_not_of("\r\n");
  return last == value.npos ? std::string_view() : value.substr(0, last + 1);
}

}  // namespace

void SecretValues::learn(const Json& secret) {
  if (kube::kind_of(secret) != "Secret") return;
  const auto learn_field = [&](std::string_view key, std::string_view value) {
    origins_.push_back({kube::key_of(secret), std::string(key)});
    learn_value(value, origins_.size() - 1);
  };
  if (const Json* data = find(secret, "data"); data != nullptr && data->is_object()) {
    for (const auto& [key, value] : data->get_object()) {
      if (!value.is_string()) continue;
      const auto plain = base64_decode(std::string_view(value.get_string()));
      if (plain) learn_field(key, dmaas::text_of(*plain));
    }
  }
}

void SecretValues::learn_value(std::string_view value, std::size_t origin) {
  const auto trimmed = without_line_end(value);
  const bool is_open = std::ranges::any_of(
      open_names_, [&](const std::string& name) { return name.find(trimmed) != name.npos; });
  if (trimmed.size() < min_length || is_open) return;
  const bool is_whole = trimmed.size() < min_length_within;
  const auto escaped = within_json(trimmed);
  add({std::string(trimmed), Form::plain, is_whole, origin});
  add({escaped, Form::plain, is_whole, origin});
  add({within_json(escaped), Form::plain, is_whole, origin});
  add({base64_encode(bytes_of(trimmed)), Form::encoded, is_whole, origin});
  if (is_whole) return;
  for (std::size_t bytes_before : {0, 1, 2})
    add({encoded_part(trimmed, bytes_before), Form::encoded, false, origin});
}

void SecretValues::add(Needle needle) {
  auto& bucket = needles_[first_bytes(needle.text)];
  auto is_known = [&](const Needle& known) { return known.text == needle.text; };
  if (std::ranges::any_of(bucket, is_known)) return;
  auto at = std::ranges::find_if(
      bucket, [&](const Needle& other) { return other.text.size() < needle.text.size(); });
  bucket.insert(at, std::move(needle));
}

const SecretValues::Needle* SecretValues::match(std::string_view text, std::size_t position) const {
  const auto rest = text.substr(position);
  if (rest.size() < key_bytes) return nullptr;
  const auto bucket = needles_.find(first_bytes(rest));
  if (bucket == needles_.end()) return nullptr;
  const auto found = std::ranges::find_if(bucket->second, [&](const Needle& needle) {
    return needle.is_whole ? text == needle.text : rest.starts_with(needle.text);
  });
  return found == bucket->second.end() ? nullptr : &*found;
}

/// One pass over an object.
class SecretValues::Walk {
public:
  explicit Walk(const SecretValues& values) : values_(values) {}

  void visit(Json& json, const std::string& field) {
    if (json.is_string()) {
      clean(json, field);
    } else if (json.is_array()) {
      std::size_t i = 0;
      for (auto& item : json.get_array()) visit(item, fmt::format("{}[{}]", field, i++));
    } else if (json.is_object()) {
      visit_members(json.get_object(), field);
    }
  }

  std::vector<RemovedValue> take_removed() { return std::move(removed_); }

private:
  void visit_members(JsonObject& object, const std::string& field) {
    for (auto& member : object) {
      const std::string_view key = member.key();
      // In a map of a person's making, such as the data of a ConfigMap, these are keys like others.
      const bool names_something = field != "data" && field != "binaryData" &&
                                   std::ranges::find(naming_fields, key) != naming_fields.end();
      if (names_something) continue;
      visit(member.value(), field.empty() ? std::string(key) : fmt::format("{}.{}", field, key));
    }
  }

  void clean(Json& json, const std::string& field) {
    const std::string_view text = json.get_string();
    std::string cleaned;
    std::size_t kept_from = 0;
    for (std::size_t i = 0; i < text.size();) {
      const Needle* needle = values_.match(text, i);
      if (needle == nullptr) {
        ++i;
        continue;
      }
      cleaned.append(text.substr(kept_from, i - kept_from));
      cleaned.append(replacement(*needle));
      note(field, *needle);
      kept_from = i += needle->text.size();
    }
    if (kept_from == 0) return;
    cleaned.append(text.substr(kept_from));
    json = cleaned;
  }

  static std::string replacement(const Needle& needle) {
    if (needle.form == Form::plain) return std::string(marker);
    auto text = needle.text;
    for (char& c : text) {
      if (c != '=') c = 'A';
    }
    return text;
  }

  void note(const std::string& field, const Needle& needle) {
    const Origin& origin = values_.origins_[needle.origin];
    RemovedValue removed{field, origin.secret, origin.key};
    if (std::ranges::find(removed_, removed) == removed_.end())
      removed_.push_back(std::move(removed));
  }

  const SecretValues& values_;
  std::vector<RemovedValue> removed_;
};

std::vector<RemovedValue> SecretValues::remove_from(Json& object) const {
  if (empty()) return {};
  Walk walk(*this);
  if (Json* annotations = at(&object, "metadata", "annotations"))
    walk.visit(*annotations, "metadata.annotations");
  for (auto& member : object.as_object()) {
    if (member.key() != "metadata" && member.key() != "apiVersion" && member.key() != "kind")
      walk.visit(member.value(), std::string(member.key()));
  }
  return walk.take_removed();
}

}  // namespace dmaas::applications
