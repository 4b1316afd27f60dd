#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fields.hpp"
#include "kube/object/object.hpp"
#include "kube/object/object_key.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::api {

inline constexpr std::string_view group_name = "dmaas.io";
inline constexpr std::string_view version_name = "v1alpha1";

struct Metadata {
  std::string name{};
  std::string namespace_name{};
  std::string uid{};
  std::string resource_version{};
  std::int64_t generation = 0;
  std::optional<Timestamp> creation_time{};
  std::optional<Timestamp> deletion_time{};
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> annotations{};
  std::vector<std::string> finalizers{};
  std::vector<kube::OwnerReference> owner_references{};

  kube::ObjectKey key() const { return {namespace_name, name}; }
};

struct PrinterColumn {
  std::string name{};
  std::string path{};  // JSON path, such as .status.phase
  std::string type = "string";
  bool wide = false;  // only with -o wide
};

enum class KindScope { in_namespaces, cluster };

/// What the API server is told about a kind beside its schema.
struct KindInfo {
  std::string kind{};
  std::string plural{};
  std::string short_name{};
  std::string text{};  // one sentence for people
  std::vector<PrinterColumn> columns{};
  const TypeDescription& (*spec)() = nullptr;
  const TypeDescription& (*status)() = nullptr;
  KindScope scope = KindScope::in_namespaces;

  bool is_namespaced() const { return scope == KindScope::in_namespaces; }
  kube::Resource resource() const;
};

/// One custom resource. All kinds of this group have the status subresource.
template <class SpecType, class StatusType>
struct Object {
  using Spec = SpecType;
  using Status = StatusType;

  Metadata metadata{};
  Spec spec{};
  Status status{};
  /// The document this was decoded from: encoding keeps the fields that this version does not know.
  Json source{};
};

/// Specialised for every kind in its own .cpp.
template <class Kind>
const KindInfo& kind_info();

/// Never fails: what is absent or of another type reads as empty.
Metadata decode_metadata(const Json& document);
/// Errors: invalid_input, every problem with its path and remedy.
Result<> decode_parts(const KindInfo& kind, const Json& document, void* spec, void* status);
Json encode_parts(const KindInfo& kind, const Metadata& metadata, const void* spec,
                  const void* status, const Json& source);

/// The typed view of an object. Spec rules are checked as the schema states them; the status is
/// taken as it is found. Errors: invalid_input.
template <class Kind>
Result<Kind> decode(const Json& document) {
  Kind object;
  TRY(decode_parts(kind_info<Kind>(), document, &object.spec, &object.status));
  object.metadata = decode_metadata(document);
  object.source = document;
  return object;
}

/// The whole document: {apiVersion, kind, metadata, spec, status}; an empty status is left out.
template <class Kind>
Json encode(const Kind& object) {
  return encode_parts(kind_info<Kind>(), object.metadata, &object.spec, &object.status,
                      object.source);
}

/// {apiVersion, kind, metadata: {namespace, name}, status}: what a status write sends.
template <class Kind>
Json encode_status(const Kind& object) {
  auto document = kube::make_object(kind_info<Kind>().resource(), object.metadata.key());
  document.as_object()["status"] = to_json(object.status);
  return document;
}

/// A reference to `object` as owner of others in its namespace.
template <class Kind>
kube::OwnerReference owner_reference_to(const Kind& object) {
  const auto& kind = kind_info<Kind>();
  return {.api_version = kind.resource().api_version(),
          .kind = kind.kind,
          .name = object.metadata.name,
          .uid = object.metadata.uid,
          .controller = true,
          .block_owner_deletion = true};
}

}  // namespace dmaas::api
