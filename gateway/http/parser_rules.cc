// What a request must be as a whole once its syntax is right: target forms, Host, framing,
// Connection and Expect. Section numbers are of RFC 9112 unless said otherwise.

#include <algorithm>

#include "gateway/http/authority.h"
#include "gateway/http/chars.h"
#include "gateway/http/parser.h"

namespace frontdesk::http {
namespace {

// Calls `each` for every element of a comma-separated list, empty ones included; stops at false.
template <class Each>
bool ForEachElement(std::string_view list, Each each) {
  while (true) {
    const size_t comma = list.find(',');
    if (!each(Trim(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

// 1*DIGIT up to 2^63 - 1, so that sums of lengths never wrap.
bool ReadLength(std::string_view text, uint64_t& length) {
  constexpr uint64_t kMost = ~uint64_t{0} >> 1;
  length = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (length > (kMost - digit) / 10) return false;
    length = length * 10 + digit;
  }
  return !text.empty();
}

// "gzip, chunked" is well-formed and merely not offered; everything else but "chunked" alone is
// somebody's try to have two readers disagree about where the body ends.
const Refusal* JudgeCoding(std::string_view value) {
  if (EqualsLower(value, "chunked")) return nullptr;
  size_t elements = 0, chunked = 0;
  bool last_is_chunked = false;
  const bool tidy = ForEachElement(value, [&](std::string_view element) {
    last_is_chunked = EqualsLower(element, "chunked");
    chunked += last_is_chunked;
    ++elements;
    return IsToken(element) && !EqualsLower(element, "identity");
  });
  const bool known_shape = tidy && elements > 1 && chunked == 1 && last_is_chunked;
  return known_shape ? &refusal::kCodingUnknown : &refusal::kCodingForm;
}

}  // namespace

std::string_view RequestParser::Value(const char* data, size_t field) const {
  return fields_[field].value.In(data);
}

const Refusal* RequestParser::Judge(const char* data) {
  if (const Refusal* wrong = JudgeFraming(data)) return wrong;
  if (const Refusal* wrong = JudgeHost(data)) return wrong;
  if (const Refusal* wrong = JudgeTarget(data)) return wrong;
  return JudgeConnection(data);
}

const Refusal* RequestParser::JudgeFraming(const char* data) {
  if (codings_ > 0) {
    if (!http11()) return &refusal::kCodingIn10;
    if (lengths_ > 0) return &refusal::kLengthAndCoding;
    if (codings_ > 1) return &refusal::kCodingForm;
    framing_ = Framing::kChunked;
    return JudgeCoding(Value(data, coding_));
  }
  if (lengths_ == 0) return nullptr;
  if (lengths_ > 1) return &refusal::kLengthTwice;
  if (!ReadLength(Value(data, length_), content_length_)) return &refusal::kLengthForm;
  framing_ = content_length_ > 0 ? Framing::kLength : Framing::kNone;
  return nullptr;
}

const Refusal* RequestParser::JudgeHost(const char* data) {
  if (hosts_ > 1) return &refusal::kHostTwice;
  if (hosts_ == 0) return http11() ? &refusal::kHostMissing : nullptr;
  authority_ = fields_[host_].value;
  return IsAuthority(authority_.In(data)) ? nullptr : &refusal::kHostForm;
}

const Refusal* RequestParser::JudgeTarget(const char* data) {
  const std::string_view target = target_.In(data);
  if (target == "*") {
    path_ = target_;
    return method_.In(data) == "OPTIONS" ? nullptr : &refusal::kTargetForm;
  }
  if (target[0] != '/') return JudgeAbsolute(data, target);
  const size_t mark = target.find('?');
  const uint32_t path_size =
      mark == std::string_view::npos ? target_.size : static_cast<uint32_t>(mark);
  path_ = {target_.at, path_size};
  if (path_size < target_.size) {
    query_ = {target_.at + path_size + 1, target_.size - path_size - 1};
  }
  return nullptr;
}

// 3.2.2: the target's authority wins; a Host that names another server is refused, since another
// reader may believe it. Whether the scheme is true is for whoever knows the connection.
const Refusal* RequestParser::JudgeAbsolute(const char* data, std::string_view target) {
  const size_t colon = target.find("://");
  if (colon == std::string_view::npos) return &refusal::kTargetForm;
  const std::string_view scheme = target.substr(0, colon);
  if (!EqualsLower(scheme, "http") && !EqualsLower(scheme, "https")) return &refusal::kTargetForm;
  const size_t begin = colon + 3;
  const size_t stop = std::min(target.find_first_of("/?", begin), target.size());
  const std::string_view authority = target.substr(begin, stop - begin);
  if (!IsAuthority(authority)) return &refusal::kTargetHost;
  if (hosts_ > 0 && !EqualsIgnoreCase(authority, authority_.In(data))) {
    return &refusal::kHostDiffers;
  }
  authority_ = {target_.at + static_cast<uint32_t>(begin), static_cast<uint32_t>(authority.size())};
  const size_t mark = std::min(target.find('?', stop), target.size());
  // An empty path stays empty here and reads as "/" (RFC 9110 section 4.2.3).
  path_ = {target_.at + static_cast<uint32_t>(stop), static_cast<uint32_t>(mark - stop)};
  if (mark < target.size()) {
    query_ = {target_.at + static_cast<uint32_t>(mark) + 1,
              static_cast<uint32_t>(target.size() - mark) - 1};
  }
  return nullptr;
}

const Refusal* RequestParser::JudgeConnection(const char* data) {
  keep_alive_ = http11();
  if (!has_connection_ && !has_expect_) return nullptr;
  bool close = false;
  for (const Field& field : fields_) {
    const std::string_view name = field.name.In(data);
    const std::string_view value = field.value.In(data);
    if (has_connection_ && name == "connection") {
      ForEachElement(value, [&](std::string_view option) {
        close = close || EqualsLower(option, "close");
        keep_alive_ = keep_alive_ || EqualsLower(option, "keep-alive");
        return true;
      });
    } else if (has_expect_ && name == "expect" && http11()) {
      // RFC 9110 section 10.1.1: in HTTP/1.0 the expectation is ignored.
      if (!EqualsLower(value, "100-continue")) return &refusal::kExpectation;
      expects_continue_ = framing_ != Framing::kNone;
    }
  }
  keep_alive_ = keep_alive_ && !close;
  return nullptr;
}

}  // namespace frontdesk::http
