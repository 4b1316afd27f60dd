#include "engine/format/index_file.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>

#include "base/time_text.hpp"
#include "crypto/seal.hpp"

namespace dmaas::engine {

namespace {

namespace ondemand = simdjson::ondemand;

void append_blob(std::string& out, const PackedBlob& blob) {
  auto target = std::back_inserter(out);
  fmt::format_to(target, R"({{"id":"{}","type":"{}","offset":{},"length":{})", blob.handle.id.hex(),
                 blob.handle.type == BlobType::tree ? "tree" : "data", blob.offset, blob.length);
  if (blob.uncompressed_length != 0) {
    fmt::format_to(target, R"(,"uncompressed_length":{})", blob.uncompressed_length);
  }
  out += '}';
}

// simdjson's own errors come as exceptions and are caught in for_each_pack.

Result<std::uint32_t> read_u32(ondemand::value value) {
  const std::uint64_t number = value.get_uint64();
  if (number > UINT32_MAX) return fail(ErrorCode::corrupt, "an index holds a number out of range");
  return static_cast<std::uint32_t>(number);
}

Result<Digest> read_digest(ondemand::value value) {
  auto digest = parse_digest(std::string_view(value.get_string()));
  if (!digest) return fail(ErrorCode::corrupt, "an id in an index is not 64 hexadecimal digits");
  return *digest;
}

Result<BlobType> read_type(ondemand::value value) {
  const std::string_view name = value.get_string();
  if (name == "data") return BlobType::data;
  if (name == "tree") return BlobType::tree;
  return fail(ErrorCode::corrupt, "an index holds an unknown blob type");
}

Result<PackedBlob> read_blob(ondemand::object object) {
  PackedBlob blob;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    if (key == "id")
      blob.handle.id = BlobId{TRY(read_digest(field.value()))};
    else if (key == "type")
      blob.handle.type = TRY(read_type(field.value()));
    else if (key == "offset")
      blob.offset = TRY(read_u32(field.value()));
    else if (key == "length")
      blob.length = TRY(read_u32(field.value()));
    else if (key == "uncompressed_length")
      blob.uncompressed_length = TRY(read_u32(field.value()));
  }
  if (blob.length < crypto::seal_overhead_bytes || blob.offset > UINT32_MAX - blob.length) {
    return fail(ErrorCode::corrupt, "an index holds an impossible blob length");
  }
  return blob;
}

Result<IndexPack> read_pack(ondemand::object object) {
  IndexPack pack;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    if (key == "id") {
      pack.id = PackId{TRY(read_digest(field.value()))};
    } else if (key == "blobs") {
      for (ondemand::object blob : field.value().get_array()) {
        pack.blobs.push_back(TRY(read_blob(blob)));
      }
    } else if (key == "time") {
      // rustic also notes when a pack that stays was made; that is not a mark.
      auto time = parse_timestamp(std::string_view(field.value().get_string()));
      if (time) pack.marked_for_deletion = *time;
    }
  }
  return pack;
}

enum class PackList { kept, to_delete };

Result<> read_packs(ondemand::value value, PackList list,
                    const std::function<Result<>(IndexPack&&)>& each) {
  if (value.is_null()) return {};
  for (ondemand::object object : value.get_array()) {
    IndexPack pack = TRY(read_pack(object));
    if (list == PackList::kept)
      pack.marked_for_deletion.reset();
    else if (!pack.marked_for_deletion)
      pack.marked_for_deletion = Timestamp{};
    TRY(each(std::move(pack)));
  }
  return {};
}

}  // namespace

void IndexFileEncoder::add(const IndexPack& pack) {
  std::string& out = pack.marked_for_deletion ? packs_to_delete_ : packs_;
  if (!out.empty()) out += ',';
  auto target = std::back_inserter(out);
  fmt::format_to(target, R"({{"id":"{}",)", pack.id.hex());
  if (pack.marked_for_deletion) {
    fmt::format_to(target, R"("time":"{}",)", format_nanoseconds(*pack.marked_for_deletion));
  }
  out += "\"blobs\":[";
  for (const PackedBlob& blob : pack.blobs) {
    if (out.back() != '[') out += ',';
    append_blob(out, blob);
  }
  out += "]}";
  blob_count_ += pack.blobs.size();
}

std::string IndexFileEncoder::take_text() {
  std::string text = std::move(packs_);  // megabytes: not to be copied
  text.insert(0, "{\"packs\":[");
  text += ']';
  if (!packs_to_delete_.empty()) text += ",\"packs_to_delete\":[" + packs_to_delete_ + "]";
  text += '}';
  *this = {};
  return text;
}

Result<> for_each_pack(std::string json, const std::function<Result<>(IndexPack&&)>& each) {
  try {
    ondemand::parser parser{std::numeric_limits<std::uint32_t>::max()};
    // Room behind the text, which the parser reads over; no copy where there is some already.
    json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    ondemand::document document = parser.iterate(json);
    for (ondemand::field field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "packs") TRY(read_packs(field.value(), PackList::kept, each));
      if (key == "packs_to_delete") TRY(read_packs(field.value(), PackList::to_delete, each));
    }
    return {};
  } catch (const simdjson::simdjson_error& error) {
    return fail(ErrorCode::corrupt, fmt::format("an index is no valid JSON: {}", error.what()));
  }
}

}  // namespace dmaas::engine
