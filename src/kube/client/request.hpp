#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kube/client/client.hpp"
#include "kube/object/object_key.hpp"
#include "kube/object/resource.hpp"

// Paths and queries of the API, without I/O. All begin with '/', percent-encoded.
namespace dmaas::kube {

/// The parameters of a request.
class Query {
public:
  void add(std::string_view name, std::string_view value);
  void add_if_set(std::string_view name, std::string_view value);
  /// "" or "?a=b&c=d". Everything but unreserved characters is encoded, ';' above all: the API
  /// server drops a whole parameter that contains it raw.
  const std::string& text() const { return text_; }

private:
  std::string text_;
};

/// "/api/v1" or "/apis/GROUP/VERSION"
std::string group_path(const Resource& resource);
/// All objects of a kind in one namespace; "" means all namespaces. Errors: invalid_input.
Result<std::string> collection_path(const Resource& resource, const std::string& namespace_name);
/// One object or subresource. Errors: invalid_input: no name (the path would be that of all
/// objects) or one that would leave the path ("..").
Result<std::string> object_path(const Resource& resource, const ObjectKey& key,
                                const std::string& subresource = "");

/// `continue_token`: "" for the first page.
Query list_query(const ListOptions& options, const std::string& continue_token);
Query watch_query(const WatchOptions& options);
enum class ApplyParameters { no, yes };
Query write_query(const WriteOptions& options, ApplyParameters apply = ApplyParameters::no);
Query log_query(const LogOptions& options);
Query exec_query(const ExecRequest& request);
/// The DeleteOptions document.
Json remove_body(const RemoveOptions& options);

}  // namespace dmaas::kube
