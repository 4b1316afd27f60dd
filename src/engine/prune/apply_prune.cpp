#include "engine/prune/prune.hpp"

namespace dmaas::engine {
namespace {

constexpr std::size_t max_blobs_of_index_file = 50'000;

class Pruning {
public:
  Pruning(Repository& repository, const PrunePlan& plan,
          const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : repository_(repository), plan_(plan), progress_(progress) {
    for (const auto& pack : plan.repack) going_.insert(pack.id);
    going_.insert(plan.remove.begin(), plan.remove.end());
    total_ = plan.repack.size() + going_.size() + plan.unreferenced.size();
  }

  Result<> run(std::stop_token stop) {
    TRY(copy_used_blobs(stop));
    // From here on everything that is used lies in packs that stay, and an index file names each of
    // them.
    TRY(replace_index(stop));
    // From here on nothing names the packs that go.
    for (const auto& pack : going_) TRY(remove_pack(pack, stop));
    for (const auto& pack : plan_.unreferenced) TRY(remove_pack(pack, stop));
    return repository_.load_index(stop);
  }

private:
  void step() { progress_(++done_, total_); }

  Result<> copy_used_blobs(std::stop_token stop) {
    if (plan_.repack.empty()) return {};
    repository_.mark_packs(going_);
    for (const auto& pack : plan_.repack) {
      std::vector<PackedBlob> kept;
      for (const auto& blob : pack.blobs) {
        if (plan_.keep_of_repacked.contains(blob.handle)) kept.push_back(blob);
      }
      auto save = [&](const PackedBlob& blob, BytesView plain) -> Result<> {
        TRY(repository_.saver().save(blob.handle.type, plain, stop));
        return {};
      };
      TRY(repository_.load_blobs(pack.id, kept, save, stop));
      step();
    }
    return repository_.saver().flush(stop);
  }

  Result<> replace_index(std::stop_token stop) {
    std::vector<IndexId> old_files;
    std::unordered_set<PackId> written;
    IndexFileEncoder encoder;
    auto save = [&]() -> Result<> {
      if (encoder.blob_count() == 0) return {};
      TRY(repository_.save_file(FileKind::index, encoder.take_text(), stop));
      return {};
    };
    auto keep = [&](const IndexId& file, IndexPack&& pack) -> Result<> {
      if (old_files.empty() || old_files.back() != file) old_files.push_back(file);
      if (going_.contains(pack.id) || !written.insert(pack.id).second) return {};
      encoder.add(pack);
      if (encoder.blob_count() >= max_blobs_of_index_file) return save();
      return {};
    };
    TRY(repository_.for_each_indexed_pack(keep, stop));
    TRY(save());
    for (const auto& file : old_files)
      TRY(repository_.remove_file(FileKind::index, file.digest, stop));
    return {};
  }

  Result<> remove_pack(const PackId& pack, std::stop_token stop) {
    TRY(repository_.store().remove(object_name(pack), std::move(stop)));
    step();
    return {};
  }

  Repository& repository_;
  const PrunePlan& plan_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  std::unordered_set<PackId> going_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<> apply_prune(Repository& repository, const PrunePlan& plan,
                     const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
                     std::stop_token stop) {
  return Pruning{repository, plan, progress}.run(std::move(stop));
}

}  // namespace dmaas::engine
