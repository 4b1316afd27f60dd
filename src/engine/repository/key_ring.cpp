#include "engine/repository/key_ring.hpp"

#include <fmt/format.h>

#include <vector>

#include "crypto/sha256.hpp"
#include "engine/repository/stored_files.hpp"

namespace dmaas::engine {

namespace {

// Each try costs a key derivation; nobody has so many keys.
constexpr std::size_t max_key_files = 64;
constexpr std::uint64_t max_key_file_bytes = 64 << 10;
constexpr std::uint64_t max_config_bytes = 1 << 20;

Result<Bytes> load_sealed_config(storage::ObjectStore& store, std::stop_token stop) {
  auto sealed = store.load_all(config_name, stop, max_config_bytes);
  if (sealed.failed_with(ErrorCode::not_found)) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no repository at {}; make one with `init`, or correct the "
                            "location",
                            store.location()));
  }
  return sealed;
}

Result<Config> open_config(BytesView sealed, const MasterKey& key) {
  auto json = crypto::Sealer(key).open(sealed);
  if (!json) return fail(ErrorCode::wrong_key, "the key does not open this repository's config");
  return decode_config(text_of(*json));
}

}  // namespace

Result<Config> load_config(storage::ObjectStore& store, const MasterKey& key,
                           std::stop_token stop) {
  const Bytes sealed = TRY(load_sealed_config(store, stop));
  return open_config(sealed, key);
}

Result<OpenedKey> unlock_with_password(storage::ObjectStore& store, std::string_view password,
                                       std::stop_token stop) {
  const Bytes sealed_config = TRY(load_sealed_config(store, stop));
  std::vector<std::string> names;
  auto add = [&](const storage::ObjectInfo& info) -> Result<> {
    if (names.size() < max_key_files) names.push_back(info.name);
    return {};
  };
  TRY(store.list("keys", add, stop));
  Error refusal{ErrorCode::wrong_key, fmt::format("the password opens none of the {} keys of {}",
                                                  names.size(), store.location())};
  for (const std::string& name : names) {
    auto id = KeyId::parse(std::string_view(name).substr(name.rfind('/') + 1));
    if (!id) continue;
    auto text = store.load_all(name, stop, max_key_file_bytes);
    if (text.failed_with(ErrorCode::not_found)) continue;  // removed meanwhile
    const Bytes json = TRY(std::move(text));
    auto file = decode_key_file(text_of(json));
    auto key = file ? open_key_file(*file, password) : Result<MasterKey>(fail(file.error()));
    // A key of a repository whose making was broken off opens, but not the config.
    auto config = key ? open_config(sealed_config, *key) : Result<Config>(fail(key.error()));
    if (config) return OpenedKey{*id, *key, *config};
    if (config.code() != ErrorCode::wrong_key) refusal = std::move(config).error().context(name);
  }
  return fail(std::move(refusal));
}

Result<> save_config(storage::ObjectStore& store, const MasterKey& key, const Config& config,
                     std::stop_token stop) {
  const Bytes sealed = crypto::Sealer(key).seal(bytes_of(encode_config(config)));
  return store.save_bytes(config_name, sealed, {.mode = storage::SaveMode::create_only}, stop);
}

Result<KeyId> save_key_file(storage::ObjectStore& store, const MasterKey& master_key,
                            std::string_view password, KeyFile file, std::stop_token stop) {
  TRY(seal_into(file, master_key, password));
  const std::string json = encode_key_file(file);
  const Digest id = crypto::sha256(bytes_of(json));
  TRY(store.save_bytes(object_name(FileKind::key, id), bytes_of(json), {.sha256 = id}, stop));
  return KeyId{id};
}

}  // namespace dmaas::engine
