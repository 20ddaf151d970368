// Writing the head of an answer (RFC 9112 section 4).
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/http/message.h"

namespace frontdesk::http {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); the last character is a 0.
inline constexpr size_t kHttpDateSize = 30;
void WriteHttpDate(std::time_t second, char (&text)[kHttpDateSize]);

// The Date field's value, formatted once per second. One per loop.
class DateCache {
 public:
  using WallClock = std::time_t (*)();
  explicit DateCache(WallClock wall_clock) : wall_clock_(wall_clock) {}

  // "Sun, 06 Nov 1994 08:49:37 GMT", right to a quarter of a second.
  std::string_view At(TimePoint now);

 private:
  const WallClock wall_clock_;
  TimePoint look_again_ = TimePoint::min();
  std::time_t second_ = -1;
  char text_[kHttpDateSize] = {};
};

// What the protocol adds to a ResponseHead.
struct ResponseFraming {
  std::optional<uint64_t> content_length;
  bool chunked = false;
  std::string_view connection;  // value of the Connection field, or "" for none
};

// True for a status whose answer never has a body (1xx, 204, 304).
bool HasNoBody(int status);

// Appends status line, fields and the empty line. A field with a malformed name or value, or one
// that belongs to the protocol, is left out: what a back end said must not split the answer.
void AppendResponseHead(std::string& out, const ResponseHead& head, const ResponseFraming& framing,
                        std::string_view date);

// Appends one chunk; `piece` is not empty.
void AppendChunk(std::string& out, std::string_view piece);

}  // namespace frontdesk::http
