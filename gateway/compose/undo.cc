#include "gateway/compose/undo.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::compose {
namespace {

using upstream::MayHaveActed;

// Together about half a second of pauses: a back end that restarts may be back, and a drain need
// not wait long for one that is not.
constexpr int kTries = 3;
constexpr std::chrono::milliseconds kFirstPause{100};

// The back end says that it has not done it and will not.
bool Refused(const absl::Status& failure) {
  return !WasNeverSent(failure) && !MayHaveActed(failure) && upstream::SaysNo(failure.code());
}

bool MayPass(const absl::Status& failure) {
  return WasNeverSent(failure) || MayHaveActed(failure) ||
         failure.code() == absl::StatusCode::kResourceExhausted ||
         failure.code() == absl::StatusCode::kAborted;
}

// Grows by four; the key spreads the undos of many requests that failed at once.
Duration PauseAfter(int tries, std::string_view key) {
  const Duration pause = kFirstPause * (1 << (2 * (tries - 1)));
  const auto part = static_cast<long>(std::hash<std::string_view>()(key) % 256);
  return pause + pause * part / 512;
}

}  // namespace

Compensation::Compensation(upstream::Caller& caller, const upstream::CallContext& context,
                           Cancellation& stop, observe::MetricsShard* metrics,
                           std::shared_ptr<const void> alive, std::vector<UndoCall> calls)
    : caller_(caller),
      metrics_(metrics),
      alive_(std::move(alive)),
      cancel_(stop),
      request_id_(context.request_id),
      context_(context.ForCalls(cancel_)),
      calls_(std::move(calls)),
      results_(calls_.size(), Result::kPending) {
  context_.request_id = request_id_;
  // What is undone has time, and keys of its own.
  context_.deadline = TimePoint::max();
  context_.client_deadline = false;
  context_.whole = Duration::zero();
  context_.key_scope.clear();
  context_.priority = Priority::kCritical;
}

Task<void> Compensation::Run(std::shared_ptr<Compensation> self) {
  for (size_t i = 0; i < self->calls_.size(); ++i) {
    UndoCall& call = self->calls_[i];
    const absl::Status status = co_await self->TakeBack(call);
    self->Note(i, status);
  }
  self->Tell();
  self->held_.clear();
  self->finished_.Set();
}

Task<absl::Status> Compensation::TakeBack(UndoCall& call) {
  for (int tries = 1;; ++tries) {
    absl::Status status = co_await Try(call);
    if (status.ok() || tries == kTries || !MayPass(status)) co_return status;
    const TimePoint next = context_.loop.Now() + PauseAfter(tries, call.key);
    const absl::Status stopped = co_await context_.loop.SleepUntil(next, &cancel_);
    if (!stopped.ok()) co_return status;
  }
}

Task<absl::Status> Compensation::Try(UndoCall& call) {
  if (!call.known && call.from_reply) {
    bool nothing = false;
    absl::Status learnt = co_await Learn(call, nothing);
    if (!learnt.ok() || nothing) co_return learnt;
  }
  std::optional<std::string> request = std::string();
  if (call.from_reply) request = call.from_reply(call.reply);
  if (!request) {
    co_return Failure(absl::StatusCode::kFailedPrecondition, "UNREADABLE_REPLY",
                      "the step's reply does not tell what to undo", Origin::kUpstream);
  }
  *request += call.request;
  upstream::CallOptions options;
  options.timeout = std::chrono::duration_cast<Duration>(call.timeout);
  options.idempotency_key = call.key;
  const absl::StatusOr<upstream::UnaryReply> reply =
      co_await caller_.Unary(context_, *call.method, *request, options);
  // Who is asked to take back what may never have been done rightly finds nothing.
  const bool nothing = !call.known && reply.status().code() == absl::StatusCode::kNotFound;
  co_return nothing ? absl::OkStatus() : reply.status();
}

Task<absl::Status> Compensation::Learn(UndoCall& call, bool& nothing) {
  if (call.step_key.empty()) {
    co_return Failure(absl::StatusCode::kFailedPrecondition, "OUTCOME_UNKNOWN",
                      "without a key the step can't be asked again", Origin::kGateway);
  }
  upstream::CallOptions options;
  options.timeout = std::chrono::duration_cast<Duration>(call.timeout);
  options.idempotency_key = call.step_key;
  absl::StatusOr<upstream::UnaryReply> reply =
      co_await caller_.Unary(context_, *call.step_method, call.step_request, options);
  nothing = Refused(reply.status());
  if (!reply.ok()) co_return nothing ? absl::OkStatus() : reply.status();
  call.reply = std::move(reply->message);
  call.known = true;
  co_return absl::OkStatus();
}

void Compensation::Note(size_t index, const absl::Status& status) {
  const UndoCall& call = calls_[index];
  const Result failed = call.known ? Result::kFailed : Result::kUnknown;
  results_[index] = status.ok() ? Result::kUndone : failed;
  failed_ |= !status.ok();
  if (metrics_) metrics_->OnUndo(status.ok());
  const std::string what = Cat("step ", call.part, " (", call.step_method->full_name,
                               ") of request ", request_id_, ", idempotency key ", call.step_key);
  if (status.ok()) {
    observe::LogInfo(Cat("undone: ", what));
  } else {
    observe::LogError(Cat("not undone: ", what, ": ", ReasonOf(status)));
  }
}

std::vector<std::pair<std::string_view, std::string>> Compensation::Parts() const {
  constexpr std::pair<Result, std::string_view> kNames[] = {{Result::kUndone, "undone"},
                                                            {Result::kFailed, "not_undone"},
                                                            {Result::kUnknown, "unknown"},
                                                            {Result::kPending, "undo_pending"}};
  std::vector<std::pair<std::string_view, std::string>> all;
  for (const auto& [result, name] : kNames) {
    std::string parts;
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (results_[i] == result) parts += Cat(parts.empty() ? "" : ",", calls_[i].part);
    }
    if (!parts.empty()) all.emplace_back(name, std::move(parts));
  }
  return all;
}

void Compensation::Describe(absl::Status& failure) const {
  ClearInfo(failure);
  for (const auto& [name, parts] : Parts()) AddInfo(failure, name, parts);
}

void Compensation::Tell() const {
  std::string text = Cat("taken back of request ", request_id_, ":");
  for (const auto& [name, parts] : Parts()) text += Cat(' ', name, '=', parts);
  if (failed_) {
    observe::LogError(text);
  } else {
    observe::LogInfo(text);
  }
}

}  // namespace frontdesk::compose
