#pragma once

#include "kube/runtime/store.hpp"

namespace dmaas::controller {

/// Whether a change of a storage matters to those who use it: of its spec, of whether it is ready,
/// and of whether space is low. Its figures change all the time, and everybody who uses it would be
/// woken for nothing. Pure.
bool changes_use(const kube::Change& change);

}  // namespace dmaas::controller
