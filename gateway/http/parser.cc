#include "gateway/http/parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "gateway/base/words.h"
#include "gateway/http/chars.h"

namespace frontdesk::http {
namespace {

// No registered method is longer than 17.
constexpr size_t kLongestMethod = 32;
constexpr std::string_view kVersionText = "HTTP/1.1";

char* Skip(const CharTable& table, char* p, const char* end) {
  while (p != end && Is(table, *p)) ++p;
  return p;
}

// Puts a field name into lower case and returns its end.
char* LowerToken(char* p, const char* end) {
  for (uint8_t lower; p != end && (lower = kTokenLower[static_cast<uint8_t>(*p)]) != 0; ++p) {
    *p = static_cast<char>(lower);
  }
  return p;
}

// The first byte from `p` on that a field value may not have. Eight bytes at a time, since most of
// a head is values; the exact look is left to the table.
char* SkipFieldChars(char* p, const char* end) {
  while (end - p >= 8) {
    // A high bit is set where a byte is below 0x20 or equal to 0x7f, in the first such byte surely;
    // bytes from 0x80 on never count. False hits only send a byte to the table below.
    const uint64_t word = LoadWord(p);
    const uint64_t suspects = HasBelow(word, 0x20) | HasByte(word, 0x7f);
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

char* RequestParser::Wrong(const Refusal& refusal) {
  refusal_ = &refusal;
  return nullptr;
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
  char* at = data + at_;
  const char* const end = data + size;
  while (at != end && state_ != State::kDone) {
    at = state_ < State::kField ? StepRequestLine(data, at, end) : StepField(data, at, end);
    if (!at) return Progress::kRefused;
  }
  if (state_ != State::kDone) return Stop(at, data);
  at_ = static_cast<uint32_t>(at - data);
  if (at_ - fields_at_ > limits_.header_bytes) return Refuse(refusal::kHeaderBytes);
  if (const Refusal* wrong = Judge(data)) return Refuse(*wrong);
  complete_ = true;
  return Progress::kDone;
}

char* RequestParser::StepRequestLine(char* data, char* at, const char* end) {
  switch (state_) {
    case State::kStart:
      if (*at == '\r') {
        // RFC 9112 section 2.2 asks for tolerance of at least one empty line; old clients send one
        // after a body, and one more.
        if (++blank_lines_ > 2) return Wrong(refusal::kBlankLines);
        state_ = State::kStartLf;
        return at + 1;
      }
      mark_ = static_cast<uint32_t>(at - data);
      state_ = State::kMethod;
      [[fallthrough]];
    case State::kMethod:
      at = Skip(kMethodChar, at, end);
      if (at == end) return at;
      if (const Refusal* wrong = EndMethod(data, static_cast<size_t>(at - data))) {
        return Wrong(*wrong);
      }
      mark_ = static_cast<uint32_t>(++at - data);
      state_ = State::kTarget;
      [[fallthrough]];
    case State::kTarget:
      at = Skip(kTargetChar, at, end);
      target_ = {mark_, static_cast<uint32_t>(at - data) - mark_};
      if (at == end) return at;
      if (target_.size > limits_.target_bytes) return Wrong(refusal::kTargetLong);
      if (*at != ' ' || target_.size == 0) return Wrong(refusal::kTargetChars);
      mark_ = static_cast<uint32_t>(++at - data);
      state_ = State::kVersion;
      return at;
    case State::kVersion:
      return StepVersion(data, end);
    default:
      state_ = State::kStart;
      return *at == '\n' ? at + 1 : Wrong(refusal::kLineEnd);
  }
}

// Only ten bytes, so they are looked at anew until all are there.
char* RequestParser::StepVersion(char* data, const char* end) {
  char* const version = data + mark_;
  const size_t available = static_cast<size_t>(end - version);
  if (const Refusal* wrong = ReadVersion(version, available)) return Wrong(*wrong);
  const size_t length = kVersionText.size() + 2;
  if (available < length) return version + available;
  fields_at_ = mark_ + static_cast<uint32_t>(length);
  state_ = State::kField;
  return version + length;
}

// A whole line where it is there, or as far as it is.
char* RequestParser::StepField(char* data, char* at, const char* end) {
  switch (state_) {
    case State::kField:
      if (*at == '\r') {
        state_ = State::kEndLf;
        return at + 1;
      }
      if (const Refusal* wrong = BeginField(data, at)) return Wrong(*wrong);
      [[fallthrough]];
    case State::kName: {
      at = LowerToken(at, end);
      if (at == end) return at;
      const uint32_t length = static_cast<uint32_t>(at - data) - mark_;
      if (*at != ':' || length == 0) return Wrong(refusal::kFieldName);
      fields_.push_back({{mark_, length}, {}});
      ++at;
      state_ = State::kValueSpace;
      [[fallthrough]];
    }
    case State::kValueSpace:
      while (at != end && (*at == ' ' || *at == '\t')) ++at;
      if (at == end) return at;
      mark_ = static_cast<uint32_t>(at - data);
      state_ = State::kValue;
      [[fallthrough]];
    case State::kValue:
      at = SkipFieldChars(at, end);
      if (at == end) return at;
      if (*at != '\r') return Wrong(*at == '\n' ? refusal::kLineEnd : refusal::kFieldValue);
      if (const Refusal* wrong = EndField(data, static_cast<size_t>(at - data))) {
        return Wrong(*wrong);
      }
      state_ = State::kValueLf;
      return at + 1;
    case State::kValueLf:
      state_ = State::kField;
      return *at == '\n' ? at + 1 : Wrong(refusal::kLineEnd);
    default:
      state_ = State::kDone;
      return *at == '\n' ? at + 1 : Wrong(refusal::kLineEnd);
  }
}

const Refusal* RequestParser::BeginField(const char* data, const char* at) {
  mark_ = static_cast<uint32_t>(at - data);
  state_ = State::kName;
  if (mark_ - fields_at_ > limits_.header_bytes) return &refusal::kHeaderBytes;
  if (*at == ' ' || *at == '\t') return &refusal::kFieldFold;
  return fields_.size() >= limits_.header_fields ? &refusal::kHeaderFields : nullptr;
}

void RequestParser::Fill(const char* data, Request& request) const {
  request.method = method_.In(data);
  request.target = target_.In(data);
  request.protocol = http11() ? std::string_view("HTTP/1.1") : std::string_view("HTTP/1.0");
  request.headers.clear();
  request.authority = request.path = request.query = {};
  request.content_length.reset();
  request.has_body = false;
  if (state_ != State::kDone) return;
  for (const Field& field : fields_) request.headers.Add(field.name.In(data), field.value.In(data));
  if (!complete_) return;
  request.authority = authority_.In(data);
  request.path = path_.size == 0 ? std::string_view("/") : path_.In(data);
  request.query = query_.In(data);
  request.has_body = framing_ != Framing::kNone;
  if (framing_ != Framing::kChunked) request.content_length = content_length_;
}

}  // namespace frontdesk::http
