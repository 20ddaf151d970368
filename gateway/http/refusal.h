// Every reason for which HTTP/1.1 input is refused. A refusal is a pointer to one of these, so that
// the parsers stay free of allocation; AsFailure() makes the absl::Status that the rest of the
// program knows.
#pragma once

#include "absl/status/status.h"

namespace frontdesk::http {

struct Refusal {
  int http;
  const char* reason;   // stable, for log and metric
  const char* message;  // for people
};

absl::Status AsFailure(const Refusal& refusal);

namespace refusal {

inline constexpr Refusal kBlankLines{400, "BAD_REQUEST_LINE", "blank lines before the request"};
inline constexpr Refusal kMethod{400, "BAD_REQUEST_LINE", "malformed method"};
inline constexpr Refusal kMethodLong{501, "METHOD_UNKNOWN", "no method has so long a name"};
inline constexpr Refusal kConnect{405, "METHOD_NOT_ALLOWED", "CONNECT is not offered"};
inline constexpr Refusal kTargetChars{400, "BAD_TARGET", "a byte that no request target may have"};
inline constexpr Refusal kTargetLong{414, "TARGET_TOO_LONG", "the request target is too long"};
inline constexpr Refusal kTargetForm{400, "BAD_TARGET",
                                     "the target is neither a path nor an http URI"};
inline constexpr Refusal kTargetHost{400, "BAD_TARGET", "the target's authority is malformed"};
inline constexpr Refusal kVersion{400, "BAD_REQUEST_LINE", "malformed HTTP version"};
inline constexpr Refusal kVersionUnknown{505, "VERSION_NOT_SUPPORTED",
                                         "only HTTP/1.0 and HTTP/1.1 are spoken here"};
inline constexpr Refusal kFieldName{400, "BAD_HEADER", "malformed field name"};
inline constexpr Refusal kFieldFold{400, "BAD_HEADER", "a field line that begins with a space"};
inline constexpr Refusal kFieldValue{400, "BAD_HEADER", "a control character in a field value"};
inline constexpr Refusal kLineEnd{400, "BAD_LINE_END", "a line that does not end in CR LF"};
inline constexpr Refusal kHeaderBytes{431, "HEADERS_TOO_LARGE", "the header fields are too large"};
inline constexpr Refusal kHeaderFields{431, "HEADERS_TOO_LARGE", "too many header fields"};
inline constexpr Refusal kHostMissing{400, "BAD_HOST", "HTTP/1.1 requires a Host field"};
inline constexpr Refusal kHostTwice{400, "BAD_HOST", "more than one Host field"};
inline constexpr Refusal kHostForm{400, "BAD_HOST", "malformed Host field"};
inline constexpr Refusal kHostDiffers{400, "BAD_HOST", "Host and the target's authority differ"};
inline constexpr Refusal kLengthTwice{400, "BAD_FRAMING", "more than one Content-Length"};
inline constexpr Refusal kLengthForm{400, "BAD_FRAMING", "malformed Content-Length"};
inline constexpr Refusal kLengthAndCoding{400, "BAD_FRAMING",
                                          "Content-Length and Transfer-Encoding together"};
inline constexpr Refusal kCodingIn10{400, "BAD_FRAMING", "Transfer-Encoding in HTTP/1.0"};
inline constexpr Refusal kCodingForm{400, "BAD_FRAMING", "Transfer-Encoding other than chunked"};
inline constexpr Refusal kCodingUnknown{501, "CODING_NOT_SUPPORTED",
                                        "a transfer coding that is not offered"};
inline constexpr Refusal kTypeTwice{400, "BAD_HEADER", "more than one Content-Type"};
inline constexpr Refusal kExpectation{417, "EXPECTATION_FAILED",
                                      "an expectation other than 100-continue"};
inline constexpr Refusal kPlainHttp{400, "TLS_REQUIRED", "this port speaks HTTPS, not HTTP"};
inline constexpr Refusal kHeadCut{400, "INCOMPLETE_REQUEST", "the request ends within its head"};
inline constexpr Refusal kHeadSlow{408, "REQUEST_TIMEOUT", "the head took too long to arrive"};
inline constexpr Refusal kChunkSize{400, "BAD_CHUNK", "malformed chunk size"};
inline constexpr Refusal kChunkExtension{400, "BAD_CHUNK", "malformed chunk extension"};
inline constexpr Refusal kChunkExtensions{400, "BAD_CHUNK", "too many chunk extensions"};
inline constexpr Refusal kChunkEnd{400, "BAD_CHUNK", "a chunk that does not end where it said"};
inline constexpr Refusal kTrailerFraming{400, "BAD_TRAILER",
                                         "a field that may not stand in a trailer"};
inline constexpr Refusal kHeadCrowd{503, "OVERLOADED", "too many bytes of requests are held"};
inline constexpr Refusal kBodyLarge{413, "BODY_TOO_LARGE", "the body is too large"};
inline constexpr Refusal kBodySlow{408, "REQUEST_TIMEOUT", "the body arrives too slowly"};

}  // namespace refusal
}  // namespace frontdesk::http
