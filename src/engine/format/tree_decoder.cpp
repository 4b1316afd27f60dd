#include <fmt/format.h>
#include <simdjson.h>

#include "base/encoding.hpp"
#include "engine/format/go_text.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

namespace {

namespace ondemand = simdjson::ondemand;

// simdjson's own errors come as exceptions and are caught in for_each_node.

// Stock restic writes its mode as Go's FileMode of 32 bits; anything wider is no mode.
template <class Number>
Result<Number> read_number(ondemand::value value) {
  const std::uint64_t number = value.get_uint64();
  if (number > std::numeric_limits<Number>::max()) {
    return fail(ErrorCode::corrupt, fmt::format("a number of a tree is out of range: {}", number));
  }
  return static_cast<Number>(number);
}

Result<Digest> read_digest(ondemand::value value) {
  auto digest = parse_digest(std::string_view(value.get_string()));
  if (!digest) return fail(ErrorCode::corrupt, "an id in a tree is not 64 hexadecimal digits");
  return *digest;
}

NodeType type_named(std::string_view name) {
  for (NodeType type :
       {NodeType::file, NodeType::directory, NodeType::symlink, NodeType::block_device,
        NodeType::character_device, NodeType::fifo, NodeType::socket}) {
    if (name_of(type) == name) return type;
  }
  return NodeType::irregular;
}

Result<Bytes> read_base64(ondemand::value value) {
  if (value.is_null()) return Bytes{};
  auto bytes = base64_decode(std::string_view(value.get_string()));
  if (!bytes) return fail(ErrorCode::corrupt, "broken base64 in a tree");
  return std::move(*bytes);
}

Result<> read_extended_attributes(ondemand::value value, Node& node) {
  if (value.is_null()) return {};
  for (ondemand::object object : value.get_array()) {
    ExtendedAttribute attribute;
    for (ondemand::field field : object) {
      const std::string_view key = field.unescaped_key();
      if (key == "name") attribute.name = std::string_view(field.value().get_string());
      if (key == "value") attribute.value = TRY(read_base64(field.value()));
    }
    node.extended_attributes.push_back(std::move(attribute));
  }
  return {};
}

Result<> read_generic_attributes(ondemand::value value, Node& node) {
  if (value.is_null()) return {};
  for (ondemand::field field : value.get_object()) {
    std::string name{std::string_view(field.unescaped_key())};
    node.generic_attributes[name] = std::string_view(simdjson::to_json_string(field.value()));
  }
  return {};
}

Result<> read_content(ondemand::value value, Node& node) {
  if (value.is_null()) return {};
  auto& content = node.content.emplace();
  for (ondemand::value id : value.get_array()) content.push_back(BlobId{TRY(read_digest(id))});
  return {};
}

Result<> read_texts(std::string_view key, ondemand::value value, Node& node) {
  if (key == "name")
    node.name = TRY(unquote_name(value.get_string()));
  else if (key == "type")
    node.type = type_named(value.get_string());
  else if (key == "mtime")
    node.mtime = TRY(parse_file_time(value.get_string()));
  else if (key == "atime")
    node.atime = TRY(parse_file_time(value.get_string()));
  else if (key == "ctime")
    node.ctime = TRY(parse_file_time(value.get_string()));
  else if (key == "user")
    node.user = std::string_view(value.get_string());
  else if (key == "group")
    node.group = std::string_view(value.get_string());
  else if (key == "error")
    node.error = std::string_view(value.get_string());
  return {};
}

Result<> read_numbers(std::string_view key, ondemand::value value, Node& node) {
  if (key == "mode")
    node.mode = TRY(read_number<std::uint32_t>(value));
  else if (key == "uid")
    node.uid = TRY(read_number<std::uint32_t>(value));
  else if (key == "gid")
    node.gid = TRY(read_number<std::uint32_t>(value));
  else if (key == "inode")
    node.inode = value.get_uint64();
  else if (key == "device_id")
    node.device_id = value.get_uint64();
  else if (key == "size")
    node.size = value.get_uint64();
  else if (key == "links")
    node.links = value.get_uint64();
  else if (key == "device")
    node.device = value.get_uint64();
  return {};
}

Result<Node> read_node(ondemand::object object) {
  Node node;
  std::optional<Bytes> raw_link_target;
  for (ondemand::field field : object) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    switch (ondemand::json_type(value.type())) {
      case ondemand::json_type::number:
        TRY(read_numbers(key, value, node));
        break;
      case ondemand::json_type::string:
        if (key == "linktarget")
          node.link_target = std::string_view(value.get_string());
        else if (key == "linktarget_raw")
          raw_link_target = TRY(read_base64(value));
        else if (key == "subtree")
          node.subtree = TreeId{TRY(read_digest(value))};
        else
          TRY(read_texts(key, value, node));
        break;
      case ondemand::json_type::array:
        if (key == "content") TRY(read_content(value, node));
        if (key == "extended_attributes") TRY(read_extended_attributes(value, node));
        break;
      case ondemand::json_type::object:
        if (key == "generic_attributes") TRY(read_generic_attributes(value, node));
        break;
      default:
        break;
    }
  }
  if (raw_link_target) node.link_target = text_of(*raw_link_target);
  return node;
}

}  // namespace

Result<> for_each_node(BytesView tree, const std::function<Result<>(Node&&)>& each) {
  try {
    ondemand::parser parser{std::numeric_limits<std::uint32_t>::max()};
    const simdjson::padded_string padded{text_of(tree)};
    ondemand::document document = parser.iterate(padded);
    ondemand::value nodes = document["nodes"];
    if (nodes.is_null()) return {};
    for (ondemand::object object : nodes.get_array()) {
      Node node = TRY(read_node(object));
      TRY(each(std::move(node)));
    }
    return {};
  } catch (const simdjson::simdjson_error& error) {
    return fail(ErrorCode::corrupt, fmt::format("a tree is no valid JSON: {}", error.what()));
  }
}

Result<std::vector<Node>> decode_tree(BytesView tree) {
  std::vector<Node> nodes;
  TRY(for_each_node(tree, [&](Node&& node) -> Result<> {
    nodes.push_back(std::move(node));
    return {};
  }));
  return nodes;
}

}  // namespace dmaas::engine
