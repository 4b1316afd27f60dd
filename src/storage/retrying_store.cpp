#include "storage/retrying_store.hpp"

#include <algorithm>
#include <vector>

#include "storage/retry.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t compare_piece_bytes = 64 << 10;

class RetryingStore final : public ObjectStore {
public:
  RetryingStore(std::unique_ptr<ObjectStore> inner, Clock& clock,
                std::shared_ptr<const Throttle> throttle, std::chrono::seconds give_up_after)
      : inner_(std::move(inner)),
        clock_(clock),
        throttle_(std::move(throttle)),
        limits_{.give_up_after = give_up_after} {}

  std::string location() const override { return inner_->location(); }
  unsigned connections() const override { return inner_->connections(); }

  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override {
    Retry retry{clock_, *throttle_, limits_};
    return run_with_retries(retry, stop, [&] { return inner_->stat(name, stop); });
  }
  Result<> remove(std::string_view name, std::stop_token stop) override {
    Retry retry{clock_, *throttle_, limits_};
    return run_with_retries(retry, stop, [&] { return inner_->remove(name, stop); });
  }
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<std::unique_ptr<PendingSave>> begin_save(std::string_view name, ObjectSource& source,
                                                  const SaveOptions& options,
                                                  std::stop_token stop) override;
  // Never repeated: what a disk failed to write is not in memory any more.
  Result<> complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                          std::stop_token stop) override {
    return inner_->complete_saves(std::move(saves), stop);
  }
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override;

private:
  Result<bool> holds(std::string_view name, ObjectSource& source, std::stop_token stop);

  const std::unique_ptr<ObjectStore> inner_;
  Clock& clock_;
  const std::shared_ptr<const Throttle> throttle_;
  const RetryLimits limits_;
};

Result<> RetryingStore::load(std::string_view name, Range range, const Sink& sink,
                             std::stop_token stop) {
  Retry retry{clock_, *throttle_, limits_};
  Range rest = range;
  const Sink counted = [&](BytesView piece) -> Result<> {
    auto taken = sink(piece);
    if (!taken) {
      retry.forbid();
      return taken;
    }
    rest.offset += piece.size();
    if (rest.length) *rest.length -= std::min<std::uint64_t>(*rest.length, piece.size());
    retry.note_progress();
    return {};
  };
  return run_with_retries(retry, stop, [&]() -> Result<> {
    const bool complete = rest.offset > range.offset && rest.length == 0u;
    return complete ? Result<>{} : inner_->load(name, rest, counted, stop);
  });
}

Result<> RetryingStore::save(std::string_view name, ObjectSource& source,
                             const SaveOptions& options, std::stop_token stop) {
  std::vector<std::unique_ptr<PendingSave>> saves;
  saves.push_back(TRY(begin_save(name, source, options, stop)));
  return complete_saves(std::move(saves), stop);
}

Result<std::unique_ptr<PendingSave>> RetryingStore::begin_save(std::string_view name,
                                                               ObjectSource& source,
                                                               const SaveOptions& options,
                                                               std::stop_token stop) {
  Retry retry{clock_, *throttle_, limits_};
  for (;;) {
    TRY(retry.await_turn(stop));
    auto saved = inner_->begin_save(name, source, options, stop);
    if (saved) return saved;
    // An earlier try may have arrived though its answer did not.
    const bool repeated = retry.tries() > 0;
    if (repeated && saved.failed_with(ErrorCode::already_exists)) {
      if (TRY(holds(name, source, stop))) return std::unique_ptr<PendingSave>{};
      return saved;
    }
    Error error = std::move(saved).error();
    TRY(retry.await_next_try(error, stop));
    if (!source.rewind()) return fail(std::move(error));
  }
}

Result<bool> RetryingStore::holds(std::string_view name, ObjectSource& source,
                                  std::stop_token stop) {
  TRY(source.rewind());
  if (TRY(stat(name, stop)).size != source.size()) return false;
  bool equal = true;
  Bytes expected(compare_piece_bytes);
  const Sink compare = [&](BytesView piece) -> Result<> {
    while (equal && !piece.empty()) {
      const auto wanted = std::span(expected).first(std::min(expected.size(), piece.size()));
      const std::size_t length = TRY(source.read(wanted));
      equal = length > 0 && std::ranges::equal(wanted.first(length), piece.first(length));
      piece = piece.subspan(length);
    }
    return {};
  };
  TRY(load(name, {}, compare, stop));
  return equal;
}

Result<> RetryingStore::list(std::string_view directory,
                             const std::function<Result<>(const ObjectInfo&)>& each,
                             std::stop_token stop) {
  Retry retry{clock_, *throttle_, limits_};
  std::vector<std::size_t> delivered;  // hashes of names; the first `sorted` of them in order
  std::size_t sorted = 0;
  const auto deliver_new = [&](const ObjectInfo& info) -> Result<> {
    const std::size_t hash = std::hash<std::string>{}(info.name);
    const auto known_end = delivered.begin() + static_cast<std::ptrdiff_t>(sorted);
    if (std::binary_search(delivered.begin(), known_end, hash)) return {};
    auto taken = each(info);
    if (!taken) {
      retry.forbid();
      return taken;
    }
    delivered.push_back(hash);
    retry.note_progress();
    return {};
  };
  return run_with_retries(retry, stop, [&] {
    std::ranges::sort(delivered);
    sorted = delivered.size();
    return inner_->list(directory, deliver_new, stop);
  });
}

}  // namespace

std::unique_ptr<ObjectStore> retrying(std::unique_ptr<ObjectStore> inner, Clock& clock,
                                      std::shared_ptr<const Throttle> throttle,
                                      std::chrono::seconds give_up_after) {
  return std::make_unique<RetryingStore>(std::move(inner), clock, std::move(throttle),
                                         give_up_after);
}

}  // namespace dmaas::storage
