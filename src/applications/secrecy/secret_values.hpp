#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {

/// A place in an object that held the value of a Secret.
struct RemovedValue {
  std::string field{};  // path, such as data.DSN or spec.containers[0].args[2]
  kube::ObjectKey secret{};
  std::string key{};  // of the Secret's data
  bool operator==(const RemovedValue&) const = default;
};

/// The values of Secrets, to keep them out of everything else that is stored: plain, within JSON
/// text, and in base64, alone or as a part of an encoded text. Thread-safe once it knows them all.
///
/// Names are not searched: metadata, keys of maps, selectors and images say openly what they say.
/// Of metadata the annotations are searched. A value that is part of an object's name, such as the
/// user wordpress, is no secret.
class SecretValues {
public:
  /// Shorter values, such as "1" or "yes", stand everywhere and are not looked for.
  static constexpr std::size_t min_length = 5;
  /// From this length on they are found within longer texts too.
  static constexpr std::size_t min_length_within = 8;
  /// What comes in place of a value. In encoded text it is as many 'A' as there were characters, so
  /// that what reads it still can.
  static constexpr std::string_view marker = "left-out-by-dmaas";

  /// Objects that are stored bear these names. Call it before `learn`.
  void spare(std::string open_name) { open_names_.push_back(std::move(open_name)); }
  /// Takes the values of a Secret; other objects are ignored.
  void learn(const Json& secret);
  bool empty() const { return origins_.empty(); }

  /// Takes the values out of `object` and says where they were, each place once.
  std::vector<RemovedValue> remove_from(Json& object) const;

private:
  struct Origin {
    kube::ObjectKey secret{};
    std::string key{};
  };
  enum class Form : std::uint8_t { plain, encoded };
  struct Needle {
    std::string text{};
    Form form = Form::plain;
    bool is_whole = false;  // found only where it is all of a text
    std::size_t origin = 0;
  };
  class Walk;

  void learn_value(std::string_view value, std::size_t origin);
  void add(Needle needle);
  /// The longest value that begins at `position`, or null.
  const Needle* match(std::string_view text, std::size_t position) const;

  std::vector<std::string> open_names_;
  std::vector<Origin> origins_;
  std::unordered_map<std::uint32_t, std::vector<Needle>> needles_;  // by their first four bytes
};

}  // namespace dmaas::applications
