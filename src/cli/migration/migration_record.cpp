#include "cli/migration/migration_record.hpp"

#include "api/labels.hpp"
#include "base/describe.hpp"
#include "kube/object/object.hpp"

DMAAS_DESCRIBE(dmaas::cli::MigrationRecord);

namespace dmaas::cli {

Result<std::optional<MigrationRecord>> migration_of(const Json& plan) {
  auto text = kube::annotation_of(plan, api::annotation::migration);
  if (text.empty()) return std::optional<MigrationRecord>();
  auto document = TRY(parse_json(text).context("annotation dmaas.io/migration of the plan"));
  return std::optional(
      TRY(from_json<MigrationRecord>(document, "annotation dmaas.io/migration of the plan")));
}

Result<Json> migration_patch(const Json& plan, const MigrationRecord& record) {
  auto text = to_canonical_text(to_json(record));
  JsonObject metadata{{"resourceVersion", kube::resource_version_of(plan)},
                      {"annotations", JsonObject{{api::annotation::migration, std::move(text)}}}};
  Json patch = JsonObject{{"metadata", std::move(metadata)}};
  auto before = TRY(migration_of(plan));
  bool was_stopping = before && before->is_stopping;
  // A schedule would back up an application without pods.
  if (record.is_stopping && !was_stopping) ensure_object(patch, "spec")["paused"] = true;
  if (!record.is_stopping && was_stopping)
    ensure_object(patch, "spec")["paused"] = before->was_paused;
  return patch;
}

Json forget_migration_patch() {
  return JsonObject{
      {"metadata", {{"annotations", JsonObject{{api::annotation::migration, nullptr}}}}}};
}

}  // namespace dmaas::cli
