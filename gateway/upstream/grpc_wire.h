// The gRPC protocol over HTTP/2 where it is only text and numbers: time-outs, base64, percent
// encoding, status codes (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/failure.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk::upstream {

// A message is preceded by one byte of flags and four of length, big endian.
inline constexpr size_t kPrefixBytes = 5;

// Value of grpc-timeout: at most 8 digits and a unit, rounded down to that unit but never zero.
class TimeoutText {
 public:
  explicit TimeoutText(Duration left);
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[12];
  size_t size_;
};

// "application/grpc", also followed by "+proto" or ";charset=...", but not application/grpc-web.
bool IsGrpcContentType(std::string_view value);

// As sent in "-bin" metadata: without padding out, with or without in.
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

// grpc-message; an escape that is not one stays as it is, as the protocol asks.
std::string PercentDecode(std::string_view text);

// Whether this pair may be sent as custom metadata: characters, and no name that belongs to HTTP/2
// or to gRPC itself.
bool IsSendableMetadata(std::string_view name, std::string_view value);
// Adds a received pair: "-bin" values are decoded (and split where a proxy joined them by commas);
// one that is not base64 is dropped.
void AddReceivedMetadata(std::string_view name, std::string_view value, Metadata& metadata);

// Of an answer that is not gRPC's own (doc/http-grpc-status-mapping.md).
absl::StatusCode CodeOfHttpStatus(int status);
// Of a stream that the peer reset, by its HTTP/2 error code.
absl::StatusCode CodeOfReset(uint32_t http2_error);
std::string_view NameOfHttp2Error(uint32_t http2_error);

// The status that a back end gave: `number` is grpc-status (out of range counts as UNKNOWN),
// `details` a serialised google.rpc.Status or empty.
absl::Status BackendStatus(int number, std::string_view message, std::string_view details);

// Failures that the transports make. They have Origin::kUpstream: their text, which may name
// addresses, is for the log.
//
// 503: no connection could be made.
Failure Unreachable(std::string_view what);
// 503: too many calls wait already.
Failure Overloaded(std::string_view what);
// 502: the stream or its connection ended before the answer did.
Failure Reset(absl::StatusCode code, std::string_view what);
// 502: the answer breaks HTTP/2 or gRPC.
Failure ProtocolError(absl::StatusCode code, std::string_view what);
// 502: a message above the limit.
Failure MessageTooLarge(uint64_t size, size_t limit);

}  // namespace frontdesk::upstream
