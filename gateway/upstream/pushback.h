// What a back end said about when a call may be made again: grpc-retry-pushback-ms in its trailers
// (github.com/grpc/proposal/blob/master/A6-client-retries.md), or google.rpc.RetryInfo in the
// details of its status.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"

namespace frontdesk::upstream {

inline constexpr std::string_view kRetryPushback = "grpc-retry-pushback-ms";

// Keeps the header's value in a failure, as it came.
void SetPushback(absl::Status& status, std::string_view value);

// Not to be made again before so much time has passed; Duration::max() means never, also where what
// was said can't be understood. Nothing when nothing was said. The header wins over RetryInfo.
std::optional<Duration> PushbackOf(const absl::Status& status);

}  // namespace frontdesk::upstream
