// Tokens that wait to be asked about, by who has brought them.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace frontdesk::identity {

// Everybody's turn comes round: who brings very many waits behind himself, and not others behind
// him. Plain value; how many there may be is the owner's to say.
class AskingQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  void Push(const std::string& owner, std::string token);
  // The first one of whose turn it is; not empty.
  std::string Pop();
  // Makes room for one of `owner`: the last one of who has most is taken out, if that one still has
  // no less than `owner` then has. Nothing otherwise.
  std::optional<std::string> MakeRoom(const std::string& owner);

 private:
  // With something in it, each.
  absl::flat_hash_map<std::string, std::deque<std::string>> tokens_;
  std::deque<std::string> turns_;  // each of these owners once
  size_t size_ = 0;
};

}  // namespace frontdesk::identity
