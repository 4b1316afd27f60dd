#pragma once

#include <stop_token>
#include <string>

#include "api/snapshot.hpp"
#include "controller/world.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::controller {

/// Why the deletion of an object of a namespace must erase nothing, whatever it says itself; ""
/// when it may: somebody removes the namespace, or the product, and not the data.
Result<std::string> general_pardon(World& world, const kube::Resource& resource,
                                   const std::string& namespace_name, std::stop_token stop);

/// The same of a Snapshot by itself, from what is known here: what its policy says, and whether
/// this cluster may write to its repository.
std::string pardon_of(const World& world, const api::Snapshot& snapshot);

}  // namespace dmaas::controller
