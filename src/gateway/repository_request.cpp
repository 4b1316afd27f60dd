#include "gateway/repository_request.hpp"

#include <fmt/format.h>

#include "base/fields.hpp"
#include "base/id.hpp"
#include "storage/object_name.hpp"

namespace dmaas::gateway {
namespace {

constexpr std::size_t storage_segments = 2;

std::optional<ObjectKind> find_kind(std::string_view name) {
  constexpr auto names = names_of(ObjectKind{});
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<ObjectKind>(i);
  }
  return std::nullopt;
}

std::string join(const std::vector<std::string>& segments, std::size_t begin, std::size_t end) {
  std::string path;
  for (auto i = begin; i < end; ++i) path += (path.empty() ? "" : "/") + segments[i];
  return path;
}

Result<Action> action_of(std::string_view method, bool names_object) {
  if (!names_object) {
    if (method == "GET") return Action::list;
    return fail(ErrorCode::unsupported, "a list of objects can only be read with GET");
  }
  if (method == "HEAD") return Action::stat;
  if (method == "GET") return Action::load;
  if (method == "POST") return Action::save;
  if (method == "DELETE") return Action::remove;
  return fail(ErrorCode::unsupported, "objects know HEAD, GET, POST and DELETE");
}

/// How many segments at the end of the path belong to the object.
struct Resource {
  ObjectKind kind = ObjectKind::config;
  std::string id{};
  std::size_t segments = 1;
  bool names_object = true;
};

Result<Resource> find_resource(const std::vector<std::string>& segments) {
  auto last = find_kind(segments.back());
  if (last == ObjectKind::config) return Resource{};
  if (last) return Resource{.kind = *last, .names_object = false};
  auto kind = find_kind(segments[segments.size() - 2]);
  if (!kind || kind == ObjectKind::config) {
    return fail(ErrorCode::not_found,
                "a path ends in config, keys, locks, snapshots, index or data, and an id");
  }
  if (!parse_digest(segments.back())) {
    return fail(ErrorCode::invalid_input,
                "the name of an object is its SHA-256 in 64 lower-case hexadecimal digits");
  }
  return Resource{.kind = *kind, .id = segments.back(), .segments = 2};
}

}  // namespace

std::string RepositoryRequest::object_name() const {
  auto name = fmt::format("{}/{}", repository, name_of(kind));
  if (id.empty()) return name;
  return kind == ObjectKind::data ? fmt::format("{}/{}/{}", name, id.substr(0, 2), id)
                                  : fmt::format("{}/{}", name, id);
}

std::string_view repository_of(std::string_view object_name) {
  // Takes the last segment off; "" when there is none before it.
  auto cut = [&] {
    auto slash = object_name.rfind('/');
    auto last = object_name.substr(slash == object_name.npos ? 0 : slash + 1);
    object_name = object_name.substr(0, slash == object_name.npos ? 0 : slash);
    return last;
  };
  auto last = cut();
  if (last == name_of(ObjectKind::config)) return object_name;
  if (!parse_digest(last)) return "";
  auto directory = cut();
  // Packs lie in directories of two digits, in old repositories beside each other.
  if (directory.size() == 2) directory = cut();
  auto kind = find_kind(directory);
  return kind && kind != ObjectKind::config ? object_name : "";
}

Result<std::vector<std::string>> split_path(std::string_view raw_path) {
  if (!raw_path.starts_with('/'))
    return fail(ErrorCode::invalid_input, "the path begins with no '/'");
  raw_path.remove_prefix(1);
  if (raw_path.ends_with('/')) raw_path.remove_suffix(1);
  if (!storage::is_object_name(raw_path)) {
    return fail(ErrorCode::invalid_input,
                "the path has an empty, '.' or '..' segment, or a character other than letters, "
                "digits, '.', '_' and '-'");
  }
  std::vector<std::string> segments(1);
  for (char c : raw_path) {
    if (c == '/') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  return segments;
}

Result<RepositoryRequest> parse_repository_request(std::string_view method,
                                                   std::string_view raw_path,
                                                   std::string_view query) {
  auto segments = TRY(split_path(raw_path));
  RepositoryRequest request;
  auto end = segments.size();
  if (query == "create=true") {
    if (method != "POST") return fail(ErrorCode::unsupported, "a repository is made with POST");
    request.action = Action::create_repository;
  } else {
    if (segments.size() < 2) return fail(ErrorCode::not_found, "the path names no repository");
    auto resource = TRY(find_resource(segments));
    request.action = TRY(action_of(method, resource.names_object));
    request.kind = resource.kind;
    request.id = resource.id;
    end -= resource.segments;
  }
  if (end <= storage_segments) {
    return fail(ErrorCode::not_found,
                "a path begins with namespace and name of a storage and a repository");
  }
  request.storage = join(segments, 0, storage_segments);
  request.repository = join(segments, storage_segments, end);
  return request;
}

}  // namespace dmaas::gateway
