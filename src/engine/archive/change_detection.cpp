#include "engine/archive/change_detection.hpp"

namespace dmaas::engine {
namespace {

constexpr std::chrono::seconds clock_tolerance{2};

}  // namespace

bool is_unchanged(const Node& now, const Node& before, const ChangeRule& rule) {
  if (rule.read_mode == ReadMode::full) return false;
  if (now.type != before.type || now.size != before.size) return false;
  if (now.mtime != before.mtime || now.ctime != before.ctime) return false;
  if (rule.inode_check == InodeCheck::compare && now.inode != before.inode) return false;
  const FileTime certain = FileTime::of(rule.parent_start - clock_tolerance);
  return now.mtime < certain && now.ctime < certain;
}

}  // namespace dmaas::engine
