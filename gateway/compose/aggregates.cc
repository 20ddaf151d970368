#include "gateway/compose/aggregates.h"

#include "gateway/base/failure.h"

namespace frontdesk::compose {

absl::Status RequestIsNoMessage() {
  return Failure(absl::StatusCode::kInvalidArgument, "INVALID_MESSAGE",
                 "the request is not a message of the method's type");
}

}  // namespace frontdesk::compose
