#include "gateway/compose/typed_each.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {

ElementsStep::Call* ElementsStep::Next() {
  if (calls_.size() > run_.options_.max_elements) return nullptr;
  Call& call = calls_.emplace_back();
  call.begin = asked_.size();
  call.element = calls_.size() - 1;
  return &call;
}

bool ElementsStep::ShareCalls() {
  if (calls_.size() > run_.options_.max_elements) {
    const size_t length = calls_.size();
    calls_.clear();
    Fail(EachTooLong(options_.id, length, options_.of_request, run_.options_));
    return false;
  }
  absl::flat_hash_map<absl::string_view, uint32_t> seen;
  seen.reserve(calls_.size());
  call_of_.reserve(calls_.size());
  size_t kept = 0;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const Call& call = calls_[i];
    if (call.status.ok()) {
      const auto [at, fresh] = seen.try_emplace(Absl(asked(call)), static_cast<uint32_t>(kept));
      call_of_.push_back(at->second);
      if (!fresh) continue;
    } else {
      call_of_.push_back(static_cast<uint32_t>(kept));
    }
    if (kept != i) calls_[kept] = std::move(calls_[i]);
    ++kept;
  }
  calls_.resize(kept);
  Expect(kept);
  if (options_.timeout != Duration::max()) {
    deadline_ = run_.context_.loop.Now() + options_.timeout;
  }
  return true;
}

std::string ElementsStep::PartOf(const Call& call) const {
  return Cat(options_.id, '[', call.element, ']');
}

size_t ElementsStep::BeginLanes(size_t calls) {
  lanes_ = std::min<size_t>(options_.max_parallel, calls);
  return lanes_;
}

void ElementsStep::EndLane() {
  if (--lanes_ == 0 && ended_) std::exchange(ended_, nullptr).resume();
}

upstream::CallOptions ElementsStep::OptionsForNext() const {
  upstream::CallOptions options = run_.OptionsFor(*this);
  if (deadline_ != TimePoint::max()) {
    // At the deadline the caller says so itself, without a call.
    const Duration left = deadline_ - run_.context_.loop.Now();
    options.whole = options.timeout;
    options.timeout = std::max(left, Duration::zero());
  }
  return options;
}

void ElementsStep::FailCall(size_t call, const absl::Status& status) {
  calls_[call].status = status;
  if (!options_.optional || run_.parent_.cancel.cancelled()) run_.Fail(status);
}

void ElementsStep::ReportMissing(std::vector<Missing>& incomplete) const {
  if ((run_.omitted_ | run_.defaulted_) & bit()) {
    StepState::ReportMissing(incomplete);
    incomplete.back().defaulted = false;  // a list that is empty is nobody's default
    return;
  }
  for (size_t element = 0; element < call_of_.size(); ++element) {
    const absl::Status& status = calls_[call_of_[element]].status;
    if (status.ok()) continue;
    incomplete.push_back({Cat(options_.id, '[', element, ']'), ReasonOf(status), has_default()});
  }
}

void CallsStep::Add(const google::protobuf::MessageLite& request, absl::Status status) {
  Call* const call = Next();
  if (!call) return;
  if (status.ok()) upstream::AppendTo(asked_, request);
  call->size = asked_.size() - call->begin;
  call->status = std::move(status);
}

Task<void> CallsStep::AskAll(const contract::MethodName& method) {
  if (!ShareCalls()) co_return;
  for (const Call& call : calls_) {
    if (!call.status.ok() && !options_.optional) Fail(call.status);
  }
  if (!ok()) co_return;
  for (size_t lane = BeginLanes(calls_.size()); lane > 0; --lane) RunLane(this, &method);
  Lanes lanes(*this);
  co_await lanes;
  there_ = !run_.stopped();
}

internal::Detached CallsStep::RunLane(CallsStep* self, const contract::MethodName* method) {
  TypedRun& run = self->run_;
  while (self->next_ < self->calls_.size() && !run.stopped()) {
    const size_t index = self->next_++;
    const Call& call = self->calls_[index];
    if (!call.status.ok()) continue;
    upstream::CallOptions options = self->OptionsForNext();
    std::string key;
    if (run.has_keys()) key = upstream::KeyFor(run.context_, self->PartOf(call));
    options.idempotency_key = key;
    const std::string_view request = self->asked(call);
    absl::StatusOr<upstream::UnaryReply> reply =
        co_await run.caller_.Unary(self->context(), *method, request, options);
    const absl::Status status =
        reply.ok() ? run.Accept(*self, index, *method, reply->message) : reply.status();
    self->Note(*method, index, request, reply, status);
    if (!status.ok()) self->FailCall(index, status);
  }
  self->EndLane();
}

}  // namespace frontdesk::compose
