// The rules of a contract, held against the wire bytes of a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/contract/rules.h"
#include "gateway/policy/wall_clock.h"

namespace frontdesk::policy {

// All that is wrong with a request, as far as anybody wants to read it. Values are never cited.
class Violations {
 public:
  static constexpr size_t kMost = 100;
  static constexpr size_t kMostBytes = 16 << 10;

  // `rule` is its stable name.
  void Add(std::string_view field, std::string_view text, std::string_view rule);
  // No more is told, so that no more need be looked for.
  bool full() const { return count_ >= kMost || bad_request_.size() >= kMostBytes; }
  size_t count() const { return count_; }
  // OK without violations, else 400 VALIDATION_FAILED.
  absl::Status ToStatus() const;

 private:
  size_t count_ = 0;
  std::string first_;
  std::string bad_request_;  // a google.rpc.BadRequest
};

// Adds what `bytes`, a well-formed message, breaks of the rules; in the order of its fields, until
// `violations` is full. Any encoding of a message gives the same answer as its canonical one: last
// values win, parts of a message are one, packed or not. Of what is not well-formed only what comes
// before that is looked at. The time it takes grows with the bytes and no faster.
void ValidateMessage(const contract::MessageRules& rules, std::string_view bytes,
                     const WallClock& wall, Violations& violations);

}  // namespace frontdesk::policy
