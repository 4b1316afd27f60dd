#pragma once

#include <memory>

#include "base/bytes.hpp"
#include "base/id.hpp"

namespace dmaas::crypto {

Digest sha256(BytesView bytes);

/// SHA-256 over consecutive pieces. Used by one thread at a time.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(BytesView bytes);
  /// The digest of everything since construction or the last `finish`; begins anew.
  Digest finish();

private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest hmac_sha256(BytesView key, BytesView message);

}  // namespace dmaas::crypto
