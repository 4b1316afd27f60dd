#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "applications/application.hpp"
#include "applications/cluster_view.hpp"
#include "applications/selection.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// Takes one file of the `resources` tree. An error ends the capture and becomes its result.
using FileSink = std::function<Result<>(const std::string& path, std::string_view content)>;

struct CaptureSummary {
  std::size_t objects = 0;
  std::size_t files = 0;  // objects in all their versions, and the documents
  std::uint64_t bytes = 0;
  std::vector<ObjectId> vanished{};  // deleted since the discovery
  std::size_t removed_values = 0;    // of Secrets, out of other objects
};

/// Reads the members and hands each as a file (resource_path.hpp): canonical JSON in every version
/// that the cluster serves. Then the documents "/index.json" (preferred and other versions of each
/// stored kind) and "/discovery.json" (all that the cluster serves), and "/left-out.json" when a
/// restore needs more. No path comes twice.
///
/// With Secrets::leave_out the values of all Secrets in the members' namespaces are taken out of
/// what is stored (secrecy/secret_values.hpp). Memory: one page of a list, and those values.
/// Errors: those of the view but not_found; that of the sink.
Result<CaptureSummary> capture(const ClusterView& view, const Application& application,
                               Secrets secrets, const FileSink& sink, std::stop_token stop);

/// The object as it is stored: without the record of who wrote which field, except where a restore
/// needs it.
Json stored_form(Json object);

}  // namespace dmaas::applications
