// How much the head of a call may hold: one that is too large costs more than its own call.
#pragma once

#include <cstddef>

#include "gateway/base/failure.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk::upstream {

// What HTTP/2 counts of a field besides its name and value (RFC 9113 section 6.5.2).
inline constexpr size_t kFieldBytes = 32;
// Of a whole head: what gRPC servers take when nobody has told them otherwise. Those of C++ refuse
// a larger one and other calls of its connection along with it, so that a client who may choose the
// size could have the calls of all others fail.
inline constexpr size_t kMostHeadBytes = 8 << 10;
// Of these, what a call has besides its metadata: pseudo-headers with the names of method and
// authority, content type, time-out, user agent, encodings, a key and the number of attempts.
inline constexpr size_t kOwnHeadBytes = 1 << 10;
inline constexpr size_t kMostMetadataBytes = kMostHeadBytes - kOwnHeadBytes;

// As HTTP/2 counts, "-bin" values in base64; also of what is left out in the end.
size_t HeadBytes(const Metadata& metadata);

// REQUEST_METADATA_TOO_LARGE (431): what the client wants sent on, and what is known of it, is too
// much. Nobody was called, and nobody but the client can do better.
Failure HeadTooLarge(size_t bytes, size_t limit);

}  // namespace frontdesk::upstream
