#include "controller/background.hpp"

namespace dmaas::controller {

std::optional<Result<Json>> Background::run(const std::string& key, const Work& work,
                                            const std::function<void()>& done) {
  std::shared_ptr<Piece> finished;
  {
    std::lock_guard lock{mutex_};
    auto [found, is_new] = pieces_.try_emplace(key);
    if (is_new) {
      found->second = std::make_shared<Piece>();
      auto* piece = found->second.get();
      piece->thread = std::jthread{[this, piece, work, done](std::stop_token stop) {
        auto result = work(std::move(stop));
        {
          std::lock_guard inner{mutex_};
          piece->result = std::move(result);
        }
        done();
      }};
      return std::nullopt;
    }
    if (!found->second->result) return std::nullopt;
    finished = std::move(found->second);
    pieces_.erase(found);
  }
  finished->thread.join();
  return std::move(finished->result);
}

void Background::cancel(const std::string& key) {
  std::shared_ptr<Piece> piece;
  {
    std::lock_guard lock{mutex_};
    auto found = pieces_.find(key);
    if (found == pieces_.end()) return;
    piece = std::move(found->second);
    pieces_.erase(found);
  }
  piece->thread.request_stop();
  piece->thread.join();
}

void Background::stop() {
  std::map<std::string, std::shared_ptr<Piece>> pieces;
  {
    std::lock_guard lock{mutex_};
    pieces.swap(pieces_);
  }
  for (auto& [key, piece] : pieces) piece->thread.request_stop();
  for (auto& [key, piece] : pieces) piece->thread.join();
}

}  // namespace dmaas::controller
