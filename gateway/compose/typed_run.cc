#include "gateway/compose/typed_run.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/limits.h"
#include "gateway/observe/mistake.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {
namespace {

// Most replies and their answer fit into one block.
google::protobuf::ArenaOptions Blocks() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 8 << 10;
  options.max_block_size = 64 << 10;
  return options;
}

}  // namespace

TypedRun::TypedRun(upstream::CallContext& parent, upstream::Caller& caller,
                   const RunOptions& options, Duration deadline)
    : parent_(parent),
      caller_(caller),
      options_(options),
      cancel_(parent.cancel),
      context_(ContextOfCalls(parent, cancel_, deadline)),
      arena_(std::make_shared<google::protobuf::Arena>(Blocks())) {}

void TypedRun::Start(StepState& step, Task<void> task) {
  if (parent_.cancel.cancelled()) Fail(parent_.cancel.reason());
  if (stopped()) return;
  if ((options_.steps.run & step.bit()) == 0) {  // nobody asked for what it brings
    done_ |= step.bit();
    return;
  }
  ++running_;
  Drive(this, &step, std::move(task));
}

internal::Detached TypedRun::Drive(TypedRun* self, StepState* step, Task<void> task) {
  absl::Status mistake;
  try {
    co_await std::move(task);
  } catch (...) {
    observe::LogMistake(Cat("step ", step->options_.id, " of request ", self->parent_.request_id));
    mistake = observe::Mistake();
  }
  // Of the whole, whatever may go wrong with the step: nobody meant its code to throw.
  if (!mistake.ok()) self->Fail(mistake);
  self->Settle(*step);
  self->Leave();
}

void TypedRun::Settle(StepState& step) {
  if (stopped() || (done_ & step.bit())) return;
  if (!step.ok()) {
    if (!step.options_.optional || parent_.cancel.cancelled()) return Fail(step.status_);
    DoWithout(step);
  }
  done_ |= step.bit();
  ResumeReady();
}

void TypedRun::DoWithout(StepState& step) {
  (step.UseDefault() ? defaulted_ : omitted_) |= step.bit();
}

void TypedRun::ResumeReady() {
  // A step may end at once and so make others ready: the loop below resumes them, not a recursion.
  if (resuming_) return;
  resuming_ = true;
  if (parent_.cancel.cancelled()) Fail(parent_.cancel.reason());
  for (size_t i = 0; i < steps_.size() && !stopped(); ++i) {
    StepState& step = *steps_[i];
    if (!step.waiter_ || !step.IsReady()) continue;
    ++running_;
    std::exchange(step.waiter_, nullptr).resume();
  }
  resuming_ = false;
}

void TypedRun::Finish() {
  parent_.calls += context_.calls;
  parent_.retries += context_.retries;
  // Steps that wait for one that failed end here: no frame is destroyed while it is suspended.
  for (StepState* step : steps_) {
    if (!step->waiter_) continue;
    ++running_;
    std::exchange(step->waiter_, nullptr).resume();
  }
}

void TypedRun::Fail(const absl::Status& status) {
  if (stopped()) return;
  failure_ = parent_.cancel.cancelled() ? parent_.cancel.reason() : status;
  cancel_.Cancel(absl::CancelledError("another call of the composition failed"));
}

void TypedRun::Leave() {
  if (--running_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
}

absl::Status TypedRun::Accept(StepState& step, size_t call, const contract::MethodName& method,
                              const std::string& message) {
  if (absl::Status enough = Count(message.size()); !enough.ok()) return enough;
  if (step.Parse(call, message)) return absl::OkStatus();
  return upstream::NotAMessage(method, step.type());
}

upstream::CallOptions TypedRun::OptionsFor(const StepState& step) const {
  upstream::CallOptions options;
  options.timeout = step.options_.timeout;
  options.max_reply_bytes = options_.max_reply_bytes;
  options.policy = PolicyOf(options_, step.index_);
  options.declared = step.options_.policy;
  return options;
}

absl::Status TypedRun::Outcome() const {
  return parent_.cancel.cancelled() ? parent_.cancel.reason() : failure_;
}

void TypedRun::Report(std::vector<Missing>& incomplete, upstream::Metadata& headers) const {
  const auto& wanted = options_.response_headers;
  for (const StepState* step : steps_) {
    if (options_.steps.shown & step->bit()) step->ReportMissing(incomplete);
    for (const auto& header : step->headers_) {
      if (std::find(wanted.begin(), wanted.end(), header.first) != wanted.end()) {
        headers.push_back(header);
      }
    }
  }
}

StepState::StepState(TypedRun& run, const StepOptions& options)
    : run_(run), options_(options), index_(run.steps_.size()) {
  run.steps_.push_back(this);
}

void StepState::Fail(absl::Status status) {
  if (status.ok()) return;
  if (there_) Refuse(0);
  status_ = std::move(status);
  there_ = false;
  headers_.clear();
}

upstream::CallContext& StepState::context() { return run_.context_; }

google::protobuf::Arena& StepState::arena() { return *run_.arena_; }

bool StepState::IsReady() const { return (needs_ & ~run_.done_) == 0; }

bool StepState::MayRun() {
  if (run_.stopped() || !IsReady()) return false;
  if (feeds_ & run_.skipped_) {
    Skip();
    return false;
  }
  if ((feeds_ & run_.omitted_) == 0) return true;
  run_.done_ |= bit();
  run_.DoWithout(*this);
  return false;
}

void StepState::Skip() {
  run_.done_ |= bit();
  run_.skipped_ |= bit();
}

void StepState::Wait(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  --run_.running_;
}

void StepState::ReportMissing(std::vector<Missing>& incomplete) const {
  if (((run_.omitted_ | run_.defaulted_) & bit()) == 0) return;
  incomplete.push_back({std::string(options_.id),
                        status_.ok() ? std::string("DEPENDENCY") : ReasonOf(status_),
                        (run_.defaulted_ & bit()) != 0});
}

Task<void> CallStep::Call(const contract::MethodName& method, std::string request) {
  upstream::CallOptions options = run_.OptionsFor(*this);
  const std::string key = upstream::KeyFor(run_.context_, options_.id);
  options.idempotency_key = key;
  absl::StatusOr<upstream::UnaryReply> reply =
      co_await run_.caller_.Unary(context(), method, request, options);
  status_ = reply.ok() ? run_.Accept(*this, 0, method, reply->message) : reply.status();
  there_ = status_.ok();
  Note(method, 0, request, reply, status_);
  if (!there_ || run_.options_.response_headers.empty()) co_return;
  headers_ = std::move(reply->headers);
  for (auto& trailer : reply->trailers) headers_.push_back(std::move(trailer));
}

}  // namespace frontdesk::compose
