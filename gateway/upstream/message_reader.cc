#include "gateway/upstream/message_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace frontdesk::upstream {

MessageReader::Step MessageReader::ReadPrefix(std::string_view& data) {
  const size_t take = std::min(kPrefixBytes - prefix_read_, data.size());
  std::memcpy(prefix_ + prefix_read_, data.data(), take);
  prefix_read_ += take;
  data.remove_prefix(take);
  if (prefix_read_ < kPrefixBytes) return Step::kNeedMore;
  claimed_ = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) {
    claimed_ = claimed_ << 8 | static_cast<unsigned char>(prefix_[i]);
  }
  if (prefix_[0] == 1) return Step::kCompressed;
  if (prefix_[0] != 0) return Step::kBadFlag;
  if (claimed_ > max_bytes_) return Step::kTooLarge;
  return Step::kMessage;
}

void MessageReader::Reserve(size_t more) {
  constexpr size_t kAtOnce = 64 << 10;
  const size_t needed = partial_.size() + more;
  if (needed <= partial_.capacity()) return;
  const size_t grown = std::max({needed, 2 * partial_.capacity(), kAtOnce});
  partial_.reserve(std::min<size_t>(grown, claimed_));
}

MessageReader::Step MessageReader::Next(std::string_view& data, std::string& message) {
  if (prefix_read_ < kPrefixBytes) {
    const Step step = ReadPrefix(data);
    if (step != Step::kMessage) return step;
  }
  const size_t missing = static_cast<size_t>(claimed_) - partial_.size();
  if (data.size() < missing) {
    Reserve(data.size());
    partial_.append(data);
    data = {};
    return Step::kNeedMore;
  }
  if (partial_.empty()) {
    message.assign(data.substr(0, missing));
  } else {
    Reserve(missing);
    partial_.append(data.substr(0, missing));
    message = std::exchange(partial_, {});
  }
  data.remove_prefix(missing);
  prefix_read_ = 0;
  return Step::kMessage;
}

void AppendFramed(std::string_view message, std::string& out) {
  const auto size = static_cast<uint32_t>(message.size());
  const char prefix[kPrefixBytes] = {0, static_cast<char>(size >> 24),
                                     static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                     static_cast<char>(size)};
  out.reserve(out.size() + kPrefixBytes + message.size());
  out.append(prefix, kPrefixBytes);
  out.append(message);
}

}  // namespace frontdesk::upstream
