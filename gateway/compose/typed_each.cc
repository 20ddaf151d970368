// Steps with `each`: one call per element of a list.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/limits.h"
#include "gateway/compose/typed_run.h"

namespace frontdesk::compose {

// Awaits the end of all lanes.
class CallsStep::Lanes {
 public:
  explicit Lanes(CallsStep& step) : step_(step) {}
  bool await_ready() const noexcept { return step_.lanes_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { step_.ended_ = waiter; }
  void await_resume() const noexcept {}

 private:
  CallsStep& step_;
};

void CallsStep::Add(const google::protobuf::MessageLite& request, absl::Status status) {
  if (calls_.size() > run_.options_.max_elements) return;
  Call& call = calls_.emplace_back();
  call.begin = requests_.size();
  if (status.ok()) upstream::AppendTo(requests_, request);
  call.size = requests_.size() - call.begin;
  call.element = calls_.size() - 1;
  call.status = std::move(status);
}

void CallsStep::ShareEqualCalls() {
  absl::flat_hash_map<absl::string_view, uint32_t> seen;
  seen.reserve(calls_.size());
  call_of_.reserve(calls_.size());
  size_t kept = 0;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const Call& call = calls_[i];
    if (call.status.ok()) {
      const absl::string_view request(requests_.data() + call.begin, call.size);
      const auto [at, fresh] = seen.try_emplace(request, static_cast<uint32_t>(kept));
      call_of_.push_back(at->second);
      if (!fresh) continue;
    } else {
      call_of_.push_back(static_cast<uint32_t>(kept));
    }
    if (kept != i) calls_[kept] = std::move(calls_[i]);
    ++kept;
  }
  calls_.resize(kept);
}

Task<void> CallsStep::AskAll(const contract::MethodName& method) {
  if (calls_.size() > run_.options_.max_elements) {
    const size_t length = calls_.size();
    calls_.clear();
    Fail(EachTooLong(options_.id, length, options_.of_request, run_.options_));
    co_return;
  }
  ShareEqualCalls();
  Expect(calls_.size());
  if (options_.timeout != Duration::max()) {
    deadline_ = run_.context_.loop.Now() + options_.timeout;
  }
  for (const Call& call : calls_) {
    if (!call.status.ok() && !options_.optional) Fail(call.status);
  }
  if (!ok()) co_return;
  lanes_ = std::min<size_t>(options_.max_parallel, calls_.size());
  for (size_t lane = lanes_; lane > 0; --lane) RunLane(this, &method);
  Lanes lanes(*this);
  co_await lanes;
  there_ = !run_.stopped();
}

internal::Detached CallsStep::RunLane(CallsStep* self, const contract::MethodName* method) {
  TypedRun& run = self->run_;
  upstream::CallOptions options = run.OptionsFor(*self);
  while (self->next_ < self->calls_.size() && !run.stopped()) {
    const size_t index = self->next_++;
    Call& call = self->calls_[index];
    if (!call.status.ok()) continue;
    if (self->deadline_ != TimePoint::max()) {
      // At the deadline the caller says so itself, without a call.
      const Duration left = self->deadline_ - run.context_.loop.Now();
      options.timeout = std::max(left, Duration::zero());
    }
    const std::string_view request =
        std::string_view(self->requests_).substr(call.begin, call.size);
    std::string key;
    if (run.has_keys()) key = run.KeyFor(Cat(self->options_.id, '[', call.element, ']'));
    options.idempotency_key = key;
    absl::StatusOr<upstream::UnaryReply> reply =
        co_await run.caller_.Unary(run.context_, *method, request, options);
    const absl::Status status =
        reply.ok() ? run.Accept(*self, index, *method, reply->message) : reply.status();
    if (!status.ok()) self->FailCall(index, status);
  }
  if (--self->lanes_ == 0 && self->ended_) std::exchange(self->ended_, nullptr).resume();
}

void CallsStep::FailCall(size_t call, const absl::Status& status) {
  calls_[call].status = status;
  if (!options_.optional || run_.parent_.cancel.cancelled()) run_.Fail(status);
}

void CallsStep::ReportMissing(std::vector<Missing>& incomplete) const {
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

}  // namespace frontdesk::compose
