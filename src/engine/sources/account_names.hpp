#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace dmaas::engine {

/// Names of users and groups as the machine's own files list them. Directory services are not
/// asked: a backup must not depend on them. Immutable, thread-safe.
class AccountNames {
public:
  /// Reads files in the form of passwd(5) and group(5); what cannot be read counts as empty.
  static AccountNames load(const std::string& passwd_path = "/etc/passwd",
                           const std::string& group_path = "/etc/group");

  /// Empty when unknown.
  const std::string& user(std::uint32_t uid) const { return find(users_, uid); }
  const std::string& group(std::uint32_t gid) const { return find(groups_, gid); }

private:
  using Names = std::unordered_map<std::uint32_t, std::string>;
  static Names parse(const std::string& text);
  static const std::string& find(const Names& names, std::uint32_t id);

  Names users_;
  Names groups_;
};

}  // namespace dmaas::engine
