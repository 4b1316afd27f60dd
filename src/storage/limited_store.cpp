#include "storage/limited_store.hpp"

#include <algorithm>
#include <optional>

#include "storage/rate_limit.hpp"

namespace dmaas::storage {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;

/// Hands over each piece only when its time has come.
class PacedSource final : public ObjectSource {
public:
  PacedSource(ObjectSource& inner, RateLimit& limit, std::stop_token stop)
      : inner_(inner), limit_(limit), stop_(std::move(stop)) {}

  std::uint64_t size() const override { return inner_.size(); }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    const std::size_t length = TRY(inner_.read(buffer.first(std::min(buffer.size(), piece_bytes))));
    if (length > 0) TRY(limit_.take(length, stop_));
    return length;
  }
  Result<> rewind() override { return inner_.rewind(); }

private:
  ObjectSource& inner_;
  RateLimit& limit_;
  const std::stop_token stop_;
};

/// While it waits nothing is read from the connection, and the server has to wait too.
Result<> deliver_paced(BytesView bytes, const Sink& sink, RateLimit& limit, std::stop_token stop) {
  while (!bytes.empty()) {
    const BytesView piece = bytes.first(std::min(bytes.size(), piece_bytes));
    TRY(limit.take(piece.size(), stop));
    TRY(sink(piece));
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

class LimitedStore final : public ObjectStore {
public:
  LimitedStore(std::unique_ptr<ObjectStore> inner, const TransferRates& rates, Clock& clock)
      : inner_(std::move(inner)) {
    if (rates.upload > 0) upload_.emplace(rates.upload, clock);
    if (rates.download > 0) download_.emplace(rates.download, clock);
  }

  std::string location() const override { return inner_->location(); }
  unsigned connections() const override { return inner_->connections(); }

  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override {
    return inner_->stat(name, stop);
  }
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override;
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override;
  Result<std::unique_ptr<PendingSave>> begin_save(std::string_view name, ObjectSource& source,
                                                  const SaveOptions& options,
                                                  std::stop_token stop) override;
  Result<> complete_saves(std::vector<std::unique_ptr<PendingSave>> saves,
                          std::stop_token stop) override {
    return inner_->complete_saves(std::move(saves), stop);
  }
  Result<> remove(std::string_view name, std::stop_token stop) override {
    return inner_->remove(name, stop);
  }
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override {
    return inner_->list(directory, each, stop);
  }

private:
  const std::unique_ptr<ObjectStore> inner_;
  std::optional<RateLimit> upload_;
  std::optional<RateLimit> download_;
};

Result<> LimitedStore::load(std::string_view name, Range range, const Sink& sink,
                            std::stop_token stop) {
  if (!download_) return inner_->load(name, range, sink, stop);
  const Sink paced = [&](BytesView bytes) { return deliver_paced(bytes, sink, *download_, stop); };
  return inner_->load(name, range, paced, stop);
}

Result<> LimitedStore::save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                            std::stop_token stop) {
  if (!upload_) return inner_->save(name, source, options, stop);
  PacedSource paced{source, *upload_, stop};
  return inner_->save(name, paced, options, stop);
}

Result<std::unique_ptr<PendingSave>> LimitedStore::begin_save(std::string_view name,
                                                              ObjectSource& source,
                                                              const SaveOptions& options,
                                                              std::stop_token stop) {
  if (!upload_) return inner_->begin_save(name, source, options, stop);
  PacedSource paced{source, *upload_, stop};
  return inner_->begin_save(name, paced, options, stop);
}

}  // namespace

std::unique_ptr<ObjectStore> limited(std::unique_ptr<ObjectStore> inner, const TransferRates& rates,
                                     Clock& clock) {
  if (rates.upload <= 0 && rates.download <= 0) return inner;
  return std::make_unique<LimitedStore>(std::move(inner), rates, clock);
}

}  // namespace dmaas::storage
