#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fields.hpp"

namespace dmaas::applications {

/// A Secret that the application needs and the backup does not hold.
struct LeftOutSecret {
  std::string namespace_name{};
  std::string name{};

  static void fields(auto& self, auto&& field) {
    field("namespace", self.namespace_name, "Namespace of the Secret.", rule::required);
    field("name", self.name, "Name of the Secret.", rule::required);
  }
};

/// A place in a stored object where the value of a Secret stood.
struct LeftOutValue {
  std::string object{};
  std::string field_path{};
  std::string secret{};
  std::string key{};

  static void fields(auto& self, auto&& field) {
    field("object", self.object, "Kind namespace/name of the object.", rule::required);
    field("field", self.field_path, "Path of the field, such as data.DSN.", rule::required);
    field("secret", self.secret, "The Secret, as namespace/name.", rule::required);
    field("key", self.key, "Key of its data.", rule::required);
  }
};

/// /left-out.json in the resources component: what a backup without Secrets leaves to a person.
/// Programs that do not know it ignore it.
struct LeftOutDocument {
  static constexpr std::string_view path = "/left-out.json";
  static constexpr std::size_t max_values = 10'000;

  std::vector<LeftOutSecret> secrets{};
  std::vector<LeftOutValue> values{};

  static void fields(auto& self, auto&& field) {
    field("secrets", self.secrets, "Secrets that the application needs.");
    field("values", self.values, "Where values of Secrets stood; the first 10,000.");
  }
};

}  // namespace dmaas::applications
