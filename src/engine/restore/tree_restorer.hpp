#pragma once

#include <sys/stat.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/restore/content_writer.hpp"
#include "engine/restore/restore_file.hpp"
#include "engine/restore/target_directory.hpp"

namespace dmaas::engine {

/// Walks a tree, makes directories and special files, and hands regular files to a ContentWriter in
/// batches. After each batch come the hard links to its files, then the metadata of directories
/// that are finished, deepest first. Used once.
class TreeRestorer {
public:
  TreeRestorer(RestoreContext& context, const RestoreOptions& options);

  /// The directory node `top` gives the target its metadata when it has a name, that is, is not the
  /// backup's root.
  Result<> run(const Node& top, std::stop_token stop);
  /// Adds what this object counted.
  void report_to(RestoreSummary& summary) const;

private:
  enum class Selection { none, below, all };
  /// What becomes of a name: it is free, it stays as it is there, or it is a file that is updated.
  enum class Way { free, kept, updated };

  struct Level {
    Node node;
    TargetDirectoryPtr directory;
    Selection selection = Selection::all;
    bool is_made = false;  // else it comes into being with the first entry that is selected
    bool is_new = false;   // was not there before: nothing can be in the way
    std::vector<Node> nodes = {};
    std::size_t next = 0;
    std::set<std::string> names = {};  // with Extraneous::remove
  };
  struct Place {
    TargetDirectoryPtr directory;
    std::string name;
  };
  struct Link {
    Place existing;
    Place made;
  };
  struct FinishedDirectory {
    TargetDirectoryPtr directory;
    Node node;
    bool was_there = false;
  };
  /// Further names of a file are links to its first one.
  struct FirstName {
    Place place;
    std::uint64_t names_to_come = 0;
  };

  Result<> push_level(Node node, TargetDirectoryPtr directory, Selection selection,
                      std::stop_token stop);
  Result<> pop_level(std::stop_token stop);
  Result<> restore_node(Node node, std::stop_token stop);
  Result<> enter(Node node, Selection selection, std::stop_token stop);
  Result<> restore_file(Node node, Way way);
  Result<> make_special(const Node& node);
  Result<Way> clear_way(const Node& node);
  bool may_be_updated(const Node& node, const struct stat& there, int directory_fd) const;
  Result<> refresh_metadata(int directory_fd, const Node& node, const std::string& path);
  Result<> ensure_made(std::size_t level);
  Result<> remove_extraneous(Level& level);
  Result<> flush(std::stop_token stop);
  void make_link(const Link& link);
  bool is_first_name(const Node& node, const Place& place);
  Selection selection_of(const std::string& path, NodeType type) const;
  void report_entry(const std::string& path, const Error& error);
  Level& top() { return levels_.back(); }

  RestoreContext& context_;
  const RestoreOptions& options_;
  ContentWriter writer_;
  std::vector<Level> levels_;
  std::vector<FinishedDirectory> finished_;
  std::vector<Link> links_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, FirstName> first_names_;  // by device and inode
  std::uint64_t files_skipped_ = 0;
  std::uint64_t directories_ = 0;
  std::uint64_t other_entries_ = 0;
  std::uint64_t entries_removed_ = 0;
};

}  // namespace dmaas::engine
