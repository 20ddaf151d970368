#include "gateway/policy/read_body.h"

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::policy {
namespace {

absl::Status TooLarge(size_t limit) {
  return Failure(absl::StatusCode::kOutOfRange, "BODY_TOO_LARGE",
                 Cat("the body is larger than ", limit, " bytes"))
      .Http(413);
}

}  // namespace

Task<absl::Status> ReadBody(Exchange& exchange) {
  const size_t limit = exchange.route->max_request_bytes;
  // An announced length is refused before a byte of it is read.
  if (exchange.request.content_length > limit) co_return TooLarge(limit);
  if (exchange.request.content_length) {
    exchange.body_text.reserve(std::min<size_t>(*exchange.request.content_length, 64 << 10));
  }
  while (true) {
    const absl::StatusOr<std::string_view> piece = co_await exchange.body.Next();
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) co_return absl::OkStatus();
    if (exchange.body_text.size() + piece->size() > limit) co_return TooLarge(limit);
    exchange.body_text.append(*piece);
  }
}

}  // namespace frontdesk::policy
