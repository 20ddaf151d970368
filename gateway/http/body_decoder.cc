#include "gateway/http/body_decoder.h"

#include <algorithm>
#include <array>

#include "gateway/base/text.h"
#include "gateway/http/chars.h"

namespace frontdesk::http {
namespace {

constexpr uint32_t kMostExtensionBytes = 4096;
constexpr uint8_t kMostSizeDigits = 16;
constexpr uint64_t kMostBytes = ~uint64_t{0} >> 1;

// Fields that say where a message ends, where it goes or who sent it: they are believed before the
// body and may not come after it (RFC 9110 section 6.5.1). Longest name that matters: 19.
constexpr std::array<std::string_view, 14> kNotInTrailer = {
    "host",       "content-length",   "transfer-encoding", "trailer",
    "te",         "connection",       "keep-alive",        "upgrade",
    "expect",     "content-encoding", "authorization",     "proxy-authorization",
    "set-cookie", "proxy-connection",
};
constexpr size_t kLongestName = 19;

}  // namespace

void BodyDecoder::Start(Framing framing, uint64_t content_length) {
  left_ = total_ = 0;
  extension_bytes_ = trailer_bytes_ = trailer_fields_ = 0;
  size_digits_ = 0;
  chunked_ = framing == Framing::kChunked;
  state_ = State::kDone;
  if (chunked_) state_ = State::kSizeFirst;
  if (framing == Framing::kLength) {
    left_ = content_length;
    if (left_ > 0) state_ = State::kData;
  }
}

BodyDecoder::Step BodyDecoder::Next(const char* data, size_t size) {
  Step step;
  if (!chunked_ && left_ > limits_.body_bytes) {
    step.refusal = &refusal::kBodyLarge;
    return step;
  }
  while (step.consumed < size && state_ != State::kDone) {
    if (state_ != State::kData) {
      step.refusal = Frame(data[step.consumed++]);
      if (step.refusal) return step;
      continue;
    }
    const size_t length = static_cast<size_t>(std::min<uint64_t>(left_, size - step.consumed));
    step.piece = {data + step.consumed, length};
    step.consumed += length;
    left_ -= length;
    if (left_ == 0) state_ = chunked_ ? State::kDataCr : State::kDone;
    return step;
  }
  return step;
}

const Refusal* BodyDecoder::EndSize() {
  if (left_ > kMostBytes) return &refusal::kChunkSize;
  if (left_ > limits_.body_bytes || total_ + left_ > limits_.body_bytes) {
    return &refusal::kBodyLarge;
  }
  total_ += left_;
  size_digits_ = 0;
  state_ = left_ > 0 ? State::kData : State::kTrailer;
  return nullptr;
}

const Refusal* BodyDecoder::SizeByte(char c) {
  const int digit = HexValue(c);
  if (digit >= 0) {
    if (++size_digits_ > kMostSizeDigits) return &refusal::kChunkSize;
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
    state_ = State::kSize;
    return nullptr;
  }
  if (state_ == State::kSizeFirst) return &refusal::kChunkSize;
  if (c == '\r') {
    state_ = State::kSizeLf;
    return nullptr;
  }
  state_ = State::kExtensionName;
  return c == ';' ? nullptr : &refusal::kChunkSize;
}

// After ';': [SP] token [ "=" ( token | quoted-string ) ]. The grammar's "bad whitespace" is taken
// only right after the ';', where clients do send it.
const Refusal* BodyDecoder::ExtensionByte(char c) {
  if (++extension_bytes_ > kMostExtensionBytes) return &refusal::kChunkExtensions;
  const bool token = Is(kTokenLower, c);
  switch (state_) {
    case State::kExtensionName:
      if (token) state_ = State::kExtensionNameRest;
      return token || c == ' ' || c == '\t' ? nullptr : &refusal::kChunkExtension;
    case State::kExtensionNameRest:
      if (token) return nullptr;
      if (c == '=') {
        state_ = State::kExtensionValue;
        return nullptr;
      }
      break;
    case State::kExtensionValue:
      state_ = c == '"' ? State::kExtensionQuoted : State::kExtensionToken;
      return token || c == '"' ? nullptr : &refusal::kChunkExtension;
    case State::kExtensionToken:
      if (token) return nullptr;
      break;
    case State::kExtensionQuoted:
      if (c == '"') state_ = State::kExtensionEnd;
      if (c == '\\') state_ = State::kExtensionEscape;
      return Is(kFieldChar, c) ? nullptr : &refusal::kChunkExtension;
    case State::kExtensionEscape:
      state_ = State::kExtensionQuoted;
      return Is(kFieldChar, c) ? nullptr : &refusal::kChunkExtension;
    default:
      break;
  }
  state_ = c == ';' ? State::kExtensionName : State::kSizeLf;
  return c == ';' || c == '\r' ? nullptr : &refusal::kChunkExtension;
}

const Refusal* BodyDecoder::TrailerByte(char c) {
  if (++trailer_bytes_ > limits_.header_bytes) return &refusal::kHeaderBytes;
  switch (state_) {
    case State::kTrailer:
      if (c == '\r') {
        state_ = State::kEndLf;
        return nullptr;
      }
      if (c == ' ' || c == '\t') return &refusal::kFieldFold;
      if (++trailer_fields_ > limits_.header_fields) return &refusal::kHeaderFields;
      name_.clear();
      state_ = State::kTrailerName;
      [[fallthrough]];
    case State::kTrailerName: {
      if (const uint8_t lower = kTokenLower[static_cast<uint8_t>(c)]) {
        // One character more than matters tells a longer name from a forbidden one.
        if (name_.size() <= kLongestName) name_.push_back(static_cast<char>(lower));
        return nullptr;
      }
      if (c != ':' || name_.empty()) return &refusal::kFieldName;
      const bool forbidden =
          std::find(kNotInTrailer.begin(), kNotInTrailer.end(), name_) != kNotInTrailer.end();
      state_ = State::kTrailerValue;
      return forbidden ? &refusal::kTrailerFraming : nullptr;
    }
    default:
      if (c == '\r') {
        state_ = State::kTrailerLf;
        return nullptr;
      }
      return Is(kFieldChar, c) ? nullptr : &refusal::kFieldValue;
  }
}

const Refusal* BodyDecoder::Frame(char c) {
  const auto expect = [&](char wanted, State next, const Refusal& refusal) -> const Refusal* {
    state_ = next;
    return c == wanted ? nullptr : &refusal;
  };
  switch (state_) {
    case State::kDone:
    case State::kData:
      return nullptr;
    case State::kSizeFirst:
    case State::kSize:
      return SizeByte(c);
    case State::kExtensionName:
    case State::kExtensionNameRest:
    case State::kExtensionValue:
    case State::kExtensionToken:
    case State::kExtensionQuoted:
    case State::kExtensionEscape:
    case State::kExtensionEnd:
      return ExtensionByte(c);
    case State::kSizeLf:
      return c == '\n' ? EndSize() : &refusal::kLineEnd;
    case State::kDataCr:
      return expect('\r', State::kDataLf, refusal::kChunkEnd);
    case State::kDataLf:
      return expect('\n', State::kSizeFirst, refusal::kChunkEnd);
    case State::kTrailer:
    case State::kTrailerName:
    case State::kTrailerValue:
      return TrailerByte(c);
    case State::kTrailerLf:
      return expect('\n', State::kTrailer, refusal::kLineEnd);
    case State::kEndLf:
      return expect('\n', State::kDone, refusal::kLineEnd);
  }
  return nullptr;
}

}  // namespace frontdesk::http
