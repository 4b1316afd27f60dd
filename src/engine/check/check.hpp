#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/repository/repository.hpp"

namespace dmaas::engine {

struct CheckOptions {
  enum class Data { structure_only, read } data = Data::structure_only;
  /// Read only every pack whose first id byte modulo `shares` equals `share`: share 0 of 1 is all.
  unsigned share = 0;
  unsigned shares = 1;
};

struct CheckReport {
  static constexpr std::size_t max_problems = 1000;

  /// Damage: something that a restore would need is missing or not what was written.
  std::vector<std::string> problems;
  std::uint64_t problem_count = 0;
  /// Harmless: packs that no index names, blobs stored twice.
  std::uint64_t unreferenced_packs = 0;
  std::uint64_t duplicate_blobs = 0;

  std::uint64_t snapshots = 0;
  std::uint64_t packs = 0;
  std::uint64_t packs_read = 0;
  std::uint64_t bytes_read = 0;

  bool is_sound() const { return problem_count == 0; }
};

/// Told of steps and of bytes read; called from several threads.
using CheckProgress = std::function<void(std::uint64_t packs_done, std::uint64_t packs_total)>;

/// Verifies that every snapshot can be restored: index files decode, packs exist with the right
/// size, every tree decodes and every blob it needs is indexed; with Data::read also that each
/// pack's bytes hash to its name, its header agrees with the index, and each blob decrypts to its
/// id. Loads the index itself. Damage is in the report; an error means that checking itself was not
/// possible (unavailable, cancelled, permission_denied).
Result<CheckReport> check(Repository& repository, const CheckOptions& options,
                          const CheckProgress& progress, std::stop_token stop);

}  // namespace dmaas::engine
