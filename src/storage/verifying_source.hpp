#pragma once

#include "base/id.hpp"
#include "crypto/sha256.hpp"
#include "storage/object_store.hpp"

namespace dmaas::storage {

/// Passes another source on, but withholds its last piece (corrupt) when the whole has not the
/// expected size or SHA-256, so that the receiver never gets a complete object. The inner source
/// outlives it.
class VerifyingSource final : public ObjectSource {
public:
  VerifyingSource(ObjectSource& inner, const Digest& expected)
      : inner_(inner), expected_(expected) {}

  std::uint64_t size() const override { return inner_.size(); }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override;
  Result<> rewind() override;

private:
  ObjectSource& inner_;
  const Digest expected_;
  crypto::Sha256 hash_;
  std::uint64_t position_ = 0;
};

}  // namespace dmaas::storage
