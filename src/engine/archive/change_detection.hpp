#pragma once

#include "engine/archive/back_up.hpp"
#include "engine/format/node.hpp"

namespace dmaas::engine {

/// When a parent's node may stand for what is there now.
struct ChangeRule {
  ReadMode read_mode = ReadMode::changed;
  InodeCheck inode_check = InodeCheck::compare;
  /// Begin of the parent's backup. What was touched later than 2 s before it may have been touched
  /// again within the same tick of the file system's clock, after the parent had read it.
  Timestamp parent_start = {};
};

/// True when type, size, times and inode say that `now`, a node of a stat, is what the parent
/// stored as `before`. Its content, link target and extended attributes are then those of `before`:
/// changing any of them changes ctime.
bool is_unchanged(const Node& now, const Node& before, const ChangeRule& rule);

}  // namespace dmaas::engine
