#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The Snapshots of a namespace whose documents `counts` takes, for looks at all of them: there may
/// be ten thousand. They come without `source`, which is most of what each would need.
std::vector<api::Snapshot> known_backups(const World& world, const std::string& namespace_name,
                                         const std::function<bool(const Json&)>& counts);

}  // namespace dmaas::controller
