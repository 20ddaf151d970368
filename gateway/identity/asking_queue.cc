#include "gateway/identity/asking_queue.h"

#include <algorithm>
#include <utility>

namespace frontdesk::identity {

void AskingQueue::Push(const std::string& owner, std::string token) {
  std::deque<std::string>& own = tokens_[owner];
  if (own.empty()) turns_.push_back(owner);
  own.push_back(std::move(token));
  ++size_;
}

std::string AskingQueue::Pop() {
  std::string owner = std::move(turns_.front());
  turns_.pop_front();
  const auto own = tokens_.find(owner);
  std::string token = std::move(own->second.front());
  own->second.pop_front();
  --size_;
  if (own->second.empty()) {
    tokens_.erase(own);
  } else {
    turns_.push_back(std::move(owner));
  }
  return token;
}

std::optional<std::string> AskingQueue::MakeRoom(const std::string& owner) {
  const auto most = std::max_element(
      tokens_.begin(), tokens_.end(),
      [](const auto& one, const auto& other) { return one.second.size() < other.second.size(); });
  const auto own = tokens_.find(owner);
  const size_t has = own == tokens_.end() ? 0 : own->second.size();
  // So it has another one left, and keeps its turn.
  if (most == tokens_.end() || most->second.size() < has + 2) return std::nullopt;
  std::string token = std::move(most->second.back());
  most->second.pop_back();
  --size_;
  return token;
}

}  // namespace frontdesk::identity
