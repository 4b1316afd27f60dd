#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

// What a storage holds and how much more it takes. Everything here is pure.

/// What bounds a storage, and how much more it takes by that. Without a figure nothing is known.
struct SpaceBound {
  api::SpaceSource source = api::SpaceSource::unknown;
  std::optional<std::int64_t> capacity{};
  std::optional<std::int64_t> left{};
};
/// The narrower one of quota and file system. `added` are bytes that came since the repositories
/// were measured.
SpaceBound bound_of(const api::BackupStorage& storage, std::int64_t added);

/// Bytes that backups stored there since `time`, and those that running ones are still expected to.
std::int64_t added_since(const std::vector<api::BackupSession>& sessions,
                         const std::string& storage, Timestamp time);

/// Takes over the sizes of all repositories, by path. `shown` are the Repository objects of this
/// cluster that lie on the storage.
void take_sizes(api::StorageSpace& space, const std::map<std::string, std::int64_t>& sizes,
                const std::vector<api::Repository>& shown, Timestamp now);

/// Whether the repositories have to be measured again: something changed since, or an hour has
/// passed; but never so that it takes more than a fiftieth of the time.
bool is_measurement_due(const api::StorageSpace& space, std::optional<Timestamp> last_change,
                        Timestamp now);

/// From samples of at least a day; nothing without them.
std::optional<api::SpaceForecast> forecast_space(const api::StorageSpace& space);

/// Writes into the storage's status what its figures mean: bound, forecast, condition SpaceLow.
/// Returns whether a further threshold is exceeded than before.
bool judge_space(api::BackupStorage& storage, std::int64_t added, Timestamp now);

}  // namespace dmaas::controller
