#include "storage/s3/xml_reader.hpp"

#include <charconv>
#include <vector>

namespace dmaas::storage {
namespace {

constexpr std::size_t max_document_bytes = 16 << 20;
constexpr std::size_t max_depth = 16;

void append_utf8(std::string& text, unsigned code) {
  const auto byte = [&](unsigned value) { text += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

bool append_entity(std::string& text, std::string_view name) {
  constexpr std::pair<std::string_view, char> named[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : named) {
    if (name == known) {
      text += character;
      return true;
    }
  }
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const bool hexadecimal = name.starts_with('x');
  if (hexadecimal) name.remove_prefix(1);
  unsigned code = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != name.data() + name.size() || code > 0x10FFFF) return false;
  append_utf8(text, code);
  return true;
}

bool append_text(std::string& text, std::string_view raw) {
  while (!raw.empty()) {
    const std::size_t ampersand = raw.find('&');
    text.append(raw.substr(0, ampersand));
    if (ampersand == raw.npos) return true;
    const std::size_t semicolon = raw.find(';', ampersand);
    if (semicolon == raw.npos) return false;
    if (!append_entity(text, raw.substr(ampersand + 1, semicolon - ampersand - 1))) return false;
    raw.remove_prefix(semicolon + 1);
  }
  return true;
}

/// The end of a tag that begins at `position`; '>' inside quoted attributes does not count.
std::size_t tag_end(std::string_view document, std::size_t position) {
  char quote = '\0';
  for (; position < document.size(); ++position) {
    const char c = document[position];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return position;
    }
  }
  return document.npos;
}

class XmlReader {
public:
  XmlReader(std::string_view document, const XmlHandler& on_end)
      : document_(document), on_end_(on_end) {}

  Result<> read() {
    while (position_ < document_.size()) {
      const std::size_t open = document_.find('<', position_);
      const std::string_view text = document_.substr(position_, open - position_);
      if (!texts_.empty() && !append_text(texts_.back(), text)) return malformed();
      if (open == document_.npos) break;
      position_ = open;
      TRY(read_markup());
    }
    if (!texts_.empty() || !seen_element_) return malformed();
    return {};
  }

private:
  Result<> read_markup() {
    if (document_.substr(position_).starts_with("<!--")) return skip_past("-->");
    if (document_.substr(position_).starts_with("<?")) return skip_past("?>");
    if (document_.substr(position_).starts_with("<![CDATA[")) return read_cdata();
    if (document_.substr(position_).starts_with("<!")) return malformed();
    const std::size_t end = tag_end(document_, position_);
    if (end == document_.npos) return malformed();
    std::string_view tag = document_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    if (tag.starts_with('/')) return close(tag.substr(1));
    const bool closes_itself = tag.ends_with('/');
    if (closes_itself) tag.remove_suffix(1);
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n"));
    TRY(open(name));
    return closes_itself ? close(name) : Result<>{};
  }

  Result<> read_cdata() {
    constexpr std::size_t opening = std::string_view("<![CDATA[").size();
    const std::size_t begin = position_ + opening;
    TRY(skip_past("]]>"));
    if (texts_.empty()) return malformed();
    texts_.back().append(document_.substr(begin, position_ - 3 - begin));
    return {};
  }

  Result<> skip_past(std::string_view end) {
    const std::size_t found = document_.find(end, position_);
    if (found == document_.npos) return malformed();
    position_ = found + end.size();
    return {};
  }

  Result<> open(std::string_view name) {
    if (name.empty() || texts_.size() >= max_depth) return malformed();
    if (texts_.empty() && std::exchange(seen_element_, true)) return malformed();  // two roots
    lengths_.push_back(path_.size());
    if (!path_.empty()) path_ += '/';
    path_.append(name);
    texts_.emplace_back();
    return {};
  }

  Result<> close(std::string_view name) {
    name = name.substr(0, name.find_first_of(" \t\r\n"));
    const std::string_view path = path_;
    if (texts_.empty() || path.substr(path.rfind('/') + 1) != name) return malformed();
    on_end_(path_, texts_.back());
    texts_.pop_back();
    path_.resize(lengths_.back());
    lengths_.pop_back();
    return {};
  }

  std::unexpected<Error> malformed() const {
    return fail(ErrorCode::invalid_input,
                "the answer is no well-formed XML at byte " + std::to_string(position_));
  }

  const std::string_view document_;
  const XmlHandler& on_end_;
  std::size_t position_ = 0;
  bool seen_element_ = false;
  std::string path_;
  std::vector<std::size_t> lengths_;  // of the path before each open element
  std::vector<std::string> texts_;    // of each open element
};

}  // namespace

Result<> read_xml(std::string_view document, const XmlHandler& on_end) {
  if (document.size() > max_document_bytes) {
    return fail(ErrorCode::invalid_input, "the XML answer is too long");
  }
  return XmlReader{document, on_end}.read();
}

}  // namespace dmaas::storage
