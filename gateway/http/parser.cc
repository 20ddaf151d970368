#include "gateway/http/parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "gateway/http/chars.h"

namespace frontdesk::http {
namespace {

// No registered method is longer than 17.
constexpr size_t kLongestMethod = 32;
constexpr std::string_view kVersionText = "HTTP/1.1";

// The first byte from `p` on that a field value may not have. Eight bytes at a time, since most of
// a head is values; the exact look is left to the table.
char* SkipFieldChars(char* p, const char* end) {
  constexpr uint64_t kOnes = ~uint64_t{0} / 255;
  while (end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    // A high bit is set where a byte is below 0x20 (a borrow) or equal to 0x7f; bytes from 0x80 on
    // never count. False hits only send a byte to the table below.
    const uint64_t low = (word - kOnes * 0x20) & ~word;
    const uint64_t del = ((word ^ kOnes * 0x7f) - kOnes) & ~(word ^ kOnes * 0x7f);
    const uint64_t suspects = (low | del) & kOnes * 0x80;
    if (suspects != 0) {
      if constexpr (std::endian::native == std::endian::little) {
        p += std::countr_zero(suspects) / 8;
      }
      if (!Is(kFieldChar, *p)) return p;
      ++p;
      continue;
    }
    p += 8;
  }
  while (p != end && Is(kFieldChar, *p)) ++p;
  return p;
}

}  // namespace

void RequestParser::Reset() {
  refusal_ = nullptr;
  content_length_ = 0;
  at_ = mark_ = fields_at_ = 0;
  method_ = target_ = authority_ = path_ = query_ = Span();
  state_ = State::kStart;
  minor_version_ = 1;
  blank_lines_ = 0;
  complete_ = expects_continue_ = has_connection_ = has_expect_ = false;
  keep_alive_ = true;
  framing_ = Framing::kNone;
  hosts_ = lengths_ = codings_ = types_ = 0;
  fields_.clear();
}

RequestParser::Progress RequestParser::Refuse(const Refusal& refusal) {
  refusal_ = &refusal;
  return Progress::kRefused;
}

// The data ends here: the limits that a whole line would have met are applied to what there is.
RequestParser::Progress RequestParser::Stop(const char* at, const char* data) {
  at_ = static_cast<uint32_t>(at - data);
  if (state_ == State::kMethod && at_ - mark_ > kLongestMethod) return Refuse(refusal::kMethodLong);
  if (state_ == State::kTarget && at_ - mark_ > limits_.target_bytes) {
    return Refuse(refusal::kTargetLong);
  }
  if (fields_at_ != 0 && at_ - fields_at_ > limits_.header_bytes) {
    return Refuse(refusal::kHeaderBytes);
  }
  return Progress::kMore;
}

const Refusal* RequestParser::EndMethod(const char* data, size_t end) {
  method_ = {mark_, static_cast<uint32_t>(end) - mark_};
  if (data[end] != ' ' || method_.size == 0) return &refusal::kMethod;
  if (method_.size > kLongestMethod) return &refusal::kMethodLong;
  if (method_.In(data) == "CONNECT") return &refusal::kConnect;
  return nullptr;
}

// "HTTP/1.1\r\n", of which at least one byte and perhaps not yet all is there.
const Refusal* RequestParser::ReadVersion(const char* at, size_t available) {
  const std::string_view text(at, std::min(available, kVersionText.size()));
  if (text == kVersionText || text == "HTTP/1.0") {
    minor_version_ = static_cast<uint8_t>(text[7] - '0');
    if (available > 8 && at[8] != '\r') {
      return at[8] >= '0' && at[8] <= '9' ? &refusal::kVersion : &refusal::kLineEnd;
    }
    return available > 9 && at[9] != '\n' ? &refusal::kLineEnd : nullptr;
  }
  constexpr std::string_view kName = "HTTP/";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.substr(0, 5) != kName.substr(0, text.size())) return &refusal::kVersion;
  if (text.size() > 5 && !digit(text[5])) return &refusal::kVersion;
  if (text.size() > 6 && text[6] != '.') return &refusal::kVersion;
  if (text.size() > 7) return digit(text[7]) ? &refusal::kVersionUnknown : &refusal::kVersion;
  return nullptr;
}

// A field's line is complete: note the few fields on which framing and the connection depend.
const Refusal* RequestParser::EndField(const char* data, size_t end) {
  Field& field = fields_.back();
  while (end > mark_ && (data[end - 1] == ' ' || data[end - 1] == '\t')) --end;
  field.value = {mark_, static_cast<uint32_t>(end) - mark_};
  const std::string_view name = field.name.In(data);
  const uint32_t index = static_cast<uint32_t>(fields_.size()) - 1;
  switch (name.size()) {
    case 4:
      if (name == "host") ++hosts_, host_ = index;
      break;
    case 6:
      if (name == "expect") has_expect_ = true;
      break;
    case 10:
      if (name == "connection") has_connection_ = true;
      break;
    case 12:
      if (name == "content-type" && ++types_ > 1) return &refusal::kTypeTwice;
      break;
    case 14:
      if (name == "content-length") ++lengths_, length_ = index;
      break;
    case 17:
      if (name == "transfer-encoding") ++codings_, coding_ = index;
      break;
    default:
      break;
  }
  return nullptr;
}

