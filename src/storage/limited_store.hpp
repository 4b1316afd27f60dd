#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// In bytes a second, for all calls of a store together; 0: no limit.
struct TransferRates {
  std::int64_t upload = 0;
  std::int64_t download = 0;
};

/// Slows the contents that `inner` saves and loads down to `rates`, in pieces so small that the
/// transfer is steady. What a retry repeats counts again where it is read again; listings and what
/// a protocol adds to contents do not count. Just `inner` when there is no limit.
std::unique_ptr<ObjectStore> limited(std::unique_ptr<ObjectStore> inner, const TransferRates& rates,
                                     Clock& clock);

}  // namespace dmaas::storage
