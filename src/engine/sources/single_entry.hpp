#pragma once

#include <memory>

#include "engine/sources/source.hpp"

namespace dmaas::engine {

/// A directory of at most one entry.
class SingleEntryDirectory final : public Directory {
public:
  explicit SingleEntryDirectory(std::unique_ptr<Entry> entry) : entry_(std::move(entry)) {}
  Result<std::unique_ptr<Entry>> next() override { return std::move(entry_); }

private:
  std::unique_ptr<Entry> entry_;
};

}  // namespace dmaas::engine
