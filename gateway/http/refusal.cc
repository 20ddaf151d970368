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
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

}  // namespace

absl::Status AsFailure(const Refusal& refusal) {
  Failure failure(CodeOf(refusal.http), refusal.reason, refusal.message);
  failure.Http(refusal.http);
  // RFC 9110 section 15.5.6: a 405 names what is allowed.
  if (refusal.http == 405) failure.Header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  return failure;
}

}  // namespace frontdesk::http
