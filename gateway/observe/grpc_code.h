// Names of the gRPC status codes, by their number.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace frontdesk::observe {

inline constexpr size_t kGrpcCodes = 17;

// As in logs and answers.
inline constexpr std::array<std::string_view, kGrpcCodes> kGrpcCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// As the label grpc_code has them in every grpc-ecosystem exporter, so that existing dashboards
// work.
inline constexpr std::array<std::string_view, kGrpcCodes> kGrpcCodeLabels = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

// Codes outside the known range count as UNKNOWN, as the gRPC protocol asks.
constexpr size_t GrpcCodeIndex(int code) {
  return code >= 0 && code < static_cast<int>(kGrpcCodes) ? static_cast<size_t>(code) : 2;
}

}  // namespace frontdesk::observe
