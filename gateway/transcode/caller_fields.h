// Fields that only the gateway fills, from the verified caller.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "gateway/transcode/overlay.h"

namespace frontdesk::transcode {

// Lays every field with a caller source over the request: those of the message itself and of the
// singular messages in it, which come into being with it. Members of a oneof, elements of lists and
// messages that contain themselves are not reached: the contract must not have sources there.
// Fails with UNAUTHENTICATED, CALLER_REQUIRED, when there is no caller.
absl::Status AddCallerFields(const contract::MessageTable& table, std::string_view caller_sub,
                             Overlay& overlay);

}  // namespace frontdesk::transcode
