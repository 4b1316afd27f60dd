#include <fmt/format.h>

#include <iterator>

#include "base/encoding.hpp"
#include "engine/format/go_text.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

namespace {

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, value);
}

// Go's "omitempty".
void append_nonzero(std::string& out, std::string_view key, std::uint64_t value) {
  if (value != 0) append_number(out, key, value);
}

void append_nonempty(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  append_json_text(out, text);
}

void append_times(std::string& out, const Node& node) {
  out += ",\"mtime\":";
  append_json_time(out, node.mtime);
  out += ",\"atime\":";
  append_json_time(out, node.atime);
  out += ",\"ctime\":";
  append_json_time(out, node.ctime);
}

void append_attributes(std::string& out, const Node& node) {
  if (!node.extended_attributes.empty()) {
    out += ",\"extended_attributes\":[";
    for (const ExtendedAttribute& attribute : node.extended_attributes) {
      if (out.back() != '[') out += ',';
      out += "{\"name\":";
      append_json_text(out, attribute.name);
      out += ",\"value\":\"" + base64_encode(attribute.value) + "\"}";
    }
    out += ']';
  }
  if (!node.generic_attributes.empty()) {
    out += ",\"generic_attributes\":{";
    for (const auto& [name, json] : node.generic_attributes) {
      if (out.back() != '{') out += ',';
      append_json_text(out, name);
      out += ':' + json;
    }
    out += '}';
  }
}

void append_content(std::string& out, const Node& node) {
  if (!node.content) {
    out += ",\"content\":null";
    return;
  }
  out += ",\"content\":[";
  for (const BlobId& id : *node.content) {
    if (out.back() != '[') out += ',';
    out += '"';
    out += id.hex();
    out += '"';
  }
  out += ']';
}

void append_node(std::string& out, const Node& node) {
  out += "{\"name\":";
  append_json_name(out, node.name);
  out += ",\"type\":\"";
  out += name_of(node.type);
  out += '"';
  append_nonzero(out, "mode", node.mode);
  append_times(out, node);
  append_number(out, "uid", node.uid);
  append_number(out, "gid", node.gid);
  append_nonempty(out, "user", node.user);
  append_nonempty(out, "group", node.group);
  append_nonzero(out, "inode", node.inode);
  append_nonzero(out, "device_id", node.device_id);
  append_nonzero(out, "size", node.size);
  append_nonzero(out, "links", node.links);
  append_nonempty(out, "linktarget", node.link_target);
  if (!is_valid_utf8(node.link_target)) {
    append_nonempty(out, "linktarget_raw", base64_encode(bytes_of(node.link_target)));
  }
  append_attributes(out, node);
  append_nonzero(out, "device", node.device);
  append_content(out, node);
  if (node.subtree) append_nonempty(out, "subtree", node.subtree->hex());
  append_nonempty(out, "error", node.error);
  out += '}';
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

constexpr std::string_view tree_start = "{\"nodes\":[";

}  // namespace

TreeEncoder::TreeEncoder() : text_(tree_start) {}

Result<> TreeEncoder::add(const Node& node) {
  if (!is_valid_name(node.name)) {
    return fail(ErrorCode::invalid_input, fmt::format("no valid name in a tree: {:?}", node.name));
  }
  if (!is_empty_ && node.name <= last_name_) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the names of a tree must ascend: {:?} came before {:?}", last_name_,
                            node.name));
  }
  if (!is_empty_) text_ += ',';
  append_node(text_, node);
  last_name_ = node.name;
  is_empty_ = false;
  return {};
}

std::string TreeEncoder::take_text() {
  text_ += "]}\n";
  is_empty_ = true;
  last_name_.clear();
  return std::exchange(text_, std::string(tree_start));
}

}  // namespace dmaas::engine
