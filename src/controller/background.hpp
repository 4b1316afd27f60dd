#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// Work that takes longer than a reconciliation may: hooks, opening repositories. At most one piece
/// for a key at a time. Thread-safe. The destructor stops everything.
class Background {
public:
  using Work = std::function<Result<Json>(std::stop_token)>;

  /// The result, once, when the work for `key` is done; else nothing, and the work is started if it
  /// is not running. `done` is called when it ends.
  std::optional<Result<Json>> run(const std::string& key, const Work& work,
                                  const std::function<void()>& done);
  /// Stops the work and drops its result. Blocks until it has ended.
  void cancel(const std::string& key);
  /// Stops all work and drops its results. Blocks until it has ended.
  void stop();

private:
  struct Piece {
    std::optional<Result<Json>> result;
    std::jthread thread;
  };

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Piece>> pieces_;
};

}  // namespace dmaas::controller
