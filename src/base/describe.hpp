#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <type_traits>

#include "base/clock.hpp"
#include "base/fields.hpp"

/// The template half of base/fields.hpp: included only by the .cpp files that say DMAAS_DESCRIBE.
namespace dmaas {

/// Receives the calls of `T::fields` for one fresh T.
class FieldCollector {
public:
  FieldCollector(TypeDescription& type, const void* self) : type_(type), self_(self) {}

  template <class Member, class... Rules>
  void operator()(std::string_view name, Member& member, std::string_view text,
                  const Rules&... rules) {
    add(name, description_of<Member>(), &member, text, {rules...});
  }
  /// CEL over several fields of the struct.
  void rule(std::string_view expression, std::string_view message) {
    type_.rules.push_back(rule::cel(expression, message));
  }

private:
  void add(std::string_view name, const TypeDescription& type, const void* member,
           std::string_view text, std::vector<FieldRule> rules);

  TypeDescription& type_;
  const void* self_;
};

template <class T>
struct Describe {
  static void fill(TypeDescription& type) {
    type.kind = TypeDescription::Kind::object;
    T fresh{};
    T::fields(fresh, FieldCollector{type, &fresh});
  }
};

template <TypeDescription::Kind kind>
struct DescribeLeaf {
  static void fill(TypeDescription& type) { type.kind = kind; }
};
template <>
struct Describe<std::string> : DescribeLeaf<TypeDescription::Kind::text> {};
template <>
struct Describe<bool> : DescribeLeaf<TypeDescription::Kind::boolean> {};
template <>
struct Describe<std::int32_t> : DescribeLeaf<TypeDescription::Kind::int32> {};
template <>
struct Describe<std::int64_t> : DescribeLeaf<TypeDescription::Kind::int64> {};
template <>
struct Describe<double> : DescribeLeaf<TypeDescription::Kind::number> {};
template <>
struct Describe<std::chrono::nanoseconds> : DescribeLeaf<TypeDescription::Kind::duration> {};
template <>
struct Describe<Timestamp> : DescribeLeaf<TypeDescription::Kind::timestamp> {};
template <>
struct Describe<Quantity> : DescribeLeaf<TypeDescription::Kind::quantity> {};
template <>
struct Describe<Json> : DescribeLeaf<TypeDescription::Kind::any> {};
template <>
struct Describe<JsonObject> : DescribeLeaf<TypeDescription::Kind::free_object> {};

template <class E>
  requires std::is_enum_v<E>
struct Describe<E> {
  static void fill(TypeDescription& type) {
    type.kind = TypeDescription::Kind::enumeration;
    static constexpr auto names = names_of(E{});
    type.names.assign(names.begin(), names.end());
    type.get_enumerator = [](const void* value) {
      return static_cast<std::size_t>(*static_cast<const E*>(value));
    };
    type.set_enumerator = [](void* value, std::size_t index) {
      *static_cast<E*>(value) = static_cast<E>(index);
    };
  }
};

template <class T>
struct Describe<std::optional<T>> {
  using Container = std::optional<T>;
  static void fill(TypeDescription& type) {
    type.kind = TypeDescription::Kind::optional;
    type.item = &description_of<T>();
    type.visit = [](const void* container, const TypeDescription::Visit& visit) {
      const auto& value = *static_cast<const Container*>(container);
      if (value) visit({}, &*value);
    };
    type.add = [](void* container, std::string_view) -> void* {
      return &static_cast<Container*>(container)->emplace();
    };
    type.clear = [](void* container) { static_cast<Container*>(container)->reset(); };
  }
};

template <class T>
struct Describe<std::vector<T>> {
  using Container = std::vector<T>;
  static void fill(TypeDescription& type) {
    type.kind = TypeDescription::Kind::list;
    type.item = &description_of<T>();
    type.visit = [](const void* container, const TypeDescription::Visit& visit) {
      for (const auto& item : *static_cast<const Container*>(container)) visit({}, &item);
    };
    type.add = [](void* container, std::string_view) -> void* {
      return &static_cast<Container*>(container)->emplace_back();
    };
    type.clear = [](void* container) { static_cast<Container*>(container)->clear(); };
  }
};

template <class T>
struct Describe<std::map<std::string, T>> {
  using Container = std::map<std::string, T>;
  static void fill(TypeDescription& type) {
    type.kind = TypeDescription::Kind::map;
    type.item = &description_of<T>();
    type.visit = [](const void* container, const TypeDescription::Visit& visit) {
      for (const auto& [key, item] : *static_cast<const Container*>(container)) visit(key, &item);
    };
    type.add = [](void* container, std::string_view key) -> void* {
      return &(*static_cast<Container*>(container))[std::string(key)];
    };
    type.clear = [](void* container) { static_cast<Container*>(container)->clear(); };
  }
};

template <class T>
const TypeDescription& description_of() {
  static const TypeDescription description = [] {
    TypeDescription type;
    Describe<T>::fill(type);
    return type;
  }();
  return description;
}

}  // namespace dmaas

/// At namespace scope outside any namespace but dmaas; `Type` fully qualified.
#define DMAAS_DESCRIBE(Type) \
  template const ::dmaas::TypeDescription& ::dmaas::description_of<Type>()
