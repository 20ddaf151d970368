// One run of a plan: which steps wait, run and are done, and what they brought.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/compose/assemble.h"
#include "gateway/compose/runtime.h"
#include "gateway/compose/undo_log.h"

namespace frontdesk::compose {

// The calls of a step with `each`. Elements whose requests are equal share a call.
struct EachCalls {
  struct Call {
    size_t begin = 0;  // of its request in `requests`
    size_t size = 0;
    size_t element = 0;          // the first that it is made for
    std::string undo;            // what is known of its undo's request
    upstream::UnaryReply reply;  // with `batch`: the first of a batch has that of all
    absl::Status status;
    uint32_t base = 0;
    bool answered = false;  // with `batch`: a result was found
  };
  std::string requests;  // with `batch`: the keys
  std::vector<Call> calls;
  std::vector<uint32_t> call_of;  // by element
  TimePoint deadline = TimePoint::max();
  size_t next = 0;   // the first call that nobody has taken
  size_t lanes = 0;  // that still run; each makes one call after another
};

// Fails a step whose reply is no message: 502.
absl::Status NotAMessage(const contract::Method& method);

// Lives in Run()'s frame until no call is under way. One loop only.
class Execution {
 public:
  Execution(upstream::CallContext& parent, const contract::Plan& plan, upstream::Caller& caller,
            const RunOptions& options);
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // Starts what needs nothing. Fails if the request is not a message or there is no room for undos;
  // then nothing was started.
  absl::Status Start(std::string_view request);

  // Awaits the end of every call that was started.
  class Idle {
   public:
    explicit Idle(Execution& execution) : execution_(execution) {}
    bool await_ready() const noexcept { return execution_.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { execution_.waiter_ = waiter; }
    void await_resume() const noexcept {}

   private:
    Execution& execution_;
  };
  Idle UntilIdle() { return Idle(*this); }

  absl::StatusOr<Composed> TakeAnswer();
  // After TakeAnswer(), of a plan that undoes: takes back what a failed composition did, and what
  // an omitted step may have done. Waits for that as long as the answer may still be given in time,
  // and adds to a failure what became of it.
  Task<void> TakeBack(absl::StatusOr<Composed>* answer);

 private:
  // Of a step.
  struct Progress {
    upstream::UnaryReply reply;
    absl::Status status;  // why it is omitted
    std::unique_ptr<EachCalls> each;
    std::string request;  // with an undo: what it was asked
    std::string undo;     // what is known of its undo's request
  };
  using Reply = absl::StatusOr<upstream::UnaryReply>;

  // These run by themselves, one per step or per lane, and end before Run() does.
  static internal::Detached RunStep(Execution* self, size_t index);
  static internal::Detached RunLane(Execution* self, size_t index);
  static internal::Detached RunBatches(Execution* self, size_t index);

  void StartReady();
  void Begin(size_t index);
  void BeginEach(size_t index);
  void GatherElements(const contract::PlanStep& step, EachCalls& each);
  void AddEntries(const contract::PlanStep& step, uint32_t slot, EachCalls& each);
  void AddElement(const contract::PlanStep& step, const Slots::Value* pieces, bool only_first,
                  EachCalls& each);
  void AddScalarElements(const contract::PlanStep& step, const Slots::Value& value,
                         EachCalls& each);
  void AddRequest(const contract::PlanStep& step, uint32_t element, EachCalls& each);
  static void ShareEqualCalls(EachCalls& each);
  upstream::CallOptions OptionsFor(const contract::PlanStep& step, const EachCalls& each) const;

  // Of steps with `batch`; keys stand for calls there.
  void AddKey(const contract::PlanStep& step, uint32_t element, EachCalls& each);
  // How many lanes it takes. Fails when an element without a key must not fail.
  absl::StatusOr<size_t> PrepareBatches(const contract::PlanStep& step, EachCalls& each) const;
  struct BatchCall {
    size_t begin = 0;  // EachCalls::calls
    size_t end = 0;
    std::string request;  // "" when no key is left
  };
  BatchCall NextBatch(const contract::PlanStep& step, EachCalls& each);
  void FinishBatch(size_t index, const BatchCall& batch, Reply reply);
  // Finds the result of each key.
  absl::Status ReadResults(const contract::PlanStep& step, EachCalls& each, const BatchCall& batch);

  void FinishStep(size_t index, Reply reply);
  void FinishCall(size_t index, EachCalls::Call& call, Reply reply);
  void FinishEach(size_t index);
  // Reads a reply into slots. Not OK: it is no message, or one too many bytes.
  absl::Status Accept(const contract::PlanStep& step, std::string_view message, uint32_t& base);
  // Counts a reply's bytes. Not OK: there are too many.
  absl::Status Count(size_t bytes);
  // Reads the step's default into slots; returns the first of them.
  uint32_t OpenDefault(const contract::PlanStep& step);
  void UseDefault(size_t index);
  // Of a step with an undo: `undo` is what is known of its request, `reply` null if none came.
  void NoteActed(const contract::PlanStep& step, std::string part, std::string_view request,
                 std::string& undo, const upstream::UnaryReply* reply, const absl::Status& status);
  void Settle(size_t index, absl::Status status);
  void Fail(const absl::Status& status);
  void Leave();  // a step or lane ends; the last one resumes Run()

  bool stopped() const { return !failure_.ok(); }
  upstream::CallOptions OptionsFor(const contract::PlanStep& step) const;
  bool has_keys() const { return !context_.key_scope.empty(); }
  upstream::CallContext& ContextFor(const contract::PlanStep& step) {
    return step.undo ? undo_log_->context() : context_;
  }
  void ReportMissing(std::vector<Missing>& incomplete) const;
  void CollectHeaders(upstream::Metadata& headers) const;

  upstream::CallContext& parent_;
  const contract::Plan& plan_;
  upstream::Caller& caller_;
  const RunOptions& options_;
  Cancellation cancel_;
  upstream::CallContext context_;
  std::optional<UndoLog> undo_log_;  // of a plan that undoes
  Knowledge known_;
  std::vector<Progress> steps_;
  uint64_t started_ = 0;
  uint64_t done_ = 0;
  uint64_t omitted_ = 0;    // failed, or not made because another one failed
  uint64_t skipped_ = 0;    // not wanted (`when`)
  uint64_t defaulted_ = 0;  // failed, and has its default
  size_t running_ = 0;
  size_t bytes_ = 0;
  bool starting_ = false;
  absl::Status failure_;
  std::coroutine_handle<> waiter_;
};

}  // namespace frontdesk::compose
