#include "engine/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/bounded_queue.hpp"
#include "base/task_group.hpp"
#include "engine/check/verify_pack.hpp"
#include "engine/inspect/walk_tree.hpp"

namespace dmaas::engine {
namespace {

constexpr std::string_view pack_directory = "data";

class Check {
public:
  Check(Repository& repository, const CheckOptions& options, const CheckProgress& progress)
      : repository_(repository), options_(options), progress_(progress) {}

  Result<CheckReport> run(std::stop_token stop) {
    // Snapshots first: whatever they need is then in the index that is loaded after them.
    auto roots = TRY(load_roots(stop));
    TRY(load_index(stop));
    TRY(compare_with_storage(stop));
    TRY(check_trees(roots, stop));
    if (options_.data == CheckOptions::Data::read) TRY(read_packs(stop));
    return std::move(report_);
  }

private:
  void problem(std::string text) {
    std::lock_guard lock{mutex_};
    ++report_.problem_count;
    if (report_.problems.size() < CheckReport::max_problems)
      report_.problems.push_back(std::move(text));
  }

  Result<std::vector<TreeId>> load_roots(std::stop_token stop) {
    std::vector<TreeId> roots;
    for (const auto& id : TRY(repository_.list_snapshots(stop))) {
      auto snapshot = repository_.load_snapshot(id, stop);
      ++report_.snapshots;
      if (snapshot) {
        roots.push_back(snapshot->tree);
      } else if (is_damage(snapshot.error())) {
        problem(fmt::format("snapshot {}: {}", id.short_hex(), snapshot.error().message()));
      } else {
        return fail(snapshot.error());
      }
    }
    return roots;
  }

  Result<> load_index(std::stop_token stop) {
    auto loaded = repository_.load_index(stop);
    if (!loaded && !is_damage(loaded.error())) return loaded;
    if (!loaded) problem("index: " + loaded.error().message());
    auto collected = repository_.for_each_indexed_pack(
        [&](const IndexId&, IndexPack&& pack) -> Result<> {
          if (pack.marked_for_deletion) return {};
          auto size = stored_header_bytes(pack.blobs);
          for (const auto& blob : pack.blobs) size += blob.length;
          auto [known, is_new] = pack_sizes_.try_emplace(pack.id, size);
          if (!is_new && known->second != size) {
            problem(fmt::format("pack {}: two index files disagree about it", pack.id.short_hex()));
          }
          if (is_new) indexed_blobs_ += pack.blobs.size();
          return {};
        },
        stop);
    if (!collected && !is_damage(collected.error())) return collected;
    report_.packs = pack_sizes_.size();
    if (indexed_blobs_ > repository_.blob_count()) {
      report_.duplicate_blobs = indexed_blobs_ - repository_.blob_count();
    }
    return {};
  }

  Result<> compare_with_storage(std::stop_token stop) {
    std::unordered_map<PackId, std::uint64_t> missing = pack_sizes_;
    auto compare = [&](const storage::ObjectInfo& object) -> Result<> {
      auto id = PackId::parse(std::string_view(object.name).substr(object.name.rfind('/') + 1));
      if (!id) return {};
      auto expected = missing.find(*id);
      if (expected == missing.end()) {
        if (!pack_sizes_.contains(*id)) ++report_.unreferenced_packs;
        return {};
      }
      if (expected->second != object.size) {
        problem(fmt::format("pack {}: {} bytes in storage, {} by the index", id->short_hex(),
                            object.size, expected->second));
      }
      missing.erase(expected);
      return {};
    };
    TRY(repository_.store().list(pack_directory, compare, stop));
    for (const auto& [pack, size] : missing) {
      problem(fmt::format("pack {}: missing in storage", pack.short_hex()));
    }
    return {};
  }

  Result<> check_trees(const std::vector<TreeId>& roots, std::stop_token stop) {
    TreeVisitor visitor;
    visitor.visit = [&](const TreeId& tree, const Node& node) -> Result<> {
      check_node(tree, node);
      return {};
    };
    visitor.unreadable = [&](const TreeId& tree, const Error& error) -> Result<> {
      if (!is_damage(error)) return fail(Error(error));
      problem(fmt::format("tree {}: {}", tree.short_hex(), error.message()));
      return {};
    };
    return visit_distinct_trees(repository_, roots, visitor, stop);
  }

  void check_node(const TreeId& tree, const Node& node) {
    auto where = [&] { return fmt::format("tree {}, '{}'", tree.short_hex(), node.name); };
    if (node.type == NodeType::directory && !node.subtree)
      return problem(where() + ": directory without a tree");
    if (node.type != NodeType::file) return;
    if (!node.content) return problem(where() + ": file without a list of content");
    std::uint64_t size = 0;
    for (const auto& id : *node.content) {
      auto location = repository_.find_blob(data_blob(id));
      if (!location)
        return problem(
            fmt::format("{}: data blob {} is not in the index", where(), id.short_hex()));
      size += location->plain_length();
    }
    if (size != node.size) {
      problem(fmt::format("{}: size is {} but its content has {} bytes", where(), node.size, size));
    }
  }

  bool is_chosen(const PackId& pack) const {
    return options_.shares <= 1 || pack.digest[0] % options_.shares == options_.share;
  }

  Result<> read_packs(std::stop_token stop) {
    std::uint64_t total = 0;
    for (const auto& [pack, size] : pack_sizes_) total += is_chosen(pack);
    std::atomic<std::uint64_t> done = 0;
    std::atomic<std::uint64_t> bytes = 0;
    TaskGroup group{stop};
    BoundedQueue<IndexPack> queue{8};
    for (unsigned i = 0; i < std::max(2u, repository_.store().connections()); ++i) {
      group.add([&](std::stop_token stopped) -> Result<> {
        PackVerifier verifier{repository_};
        while (auto pack = queue.pop(stopped)) {
          auto verified = verifier.verify(*pack, stopped);
          if (!verified && !is_damage(verified.error())) return fail(verified.error());
          if (!verified)
            problem(fmt::format("pack {}: {}", pack->id.short_hex(), verified.error().message()));
          if (verified) bytes += *verified;
          progress_(++done, total);
        }
        return {};
      });
    }
    auto fed = feed(queue, group.token());
    queue.close();
    TRY(group.wait());
    TRY(fed);
    report_.packs_read = done;
    report_.bytes_read = bytes;
    return {};
  }

  Result<> feed(BoundedQueue<IndexPack>& queue, std::stop_token stop) {
    std::unordered_map<PackId, std::uint64_t> left = pack_sizes_;
    return repository_.for_each_indexed_pack(
        [&](const IndexId&, IndexPack&& pack) -> Result<> {
          if (!is_chosen(pack.id) || left.erase(pack.id) == 0) return {};
          if (!queue.push(std::move(pack), stop))
            return fail(ErrorCode::cancelled, "check stopped");
          return {};
        },
        stop);
  }

  Repository& repository_;
  const CheckOptions& options_;
  const CheckProgress& progress_;
  std::mutex mutex_;
  CheckReport report_;
  std::unordered_map<PackId, std::uint64_t> pack_sizes_;
  std::uint64_t indexed_blobs_ = 0;
};

}  // namespace

Result<CheckReport> check(Repository& repository, const CheckOptions& options,
                          const CheckProgress& progress, std::stop_token stop) {
  return Check{repository, options, progress}.run(std::move(stop));
}

}  // namespace dmaas::engine