RequestParser::Progress RequestParser::Parse(char* data, size_t size) {
  char* p = data + at_;
  const char* const end = data + size;
  while (p != end) {
    const uint32_t here = static_cast<uint32_t>(p - data);
    switch (state_) {
      case State::kStart:
        if (*p != '\r') {
          mark_ = here;
          state_ = State::kMethod;
          break;
        }
        // RFC 9112 section 2.2 asks for tolerance of at least one empty line; old clients send one
        // after a body, and one more.
        if (++blank_lines_ > 2) return Refuse(refusal::kBlankLines);
        state_ = State::kStartLf;
        ++p;
        break;
      case State::kStartLf:
        if (*p++ != '\n') return Refuse(refusal::kLineEnd);
        state_ = State::kStart;
        break;
      case State::kMethod:
        while (p != end && Is(kMethodChar, *p)) ++p;
        if (p == end) break;
        if (const Refusal* wrong = EndMethod(data, static_cast<size_t>(p - data))) {
          return Refuse(*wrong);
        }
        mark_ = static_cast<uint32_t>(++p - data);
        state_ = State::kTarget;
        break;
      case State::kTarget:
        while (p != end && Is(kTargetChar, *p)) ++p;
        target_ = {mark_, static_cast<uint32_t>(p - data) - mark_};
        if (p == end) break;
        if (target_.size > limits_.target_bytes) return Refuse(refusal::kTargetLong);
        if (*p != ' ' || target_.size == 0) return Refuse(refusal::kTargetChars);
        mark_ = static_cast<uint32_t>(++p - data);
        state_ = State::kVersion;
        break;
      case State::kVersion: {
        const char* version = data + mark_;
        const size_t available = static_cast<size_t>(end - version);
        if (const Refusal* wrong = ReadVersion(version, available)) return Refuse(*wrong);
        if (available < kVersionText.size() + 2) {
          p = data + size;
          break;
        }
        p = data + mark_ + kVersionText.size() + 2;
        fields_at_ = static_cast<uint32_t>(p - data);
        state_ = State::kField;
        break;
      }
      case State::kField:
        if (here - fields_at_ > limits_.header_bytes) return Refuse(refusal::kHeaderBytes);
        if (*p == '\r') {
          state_ = State::kEndLf;
          ++p;
          break;
        }
        if (*p == ' ' || *p == '\t') return Refuse(refusal::kFieldFold);
        if (fields_.size() >= limits_.header_fields) return Refuse(refusal::kHeaderFields);
        mark_ = here;
        state_ = State::kName;
        break;
      case State::kName: {
        for (uint8_t lower; p != end && (lower = kTokenLower[static_cast<uint8_t>(*p)]) != 0; ++p) {
          *p = static_cast<char>(lower);
        }
        if (p == end) break;
        const uint32_t length = static_cast<uint32_t>(p - data) - mark_;
        if (*p != ':' || length == 0) return Refuse(refusal::kFieldName);
        fields_.push_back({{mark_, length}, {}});
        ++p;
        state_ = State::kValueSpace;
        break;
      }
      case State::kValueSpace:
        if (*p == ' ' || *p == '\t') {
          ++p;
          break;
        }
        mark_ = here;
        state_ = State::kValue;
        break;
      case State::kValue:
        p = SkipFieldChars(p, end);
        if (p == end) break;
        if (*p != '\r') {
          return Refuse(*p == '\n' ? refusal::kLineEnd : refusal::kFieldValue);
        }
        if (const Refusal* wrong = EndField(data, static_cast<size_t>(p - data))) {
          return Refuse(*wrong);
        }
        ++p;
        state_ = State::kValueLf;
        break;
      case State::kValueLf:
        if (*p++ != '\n') return Refuse(refusal::kLineEnd);
        state_ = State::kField;
        break;
      case State::kEndLf:
        if (*p++ != '\n') return Refuse(refusal::kLineEnd);
        at_ = static_cast<uint32_t>(p - data);
        if (at_ - fields_at_ > limits_.header_bytes) return Refuse(refusal::kHeaderBytes);
        if (const Refusal* wrong = Judge(data)) return Refuse(*wrong);
        complete_ = true;
        return Progress::kDone;
    }
  }
  return Stop(p, data);
}

void RequestParser::Fill(const char* data, Request& request) const {
  request.method = method_.In(data);
  request.target = target_.In(data);
  request.protocol = http11() ? std::string_view("HTTP/1.1") : std::string_view("HTTP/1.0");
  request.headers.clear();
  request.authority = request.path = request.query = {};
  request.content_length.reset();
  request.has_body = false;
  if (!complete_) return;
  for (const Field& field : fields_) request.headers.Add(field.name.In(data), field.value.In(data));
  request.authority = authority_.In(data);
  request.path = path_.size == 0 ? std::string_view("/") : path_.In(data);
  request.query = query_.In(data);
  request.has_body = framing_ != Framing::kNone;
  if (framing_ != Framing::kChunked) request.content_length = content_length_;
}

}  // namespace frontdesk::http
