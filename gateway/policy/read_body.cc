#include "gateway/policy/read_body.h"

#include <algorithm>
#include <chrono>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/http/chars.h"

namespace frontdesk::policy {
namespace {

absl::Status TooLarge(size_t limit) {
  return Failure(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE",
                 Cat("the body is larger than ", limit, " bytes"))
      .Http(413);
}

// RFC 9110 section 12.5.3: what would be taken is told. Nothing is inflated here, and bytes that
// say they are packed are not what they seem.
absl::Status CheckEncoding(const http::Headers& headers) {
  for (const http::Header& header : headers.fields()) {
    if (header.name != "content-encoding" || http::EqualsLower(header.value, "identity")) continue;
    return Failure(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_ENCODING",
                   "a body with Content-Encoding is not taken")
        .Http(415)
        .Header("Accept-Encoding", "identity");
  }
  return absl::OkStatus();
}

// Of a body's first bytes nobody keeps count: small ones always have room, and a connection has as
// much for a head.
constexpr size_t kUncounted = 8 << 10;

size_t CountedOf(size_t bytes) { return bytes > kUncounted ? bytes - kUncounted : 0; }

// What is a body's without being asked: above it, it gets all the room it may need at once. Growing
// step by step would hold it twice for moments, and memory costs nothing before it is written to.
constexpr size_t kGrowsFreely = 16 << 10;

void MakeRoom(std::string& body, size_t needed, size_t announced, size_t limit) {
  constexpr size_t kAtOnce = 4 << 20;
  if (needed <= body.capacity() || needed <= kGrowsFreely) return;
  const size_t grown = std::min(limit, std::max(kAtOnce, 2 * body.capacity()));
  body.reserve(std::max(needed, announced > 0 ? announced : grown));
}

// When a body of which so much is here has taken long enough for a time when others need its room.
TimePoint WhenTooSlow(TimePoint begun, size_t bytes) {
  constexpr size_t kBytesPerMilli = 64;
  return begun + std::chrono::seconds(5) + std::chrono::milliseconds(bytes / kBytesPerMilli);
}

}  // namespace

Task<absl::Status> ReadBody(Exchange& exchange, Shedder& shedder, Priority priority) {
  absl::Status encoding = CheckEncoding(exchange.request.headers);
  if (!encoding.ok()) co_return encoding;
  const size_t limit = exchange.route->max_request_bytes;
  const size_t announced = exchange.request.content_length.value_or(0);
  // An announced length is refused before a byte of it is read.
  if (announced > limit) co_return TooLarge(limit);
  absl::Status room = shedder.PeekBytes(priority, CountedOf(announced));
  if (!room.ok()) co_return room;
  std::string& body = exchange.body_text;
  body.reserve(std::min(announced, kGrowsFreely));
  const TimePoint begun = exchange.call.loop.Now();
  while (true) {
    TimePoint until = exchange.call.deadline;
    // What is held of this one would make room.
    const bool crowd = exchange.body_bytes.held() > 0 && shedder.bodies_crowd();
    if (crowd) until = std::min(until, WhenTooSlow(begun, body.size()));
    const absl::StatusOr<std::string_view> piece = co_await exchange.body.Next(until);
    if (!piece.ok()) {
      const TimePoint now = exchange.call.loop.Now();
      const bool waited = piece.status().code() == absl::StatusCode::kDeadlineExceeded &&
                          until <= now && now < exchange.call.deadline;
      if (!waited) co_return piece.status();
      if (shedder.bodies_crowd()) co_return shedder.TooMuch();
      continue;  // others have made room meanwhile
    }
    if (piece->empty()) co_return absl::OkStatus();
    const size_t needed = body.size() + piece->size();
    if (needed > limit) co_return TooLarge(limit);
    const size_t counted = CountedOf(needed);
    if (counted > exchange.body_bytes.held()) {
      room = shedder.TakeBytes(priority, counted - exchange.body_bytes.held(), exchange.body_bytes);
      if (!room.ok()) co_return room;
    }
    MakeRoom(body, needed, announced, limit);
    body.append(*piece);
    exchange.request_bytes = needed;
  }
}

}  // namespace frontdesk::policy
