// Fields that only the gateway fills, from the verified caller.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "gateway/identity/identity.h"
#include "gateway/transcode/overlay.h"

namespace frontdesk::transcode {

struct CallerValues {
  std::string_view sub;                          // "" for nobody
  const identity::Identity* identity = nullptr;  // null where nothing but the sub is known
};

// Lays every field with a caller source over the request: those of the message itself and of the
// singular messages in it, which come into being with it. Members of a oneof, elements of lists and
// messages that contain themselves are not reached: the contract must not have sources there. A
// claim that is not there, or that the field can't hold, leaves it unset: see Method::claims. Fails
// with UNAUTHENTICATED, CALLER_REQUIRED, when there is no caller.
absl::Status AddCallerFields(const contract::MessageTable& table, const CallerValues& caller,
                             Overlay& overlay);

}  // namespace frontdesk::transcode
