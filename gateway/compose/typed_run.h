// What generated aggregates are made of: one run of a composition whose steps are coroutines over
// typed messages. Does what Run() does with the plan of the same composition: the same calls with
// the same requests, begun in the same order; the same failures; the same parts missing.
//
// A generated run lists its steps as members, in the order of the plan, and starts a coroutine for
// each. A step ends when its coroutine does: with a reply, or with the status why there is none. An
// exception of its hooks fails the whole, also when the step may fail.
#pragma once

#include <bit>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/compose/claims.h"
#include "gateway/compose/limits.h"
#include "gateway/compose/runtime.h"
#include "gateway/contract/method_name.h"
#include "gateway/upstream/typed_call.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/message_lite.h"

namespace frontdesk::compose {

// What a composition of typed messages brings. The message lives where those of the run do, so that
// parts of replies move into it, and as long as any copy of this.
template <class Message>
struct Answer {
  explicit Answer(std::shared_ptr<google::protobuf::Arena> where)
      : arena(std::move(where)),
        message(*google::protobuf::Arena::CreateMessage<Message>(arena.get())) {}

  std::shared_ptr<google::protobuf::Arena> arena;
  Message& message;
  std::vector<Missing> incomplete;
  upstream::Metadata headers;
};

// Whether a floating number is more than its default; -0.0 is.
inline bool IsSet(float value) { return std::bit_cast<uint32_t>(value) != 0; }
inline bool IsSet(double value) { return std::bit_cast<uint64_t>(value) != 0; }

// What the contract says about a step.
struct StepOptions {
  std::string_view id;
  Duration timeout = Duration::max();
  bool optional = false;       // on_error: OMIT, or DEFAULT for a step that has a default
  uint32_t max_parallel = 16;  // of a step with `each`
  bool of_request = false;     // `each` goes through a list of the request's
  size_t max_keys = 100;       // of one call, with `batch`
  // Of its calls, where it says something about them; holds unless RunOptions::policies or the
  // upstream's settings do.
  const upstream::CallPolicy* policy = nullptr;
};

class TypedRun;

// A step: whether it is done, and why it has no reply. See Step below, EachStep (typed_each.h),
// BatchStep (typed_batch.h) and what can be undone (typed_undo.h).
class StepState {
 public:
  StepState(const StepState&) = delete;
  StepState& operator=(const StepState&) = delete;
  virtual ~StepState() = default;

  // It has a reply (`each`: all that did not fail).
  bool there() const { return there_; }
  bool ok() const { return status_.ok(); }
  // Not OK: the step has failed, whatever it brought.
  void Fail(absl::Status status);

  // Awaits the end of the steps that this one is made of. False: it is not to run, because one of
  // them has no reply or the whole has failed.
  template <class... Steps>
  auto After(const Steps&... steps) {
    const uint64_t needs = (steps.bit() | ...);
    return Turn(*this, needs, needs);
  }
  // The same for steps that its condition asks about too: they may have ended without a reply.
  template <class... Steps>
  auto AfterEndOf(const Steps&... steps) {
    return Turn(*this, (steps.bit() | ...), 0);
  }
  // Its condition does not hold: it ends without a call, as do the steps that are made of it.
  void Skip();
  uint64_t bit() const { return uint64_t{1} << index_; }

 protected:
  StepState(TypedRun& run, const StepOptions& options);
  // A message of the run, which lasts as long as the run's answer.
  template <class Message>
  Message* New() {
    return google::protobuf::Arena::CreateMessage<Message>(&arena());
  }

  virtual void ReportMissing(std::vector<Missing>& incomplete) const;
  // Its default stands in for the reply it does not have. False if it has no default.
  virtual bool UseDefault() = 0;
  // Reads a reply; false when it is no message of the type. `call` is 0, or that of an `each`.
  virtual bool Parse(size_t call, const std::string& message) = 0;
  virtual std::string type() const = 0;  // "shop.order.v1.Order"
  // What its calls are made with.
  virtual upstream::CallContext& context();
  // A call has ended: with what it was asked, what came, and what became of it.
  virtual void Note(const contract::MethodName& /*method*/, size_t /*call*/,
                    std::string_view /*request*/,
                    const absl::StatusOr<upstream::UnaryReply>& /*reply*/,
                    const absl::Status& /*status*/) {}
  // What a call brought does not count after all.
  virtual void Refuse(size_t /*call*/) {}

  TypedRun& run_;
  const StepOptions options_;
  const size_t index_;
  absl::Status status_;
  bool there_ = false;
  upstream::Metadata headers_;  // and trailers, if anybody wants them

 private:
  friend class TypedRun;

