// Where the body of a request ends, and what of the bytes is body (RFC 9112 sections 6 and 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/http/parser.h"
#include "gateway/http/refusal.h"
#include "gateway/http/server_limits.h"

namespace frontdesk::http {

// Strict like the parser of heads. Chunk extensions are checked and dropped; so are trailer fields,
// except that one which would change framing, routing or identity is refused.
class BodyDecoder {
 public:
  explicit BodyDecoder(const ServerLimits& limits) : limits_(limits) {}

  void Start(Framing framing, uint64_t content_length);

  struct Step {
    size_t consumed = 0;               // bytes of the input that are dealt with
    std::string_view piece;            // body among them, a view into the input
    const Refusal* refusal = nullptr;  // the input is malformed or too large
  };
  // Takes bytes up to the end of the next piece of body. An empty piece without refusal means that
  // all of the input was consumed, or that the body is done().
  Step Next(const char* data, size_t size);

  bool done() const { return state_ == State::kDone; }
  // Bytes of body that are known to come, for a Content-Length; unknown for chunked.
  uint64_t left() const { return left_; }
  bool chunked() const { return chunked_; }

 private:
  enum class State : uint8_t {
    kDone,
    kData,
    kSizeFirst,
    kSize,
    kExtensionName,
    kExtensionNameRest,
    kExtensionValue,
    kExtensionToken,
    kExtensionQuoted,
    kExtensionEscape,
    kExtensionEnd,
    kSizeLf,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf
  };

  const Refusal* Frame(char c);  // one byte between pieces
  const Refusal* SizeByte(char c);
  const Refusal* ExtensionByte(char c);
  const Refusal* TrailerByte(char c);
  const Refusal* EndSize();

  const ServerLimits& limits_;
  uint64_t left_ = 0;   // of this chunk, or of the whole
  uint64_t total_ = 0;  // body so far, that of this chunk included
  uint32_t extension_bytes_ = 0;
  uint32_t trailer_bytes_ = 0;
  uint32_t trailer_fields_ = 0;
  uint8_t size_digits_ = 0;
  bool chunked_ = false;
  State state_ = State::kDone;
  std::string name_;  // of the trailer field, as far as it matters
};

}  // namespace frontdesk::http
