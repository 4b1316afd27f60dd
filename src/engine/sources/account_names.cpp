#include "engine/sources/account_names.hpp"

#include <charconv>
#include <string_view>

#include "base/file.hpp"

namespace dmaas::engine {

AccountNames AccountNames::load(const std::string& passwd_path, const std::string& group_path) {
  AccountNames names;
  if (auto text = read_small_file(passwd_path)) names.users_ = parse(*text);
  if (auto text = read_small_file(group_path)) names.groups_ = parse(*text);
  return names;
}

// Both files have lines "name:password:id:..."; as with getpwuid(3) the first line of an id wins.
AccountNames::Names AccountNames::parse(const std::string& text) {
  Names names;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto name_end = line.find(':');
    if (name_end == 0 || name_end == std::string_view::npos) continue;
    auto id_begin = line.find(':', name_end + 1);
    if (id_begin == std::string_view::npos) continue;
    std::uint32_t id = 0;
    auto [end, error] = std::from_chars(line.data() + id_begin + 1, line.data() + line.size(), id);
    if (error == std::errc{}) names.emplace(id, line.substr(0, name_end));
  }
  return names;
}

const std::string& AccountNames::find(const Names& names, std::uint32_t id) {
  static const std::string unknown;
  auto found = names.find(id);
  return found == names.end() ? unknown : found->second;
}

}  // namespace dmaas::engine
