#include "api/kinds.hpp"

namespace dmaas::api {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Json described(std::string_view text, const Json& schema) {
  JsonObject object{{"description", text}};
  for (const auto& member : schema.get_object()) object.emplace(member.key(), member.value());
  return object;
}

Json schema_of_kind(const KindInfo& kind) {
  JsonObject properties{
      {"apiVersion", JsonObject{{"type", "string"}}},
      {"kind", JsonObject{{"type", "string"}}},
      {"metadata", JsonObject{{"type", "object"}}},
      {"spec", described("What is wanted.", schema_of(kind.spec()))},
      {"status", described("What was found; written by the controller.", schema_of(kind.status()))},
  };
  return JsonObject{{"description", kind.text},
                    {"type", "object"},
                    {"required", JsonArray{"spec"}},
                    {"properties", std::move(properties)}};
}

JsonArray columns_of(const KindInfo& kind) {
  JsonArray columns;
  for (const auto& column : kind.columns) {
    JsonObject json{{"name", column.name}, {"type", column.type}, {"jsonPath", column.path}};
    if (column.wide) json.emplace("priority", 1);
    columns.push_back(std::move(json));
  }
  return columns;
}

}  // namespace

std::vector<const KindInfo*> all_kinds() {
  return {&kind_info<BackupStorage>(),
          &kind_info<Repository>(),
          &kind_info<BackupConfiguration>(),
          &kind_info<BackupSession>(),
          &kind_info<Snapshot>(),
          &kind_info<RestoreSession>(),
          &kind_info<RetentionPolicy>(),
          &kind_info<HookTemplate>(),
          &kind_info<BackupGrant>(),
          &kind_info<BackupVerifier>(),
          &kind_info<VerificationSession>(),
          &kind_info<BackupPolicy>(),
          &kind_info<CopySession>(),
          &kind_info<Standby>(),
          &kind_info<RestoreConfiguration>()};
}

Json definition_of(const KindInfo& kind) {
  JsonObject names{{"kind", kind.kind},
                   {"listKind", kind.kind + "List"},
                   {"plural", kind.plural},
                   {"singular", lower(kind.kind)},
                   {"shortNames", JsonArray{kind.short_name}},
                   {"categories", JsonArray{"dmaas"}}};
  JsonObject served{{"name", version_name},
                    {"served", true},
                    {"storage", true},
                    {"subresources", JsonObject{{"status", JsonObject{}}}},
                    {"additionalPrinterColumns", columns_of(kind)},
                    {"schema", JsonObject{{"openAPIV3Schema", schema_of_kind(kind)}}}};
  return JsonObject{{"apiVersion", "apiextensions.k8s.io/v1"},
                    {"kind", "CustomResourceDefinition"},
                    {"metadata", JsonObject{{"name", kind.plural + "." + std::string(group_name)}}},
                    {"spec", JsonObject{{"group", group_name},
                                        {"scope", kind.is_namespaced() ? "Namespaced" : "Cluster"},
                                        {"names", std::move(names)},
                                        {"versions", JsonArray{std::move(served)}}}}};
}

}  // namespace dmaas::api
