#include "gateway/client/fake_caller.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::client {
namespace {

// When a call that starts now must have ended.
TimePoint DeadlineOf(const upstream::CallContext& context, Duration timeout, TimePoint now) {
  if (timeout >= TimePoint::max() - now) return context.deadline;
  return std::min(context.deadline, now + timeout);
}

}  // namespace

void FakeCaller::Reply(std::string_view method, const google::protobuf::MessageLite& reply,
                       Duration delay) {
  Answer(
      method, [bytes = upstream::Serialise(reply)](std::string_view) { return bytes; }, delay);
}

void FakeCaller::Fail(std::string_view method, absl::Status status, Duration delay) {
  Answer(
      method, [status = std::move(status)](std::string_view) { return status; }, delay);
}

void FakeCaller::Answer(std::string_view method, Script script, Duration delay) {
  Scripted& scripted = scripts_[std::string(method)];
  scripted.script = std::move(script);
  scripted.delay = delay;
}

Task<absl::StatusOr<upstream::UnaryReply>> FakeCaller::Unary(upstream::CallContext& context,
                                                             const contract::MethodName& method,
                                                             std::string_view request,
                                                             const upstream::CallOptions& options) {
  std::string name = Cat(method.service, '/', method.name);
  ++context.calls;
  const std::string& asked = seen_.emplace_back(std::move(name), request).second;
  const auto found = scripts_.find(seen_.back().first);
  if (context.cancel.cancelled()) co_return context.cancel.reason();
  const TimePoint now = loop_.Now();
  const TimePoint deadline = DeadlineOf(context, WithDeclared(options, method).timeout, now);
  if (deadline <= now) {
    co_return DeadlineExceeded("the time was over before the call").NeverSent();
  }
  if (found == scripts_.end()) {
    co_return Failure(absl::StatusCode::kUnimplemented, "NO_SCRIPT",
                      Cat("nothing says what ", method.full_name, " answers"), Origin::kGateway);
  }
  const Scripted scripted = found->second;
  // Before it waits: `seen_` may grow meanwhile.
  absl::StatusOr<std::string> answer = scripted.script(asked);
  if (scripted.delay > Duration::zero()) {
    const TimePoint wake = std::min(deadline, now + scripted.delay);
    const absl::Status cancelled = co_await loop_.SleepUntil(wake, &context.cancel);
    if (!cancelled.ok()) co_return cancelled;
    if (wake == deadline) co_return DeadlineExceeded("the upstream call did not end in time");
  }
  if (!answer.ok()) co_return answer.status();
  upstream::UnaryReply reply;
  reply.message = *std::move(answer);
  co_return reply;
}

}  // namespace frontdesk::client
