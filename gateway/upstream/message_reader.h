// Length-prefixed messages out of a stream of bytes that comes in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {

class MessageReader {
 public:
  enum class Step {
    kNeedMore,    // all of `data` was taken
    kMessage,     // `message` holds one; there may be more in `data`
    kCompressed,  // flagged as compressed, though no encoding was agreed
    kBadFlag,     // a reserved flag
    kTooLarge,    // see claimed()
  };

  explicit MessageReader(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Takes from the front of `data`. After a failure the reader is of no more use. A claimed size is
  // never allocated before its bytes came, but for the first 64 KiB.
  Step Next(std::string_view& data, std::string& message);
  // Nothing of a next message was read.
  bool at_boundary() const { return prefix_read_ == 0; }
  uint64_t claimed() const { return claimed_; }
  size_t max_bytes() const { return max_bytes_; }

 private:
  Step ReadPrefix(std::string_view& data);
  void Reserve(size_t more);

  const size_t max_bytes_;
  char prefix_[kPrefixBytes];
  size_t prefix_read_ = 0;
  uint64_t claimed_ = 0;
  std::string partial_;
};

// Prefix and message, appended.
void AppendFramed(std::string_view message, std::string& out);

}  // namespace frontdesk::upstream
