#include "api/backup_document.hpp"

#include <fmt/format.h>

#include "api/names.hpp"
#include "base/describe.hpp"
#include "base/size_text.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupDocument);

namespace dmaas::api {
namespace {

SnapshotComponent shown(const DocumentComponent& component, std::string_view resources_id) {
  bool is_resources = component.kind == ComponentKind::resources;
  return {.name = component.name,
          .kind = component.kind,
          .snapshot_id = is_resources ? std::string(resources_id) : component.snapshot_id,
          .bytes = component.bytes,
          .bytes_added = component.bytes_added,
          .bytes_new = component.bytes_new,
          .files = component.files};
}

SnapshotStatus status_of(const BackupDocument& document, std::string_view resources_id) {
  SnapshotStatus status{.complete = true,
                        .cluster = ClusterIdentity{document.cluster.name, document.cluster.uid},
                        .application = document.application,
                        .plan = document.plan_namespace + "/" + document.plan,
                        .session = document.session,
                        .chain_position = document.chain_position,
                        .point_in_time = document.point_in_time,
                        .object_count = document.object_count};
  for (const auto& component : document.components) {
    status.components.push_back(shown(component, resources_id));
    status.total_bytes += component.bytes;
    status.added_bytes += component.bytes_added;
  }
  status.size = format_bytes(status.total_bytes);
  return status;
}

}  // namespace

std::string encode_backup_document(const BackupDocument& document) {
  return to_pretty_text(to_json(document));
}

Result<BackupDocument> decode_backup_document(std::string_view text) {
  auto corrupt = [](const Error& error) {
    return fail(ErrorCode::corrupt, "backup.json: " + error.message());
  };
  auto json = parse_json(text);
  if (!json) return corrupt(json.error());
  // Before anything else: a newer version may have changed what follows.
  auto version = number_at(*json, "formatVersion");
  if (version && *version > BackupDocument::newest_format) {
    return fail(
        ErrorCode::unsupported,
        fmt::format("the backup was made by a newer version (format {}, this one reads up to {}); "
                    "use dmaas {} "
                    "or newer",
                    *version, BackupDocument::newest_format, text_at(*json, "programVersion")));
  }
  auto document = from_json<BackupDocument>(*json, "", {.rules = DecodeOptions::Rules::check});
  if (!document) return corrupt(document.error());
  return document;
}

Snapshot snapshot_of(const BackupDocument& document, const kube::ObjectKey& repository,
                     std::string_view repository_id, std::string_view snapshot_id) {
  Snapshot snapshot;
  snapshot.metadata.namespace_name = repository.namespace_name;
  snapshot.metadata.name =
      snapshot_name(document.application.name, document.time, repository_id, document.session_uid);
  snapshot.spec = {.repository = {.name = repository.name},
                   .snapshot_id = std::string(snapshot_id),
                   .time = std::chrono::floor<std::chrono::seconds>(document.time),
                   .run = document.run,
                   .type = document.type};
  snapshot.status = status_of(document, snapshot_id);
  return snapshot;
}

}  // namespace dmaas::api
