#pragma once

#include <stop_token>

#include "engine/archive/progress.hpp"
#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// Walks `source` and counts its files and bytes into the totals of `progress`. What cannot be
/// listed is not counted.
void estimate_total(Source& source, Progress& progress, std::stop_token stop);

}  // namespace dmaas::engine
