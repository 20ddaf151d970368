#include "gateway/http/refusal.h"

#include "gateway/base/failure.h"

namespace frontdesk::http {
namespace {

absl::StatusCode CodeOf(int http) {
  switch (http) {
    case 405:
    case 501:
    case 505:
      return absl::StatusCode::kUnimplemented;
    case 408:
      return absl::StatusCode::kDeadlineExceeded;
    case 413:
    case 414:
    case 431:
      return absl::StatusCode::kResourceExhausted;
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

}  // namespace

absl::Status AsFailure(const Refusal& refusal) {
  const bool ours = refusal.http == 503;
  Failure failure(CodeOf(refusal.http), refusal.reason, refusal.message,
                  ours ? Origin::kGateway : Origin::kClient);
  failure.Http(refusal.http);
  // RFC 9110 section 15.5.6: a 405 names what is allowed.
  if (refusal.http == 405) failure.Header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (ours) failure.Header("Retry-After", "1");
  return failure;
}

}  // namespace frontdesk::http
