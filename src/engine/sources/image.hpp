#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// A block device, or a regular file taken as one, stored as the file `name` in blocks of
/// fixed_block_bytes. The node is a regular file of the device's size. A device is read at every
/// backup: nothing tells whether it was written to. Errors: invalid_input (neither device nor
/// file), and those of opening it.
Result<std::unique_ptr<Source>> open_image(const std::string& device_path, const std::string& name,
                                           Clock& clock);

}  // namespace dmaas::engine