  class Turn {
   public:
    Turn(StepState& step, uint64_t needs, uint64_t feeds) : step_(step) {
      step_.needs_ = needs;
      step_.feeds_ = feeds;
    }
    bool await_ready() const noexcept { return step_.IsReady(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { step_.Wait(waiter); }
    bool await_resume() const noexcept { return step_.MayRun(); }

   private:
    StepState& step_;
  };

  google::protobuf::Arena& arena();
  bool IsReady() const;
  bool MayRun();
  void Wait(std::coroutine_handle<> waiter);

  uint64_t needs_ = 0;  // steps that it waits for
  uint64_t feeds_ = 0;  // those of them that it is made of
  std::coroutine_handle<> waiter_;
};

// A step with one call.
class CallStep : public StepState {
 protected:
  using StepState::StepState;
  Task<void> Call(const contract::MethodName& method, std::string request);
};

// `stand_in` of all kinds of steps: what on_error: DEFAULT puts in the place of a reply.
template <class Reply>
class Step : public CallStep {
 public:
  Step(TypedRun& run, const StepOptions& options, Reply (*stand_in)() = nullptr)
      : CallStep(run, options), reply_(*New<Reply>()), stand_in_(stand_in) {}

  // Makes the call; the reply, or why there is none, is then here.
  Task<void> Ask(const contract::MethodName& method, const google::protobuf::MessageLite& request);

  // An empty message if there is no reply.
  const Reply& operator*() const { return there_ ? reply_ : Reply::default_instance(); }
  const Reply* operator->() const { return &**this; }
  // To be changed, or moved away by the last who needs it. Empty if there is none.
  Reply& reply() {
    if (!there_) reply_.Clear();
    return reply_;
  }

 private:
  bool Parse(size_t, const std::string& message) override {
    return reply_.ParsePartialFromString(message);
  }
  bool UseDefault() override {
    if (!stand_in_) return false;
    reply_ = stand_in_();
    return there_ = true;
  }
  std::string type() const override { return Reply().GetTypeName(); }

  Reply& reply_;
  Reply (*stand_in_)();
};

// Lives in the frame of the aggregate's method until no step runs. One loop only.
class TypedRun {
 public:
  // `deadline` is that of the composition; it and the context's both hold for the whole, less a
  // small part for making the answer.
  TypedRun(upstream::CallContext& parent, upstream::Caller& caller, const RunOptions& options,
           Duration deadline = Duration::max());
  TypedRun(const TypedRun&) = delete;
  TypedRun& operator=(const TypedRun&) = delete;

 protected:
  // In the order in which the steps stand as members. Not begun any more once the whole has failed.
  void Start(StepState& step, Task<void> task);

  // Awaits the end of every step that was started.
  class Idle {
   public:
    explicit Idle(TypedRun& run) : run_(run) {}
    bool await_ready() const noexcept { return run_.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { run_.waiter_ = waiter; }
    void await_resume() const { run_.Finish(); }

   private:
    TypedRun& run_;
  };
  Idle AllSteps() { return Idle(*this); }

  // After that: why there is no answer, or OK.
  absl::Status Outcome() const;
  // Parts that are missing, and the headers that were asked for.
  template <class Message>
  void Complete(Answer<Message>& answer) const {
    Report(answer.incomplete, answer.headers);
  }

  // Where messages of this run live.
  const std::shared_ptr<google::protobuf::Arena>& arena() const { return arena_; }
  // What calls are made with; also for hooks.
  upstream::CallContext& context() { return context_; }
  void Fail(const absl::Status& status);

 private:
  friend class StepState;
  friend class CallStep;
  friend class ElementsStep;
  friend class CallsStep;
  friend class BatchesStep;

  static internal::Detached Drive(TypedRun* self, StepState* step, Task<void> task);
  void ResumeReady();
  void Finish();
  void Settle(StepState& step);
  void DoWithout(StepState& step);
  void Leave();
  bool stopped() const { return !failure_.ok(); }
  // Counts a reply's bytes. Not OK: there are too many.
  absl::Status Count(size_t bytes) { return TakeBytes(bytes, options_, bytes_); }
  // Not OK: it is no message, or one too many bytes.
  absl::Status Accept(StepState& step, size_t call, const contract::MethodName& method,
                      const std::string& message);
  upstream::CallOptions OptionsFor(const StepState& step) const;
  bool has_keys() const { return !context_.key_scope.empty(); }
  void Report(std::vector<Missing>& incomplete, upstream::Metadata& headers) const;

  upstream::CallContext& parent_;
  upstream::Caller& caller_;
  const RunOptions& options_;
  Cancellation cancel_;
  upstream::CallContext context_;
  const std::shared_ptr<google::protobuf::Arena> arena_;
  std::vector<StepState*> steps_;
  uint64_t done_ = 0;
  uint64_t omitted_ = 0;    // failed, or not made because another one failed
  uint64_t skipped_ = 0;    // not wanted (`when`)
  uint64_t defaulted_ = 0;  // failed, and has its default
  size_t running_ = 0;      // steps that neither wait for others nor have ended
  size_t bytes_ = 0;
  bool resuming_ = false;
  absl::Status failure_;
  std::coroutine_handle<> waiter_;
};

template <class Reply>
Task<void> Step<Reply>::Ask(const contract::MethodName& method,
                            const google::protobuf::MessageLite& request) {
  return Call(method, upstream::Serialise(request));
}

}  // namespace frontdesk::compose
