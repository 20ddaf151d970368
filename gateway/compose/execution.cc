#include "gateway/compose/execution.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/aggregates.h"
#include "gateway/compose/condition.h"
#include "gateway/compose/limits.h"
#include "gateway/upstream/idempotency_key.h"
#include "gateway/upstream/typed_call.h"

namespace frontdesk::compose {
namespace {

using contract::PlanStep;

// An answer may be a small part of its replies.
constexpr size_t kFirstReserve = 16 << 10;
// Of a field of the answer: its tag and, mostly, all of its length.
constexpr size_t kFraming = 8;

constexpr uint64_t Bit(size_t index) { return uint64_t{1} << index; }

}  // namespace

absl::Status NotAMessage(const contract::Method& method) {
  return upstream::NotAMessage(method, method.output->full_name);
}

Execution::Execution(upstream::CallContext& parent, const contract::Plan& plan,
                     upstream::Caller& caller, const RunOptions& options)
    : parent_(parent),
      plan_(plan),
      caller_(caller),
      options_(options),
      cancel_(parent.cancel),
      context_(ContextOfCalls(parent, cancel_, plan.deadline)),
      known_(plan),
      steps_(plan.steps.size()) {
  known_.caller_sub = context_.caller_sub();
  known_.caller = context_.identity.get();
  if (plan.undoes) undo_log_.emplace(parent, context_, End(parent, plan.deadline), caller, options);
  size_t slots = plan.request.slots;
  for (const PlanStep& step : plan.steps) slots += step.reply.slots;
  known_.slots.Reserve(slots);
}

absl::Status Execution::Start(std::string_view request) {
  known_.request = known_.slots.Open(plan_.request);
  if (!known_.slots.Read(plan_.request, request, known_.request)) {
    return RequestIsNoMessage();
  }
  if (undo_log_) {
    if (absl::Status ready = undo_log_->Reserve(); !ready.ok()) return ready;
  }
  started_ = done_ = ~options_.steps.run;
  StartReady();
  return absl::OkStatus();
}

void Execution::StartReady() {
  // A call may end at once and so make others ready: the loop below starts them, not a recursion.
  if (starting_) return;
  starting_ = true;
  if (parent_.cancel.cancelled()) Fail(parent_.cancel.reason());
  for (size_t i = 0; i < plan_.steps.size() && !stopped();) {
    const PlanStep& step = plan_.steps[i];
    if ((started_ & Bit(i)) || (step.needs & ~done_)) {
      ++i;
      continue;
    }
    started_ |= Bit(i);
    if ((step.when && !Holds(*step.when, known_)) || (step.feeds & skipped_)) {
      done_ |= Bit(i);
      skipped_ |= Bit(i);
    } else if (step.feeds & omitted_) {
      done_ |= Bit(i);
      if (step.on_error == PlanStep::OnError::kDefault) {
        UseDefault(i);
      } else {
        omitted_ |= Bit(i);
      }
    } else if (step.each) {
      BeginEach(i);
    } else {
      Begin(i);
    }
    ++i;  // what this made ready stands behind it: steps come after those they need
  }
  starting_ = false;
}

void Execution::Begin(size_t index) {
  ++running_;
  RunStep(this, index);
}

upstream::CallOptions Execution::OptionsFor(const PlanStep& step) const {
  upstream::CallOptions options;
  options.timeout = step.timeout;
  options.max_reply_bytes = options_.max_reply_bytes;
  options.policy = PolicyOf(options_, static_cast<size_t>(&step - plan_.steps.data()));
  return options;
}

internal::Detached Execution::RunStep(Execution* self, size_t index) {
  const PlanStep& step = self->plan_.steps[index];
  upstream::CallOptions options = self->OptionsFor(step);
  const std::string key = upstream::KeyFor(self->context_, step.id);
  options.idempotency_key = key;
  std::string request;
  Assembler(self->known_, request).Write(step.request, 0);
  if (step.undo) {
    Progress& progress = self->steps_[index];
    progress.request = request;
    Assembler(self->known_, progress.undo).Write(step.undo->request, 0);
  }
  {
    upstream::CallContext& context = self->ContextFor(step);
    Reply reply = co_await self->caller_.Unary(context, *step.method, request, options);
    self->FinishStep(index, std::move(reply));
  }
  self->Leave();
}

absl::Status Execution::Count(size_t bytes) { return TakeBytes(bytes, options_, bytes_); }

absl::Status Execution::Accept(const PlanStep& step, std::string_view message, uint32_t& base) {
  if (absl::Status enough = Count(message.size()); !enough.ok()) return enough;
  base = known_.slots.Open(step.reply);
  return known_.slots.Read(step.reply, message, base) ? absl::OkStatus()
                                                      : NotAMessage(*step.method);
}

void Execution::FinishStep(size_t index, Reply reply) {
  const PlanStep& step = plan_.steps[index];
  absl::Status status = reply.status();
  Progress& progress = steps_[index];
  const bool answered = reply.ok();
  if (answered) {
    progress.reply = *std::move(reply);  // views into it are taken only where it stays
    StepSlots& slots = known_.steps[index];
    status = Accept(step, progress.reply.message, slots.base);
    slots.there = status.ok();
    if (!status.ok()) progress.reply = upstream::UnaryReply();
  }
  if (step.undo) {
    NoteActed(step, step.id, progress.request, progress.undo, answered ? &progress.reply : nullptr,
              status);
  }
  Settle(index, std::move(status));
}

void Execution::Settle(size_t index, absl::Status status) {
  if (!status.ok()) {
    const bool must = plan_.steps[index].on_error == PlanStep::OnError::kFail;
    if (must || parent_.cancel.cancelled()) return Fail(status);
    steps_[index].status = std::move(status);
    if (plan_.steps[index].on_error == PlanStep::OnError::kDefault) {
      UseDefault(index);
    } else {
      omitted_ |= Bit(index);
    }
  }
  done_ |= Bit(index);
  StartReady();
}

uint32_t Execution::OpenDefault(const PlanStep& step) {
  const uint32_t base = known_.slots.Open(step.reply);
  known_.slots.Read(step.reply, step.default_reply, base);  // found well formed with the plan
  return base;
}

// The default of an `each` stands for single elements: as a whole it is empty.
void Execution::UseDefault(size_t index) {
  const PlanStep& step = plan_.steps[index];
  defaulted_ |= Bit(index);
  known_.steps[index].there = true;
  if (!step.each) known_.steps[index].base = OpenDefault(step);
}

void Execution::Fail(const absl::Status& status) {
  if (stopped()) return;
  failure_ = parent_.cancel.cancelled() ? parent_.cancel.reason() : status;
  cancel_.Cancel(absl::CancelledError("another call of the composition failed"));
}

void Execution::Leave() {
  if (--running_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
}

absl::StatusOr<Composed> Execution::TakeAnswer() {
  parent_.calls += context_.calls;
  parent_.retries += context_.retries;
  if (parent_.cancel.cancelled()) return parent_.cancel.reason();
  if (stopped()) return std::move(failure_);
  Composed composed;
  ReportMissing(composed.incomplete);
  if (!options_.response_headers.empty()) CollectHeaders(composed.headers);
  composed.message.reserve(std::min(bytes_ + kFraming * plan_.answer.size(), kFirstReserve));
  Assembler(known_, composed.message).Write(plan_.answer, 0);
  return composed;
}

void Execution::ReportMissing(std::vector<Missing>& incomplete) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!(options_.steps.shown & Bit(i))) continue;
    const std::string& id = plan_.steps[i].id;
    const Progress& progress = steps_[i];
    if ((omitted_ | defaulted_) & Bit(i)) {
      incomplete.push_back(
          {id, progress.status.ok() ? std::string("DEPENDENCY") : ReasonOf(progress.status),
           (defaulted_ & Bit(i)) != 0 && !plan_.steps[i].each});
      continue;
    }
    if (!progress.each) continue;
    const EachCalls& each = *progress.each;
    const bool defaulted = plan_.steps[i].on_error == PlanStep::OnError::kDefault;
    for (size_t element = 0; element < each.call_of.size(); ++element) {
      const absl::Status& status = each.calls[each.call_of[element]].status;
      if (!status.ok()) {
        incomplete.push_back({Cat(id, '[', element, ']'), ReasonOf(status), defaulted});
      }
    }
  }
}

void Execution::CollectHeaders(upstream::Metadata& headers) const {
  const auto add = [&](const upstream::Metadata& from) {
    for (const auto& header : from) {
      const auto& wanted = options_.response_headers;
      if (std::find(wanted.begin(), wanted.end(), header.first) != wanted.end()) {
        headers.push_back(header);
      }
    }
  };
  for (const Progress& progress : steps_) {
    add(progress.reply.headers);
    add(progress.reply.trailers);
  }
}

}  // namespace frontdesk::compose
