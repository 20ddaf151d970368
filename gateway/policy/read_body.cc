#include "gateway/policy/read_body.h"

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

}  // namespace

Task<absl::Status> ReadBody(Exchange& exchange, Shedder& shedder) {
  absl::Status encoding = CheckEncoding(exchange.request.headers);
  if (!encoding.ok()) co_return encoding;
  const size_t limit = exchange.route->max_request_bytes;
  // An announced length is refused before a byte of it is read.
  if (exchange.request.content_length > limit) co_return TooLarge(limit);
  if (exchange.request.content_length) {
    exchange.body_text.reserve(std::min<size_t>(*exchange.request.content_length, 64 << 10));
  }
  while (true) {
    const absl::StatusOr<std::string_view> piece =
        co_await exchange.body.Next(exchange.call.deadline);
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) co_return absl::OkStatus();
    if (exchange.body_text.size() + piece->size() > limit) co_return TooLarge(limit);
    absl::Status room = shedder.TakeBytes(piece->size(), exchange.body_bytes);
    if (!room.ok()) co_return room;
    exchange.body_text.append(*piece);
  }
}

}  // namespace frontdesk::policy
