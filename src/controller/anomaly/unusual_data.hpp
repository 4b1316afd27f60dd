#pragma once

#include <string>
#include <vector>

#include "api/snapshot.hpp"

namespace dmaas::controller {

// Whether the data of a backup changed in a way that damage does: encrypted by somebody, or
// deleted. Everything here is pure. The thresholds are documented in docs/space.md.

/// So many of the newest earlier backups are compared with.
inline constexpr std::size_t compared_backups = 5;
/// Less than this share of files or bytes is left of what there was, by the median.
inline constexpr double lost_share = 0.5;
/// What has fewer files and fewer bytes than these is too small to tell anything.
inline constexpr std::int64_t least_files = 10;
inline constexpr std::int64_t least_bytes = 1 << 20;
/// At least this share of a component's data is new ...
inline constexpr double rewritten_share = 0.2;
/// ... and compresses to no less than this share, while it compressed to no more than that one.
inline constexpr double incompressible_share = 0.95;
inline constexpr double compressible_share = 0.8;

/// What looks unusual in a backup compared with earlier ones of the same repository, one sentence
/// for each component: "volume/data: 3 files are left of 1,000".
std::vector<std::string> find_unusual(const api::Snapshot& backup,
                                      const std::vector<api::Snapshot>& earlier);

}  // namespace dmaas::controller
