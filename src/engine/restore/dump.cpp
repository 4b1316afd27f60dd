#include "engine/restore/dump.hpp"

#include <vector>

namespace dmaas::engine {
namespace {

/// Blobs that follow each other in the file and, ascending, in one pack: they are fetched together.
struct Run {
  PackId pack;
  std::vector<PackedBlob> blobs;

  bool continues_with(const BlobLocation& location) const {
    return !blobs.empty() && pack == location.pack && blobs.back().offset < location.offset;
  }
};

}  // namespace

Result<> dump_file(Repository& repository, const Node& file, const storage::Sink& sink,
                   std::stop_token stop) {
  if (file.type != NodeType::file || !file.content)
    return fail(ErrorCode::invalid_input, file.name + " is no file; restore it instead");
  Run run;
  auto write_run = [&]() -> Result<> {
    if (run.blobs.empty()) return {};
    TRY(repository.load_blobs(
        run.pack, run.blobs, [&](const PackedBlob&, BytesView plain) { return sink(plain); },
        stop));
    run.blobs.clear();
    return {};
  };
  for (const BlobId& blob : *file.content) {
    auto location = repository.find_blob(data_blob(blob));
    if (!location)
      return fail(ErrorCode::not_found,
                  file.name + ": blob " + blob.short_hex() + " is not in the repository's index");
    if (!run.continues_with(*location)) TRY(write_run());
    run.pack = location->pack;
    run.blobs.push_back(
        {data_blob(blob), location->offset, location->length, location->uncompressed_length});
  }
  return write_run();
}

}  // namespace dmaas::engine
