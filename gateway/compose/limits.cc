#include "gateway/compose/limits.h"

#include <algorithm>
#include <chrono>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::compose {

TimePoint End(const upstream::CallContext& parent, Duration deadline) {
  const TimePoint now = parent.loop.Now();
  Duration left = deadline;
  if (parent.deadline != TimePoint::max()) left = std::min<Duration>(left, parent.deadline - now);
  // Longer than any clock runs: as good as none.
  if (left > TimePoint::max() - now) return TimePoint::max();
  return now + std::max(left, Duration::zero());
}

namespace {

// When the calls must have ended: the whole less what making the answer may take.
TimePoint CallsEnd(const upstream::CallContext& parent, Duration deadline) {
  const TimePoint end = End(parent, deadline);
  if (end == TimePoint::max()) return end;
  const Duration left = end - parent.loop.Now();
  return end - std::min<Duration>(std::chrono::milliseconds(10), left / 20);
}

}  // namespace

upstream::CallContext ContextOfCalls(const upstream::CallContext& parent, Cancellation& cancel,
                                     Duration deadline) {
  const bool client_ends = parent.deadline - parent.loop.Now() <= deadline;
  upstream::CallContext context = parent.ForCalls(cancel);
  context.deadline = CallsEnd(parent, deadline);
  context.client_deadline = parent.client_deadline && client_ends;
  context.whole = parent.whole > Duration::zero() ? std::min(parent.whole, deadline) : deadline;
  return context;
}

const upstream::CallPolicy* PolicyOf(const RunOptions& options, size_t step) {
  return step < options.policies.size() ? options.policies[step] : nullptr;
}

absl::Status TakeBytes(size_t size, const RunOptions& options, size_t& bytes) {
  if (size > options.max_total_bytes - bytes) {
    return Failure(absl::StatusCode::kResourceExhausted, "UPSTREAM_MESSAGE_TOO_LARGE",
                   Cat("the replies of the composition are larger than ", options.max_total_bytes,
                       " bytes together"),
                   Origin::kUpstream)
        .Http(502);
  }
  bytes += size;
  return absl::OkStatus();
}

absl::Status EachTooLong(std::string_view step, size_t length, bool of_request,
                         const RunOptions& options) {
  const std::string text = Cat("step ", step, " would make more than ", options.max_elements,
                               " calls: the list has at least ", length, " elements");
  if (of_request) return Failure(absl::StatusCode::kInvalidArgument, "EACH_TOO_LONG", text);
  return Failure(absl::StatusCode::kResourceExhausted, "EACH_TOO_LONG", text, Origin::kUpstream)
      .Http(502);
}

absl::Status NoResult(const contract::MethodName& method, std::string_view step) {
  return Failure(absl::StatusCode::kNotFound, "NOT_FOUND",
                 Cat(method.full_name, " has no result for an element of step ", step),
                 Origin::kUpstream);
}

}  // namespace frontdesk::compose
