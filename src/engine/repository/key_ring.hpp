#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "engine/format/config.hpp"
#include "engine/format/ids.hpp"
#include "engine/format/key_file.hpp"
#include "engine/repository/lock.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

// Opening and making repositories: the config object and the key files.

inline constexpr std::string_view config_name = "config";

struct OpenedKey {
  KeyId id;
  MasterKey master_key;
  Config config;
};

/// Errors: not_found (no repository there), wrong_key, corrupt, unsupported.
Result<Config> load_config(storage::ObjectStore& store, const MasterKey& key, std::stop_token stop);
/// Tries every key file. Errors: as load_config.
Result<OpenedKey> unlock_with_password(storage::ObjectStore& store, std::string_view password,
                                       std::stop_token stop);
/// Errors: already_exists.
Result<> save_config(storage::ObjectStore& store, const MasterKey& key, const Config& config,
                     std::stop_token stop);

Result<KeyId> save_key_file(storage::ObjectStore& store, const MasterKey& master_key,
                            std::string_view password, KeyFile file, std::stop_token stop);

}  // namespace dmaas::engine
