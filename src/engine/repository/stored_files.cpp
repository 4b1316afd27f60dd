#include "engine/repository/stored_files.hpp"

#include "crypto/sha256.hpp"
#include "engine/format/compression.hpp"

namespace dmaas::engine {

namespace {

std::string_view directory_of(FileKind kind) {
  switch (kind) {
    case FileKind::index:
      return "index";
    case FileKind::snapshot:
      return "snapshots";
    case FileKind::lock:
      return "locks";
    case FileKind::key:
      return "keys";
  }
  return "";
}

}  // namespace

std::string object_name(const PackId& pack) {
  const std::string hex = pack.hex();
  return "data/" + hex.substr(0, 2) + "/" + hex;
}

std::string object_name(FileKind kind, const Digest& id) {
  return std::string(directory_of(kind)) + "/" + hex_of(id);
}

Result<> StoredFiles::list(FileKind kind, const std::function<Result<>(const StoredFile&)>& each,
                           std::stop_token stop) const {
  auto with_id = [&](const storage::ObjectInfo& info) -> Result<> {
    const std::string_view name = info.name;
    auto id = parse_digest(name.substr(name.rfind('/') + 1));
    if (!id) return {};
    return each({*id, info.size});
  };
  return store_.list(directory_of(kind), with_id, stop);
}

Result<std::string> StoredFiles::load(FileKind kind, const Digest& id, std::stop_token stop) const {
  const std::string name = object_name(kind, id);
  Bytes stored = TRY(store_.load_all(name, stop));
  if (crypto::sha256(stored) != id) {
    return fail(ErrorCode::corrupt, name + ": the content does not hash to the name");
  }
  if (kind == FileKind::key) return std::string(text_of(stored));
  const Bytes plain = TRY(crypto::Sealer(key_).open(stored).context(name));
  stored = {};  // index files are large
  return decode_unpacked(plain).context(name);
}

Result<Digest> StoredFiles::save(FileKind kind, std::string_view json, std::stop_token stop) const {
  const Bytes stored = kind == FileKind::key
                           ? copy_of(bytes_of(json))
                           : crypto::Sealer(key_).seal(encode_unpacked(json, version_));
  const Digest id = crypto::sha256(stored);
  TRY(store_.save_bytes(object_name(kind, id), stored, {.sha256 = id}, stop));
  return id;
}

Result<> StoredFiles::remove(FileKind kind, const Digest& id, std::stop_token stop) const {
  return store_.remove(object_name(kind, id), stop);
}

}  // namespace dmaas::engine
