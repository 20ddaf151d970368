// What bounds a composition and how it fails, the same for a plan and for generated code.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/compose/runtime.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::compose {

// When the whole must have ended.
TimePoint End(const upstream::CallContext& parent, Duration deadline);

// What the calls of a composition with this deadline know of the request; they are cancelled by
// `cancel`.
upstream::CallContext ContextOfCalls(const upstream::CallContext& parent, Cancellation& cancel,
                                     Duration deadline);

// How the calls of a step are protected; null for the policy of the called method.
const upstream::CallPolicy* PolicyOf(const RunOptions& options, size_t step);

// Adds a reply to the bytes of all replies, or fails with UPSTREAM_MESSAGE_TOO_LARGE.
absl::Status TakeBytes(size_t size, const RunOptions& options, size_t& bytes);

// The fault of whoever made the list: the client, or a back end.
absl::Status EachTooLong(std::string_view step, size_t length, bool of_request,
                         const RunOptions& options);

// NOT_FOUND: `method`, asked for many elements of a step, says nothing about one of them.
absl::Status NoResult(const contract::MethodName& method, std::string_view step);

}  // namespace frontdesk::compose
