// Steps with `each` of generated code: a call per element of a list.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/compose/typed_run.h"
#include "gateway/contract/method_name.h"
#include "google/protobuf/message_lite.h"

namespace frontdesk::compose {

// A step for every element of a list. Elements that are asked for with equal bytes share a call.
class ElementsStep : public StepState {
 protected:
  using StepState::StepState;

  struct Call {
    size_t begin = 0;  // in asked_
    size_t size = 0;
    size_t element = 0;  // the first that it is for
    absl::Status status;
  };
  // Awaits the end of all lanes.
  class Lanes {
   public:
    explicit Lanes(ElementsStep& step) : step_(step) {}
    bool await_ready() const noexcept { return step_.lanes_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { step_.ended_ = waiter; }
    void await_resume() const noexcept {}

   private:
    ElementsStep& step_;
  };

  virtual void Expect(size_t calls) = 0;
  virtual bool has_default() const = 0;

  // That of the next element, whose bytes are appended to asked_ next; null when there are more
  // elements than may be.
  Call* Next();
  // When all elements are here, once. False, and the step has failed, if they are too many.
  bool ShareCalls();
  std::string_view asked(const Call& call) const {
    return std::string_view(asked_).substr(call.begin, call.size);
  }
  // "products[3]"
  std::string PartOf(const Call& call) const;
  // The call fails, and with it the whole if the step must not fail.
  void FailCall(size_t call, const absl::Status& status);

  // Lanes make one call after another, side by side. They run at most `calls`, and each says when
  // it ends.
  size_t BeginLanes(size_t calls);
  void EndLane();
  // For a call that begins now: the time of an `each` is that of all its calls together.
  upstream::CallOptions OptionsForNext() const;

  std::string asked_;  // requests, or with `batch` keys
  std::vector<Call> calls_;
  std::vector<uint32_t> call_of_;  // by element

 private:
  void ReportMissing(std::vector<Missing>& incomplete) const override;

  TimePoint deadline_ = TimePoint::max();
  size_t lanes_ = 0;  // that still run
  std::coroutine_handle<> ended_;
};

// With a call each.
class CallsStep : public ElementsStep {
 public:
  // The request of the next element; with a status that is not OK it has failed without a call.
  void Add(const google::protobuf::MessageLite& request, absl::Status status = absl::OkStatus());
  // Makes the calls, as many at once as may be, and awaits them.
  Task<void> AskAll(const contract::MethodName& method);

 protected:
  using ElementsStep::ElementsStep;

 private:
  static internal::Detached RunLane(CallsStep* self, const contract::MethodName* method);

  size_t next_ = 0;  // the first call that nobody has taken
};

// `Calls`: how they are asked for.
template <class Reply, class Calls = CallsStep>
class EachStep : public Calls {
 public:
  EachStep(TypedRun& run, const StepOptions& options, Reply (*stand_in)() = nullptr)
      : Calls(run, options), stand_in_(stand_in) {}

  // Of the elements that did not fail, in the order of the list; with a default, of all.
  std::vector<const Reply*> replies() const {
    std::vector<const Reply*> replies;
    if (!there_) return replies;
    replies.reserve(call_of_.size());
    for (const uint32_t call : call_of_) {
      if (calls_[call].status.ok()) {
        replies.push_back(replies_[call]);
      } else if (stand_in_) {
        replies.push_back(&StandIn());
      }
    }
    return replies;
  }
  // Shows every reply to `look`, which may change it; one with a status that is not OK fails.
  template <class Look>
  void Check(const Look& look) {
    for (size_t call = 0; call < calls_.size(); ++call) {
      if (!calls_[call].status.ok()) continue;
      const absl::Status status = look(*replies_[call]);
      if (status.ok()) continue;
      this->Refuse(call);
      this->FailCall(call, status);
    }
  }

 protected:
  using Calls::call_of_;
  using Calls::calls_;
  using Calls::there_;

  Reply& reply(size_t call) { return *replies_[call]; }

 private:
  bool Parse(size_t call, const std::string& message) override {
    return replies_[call]->ParsePartialFromString(message);
  }
  // It stands for single elements: the list as a whole is empty then.
  bool UseDefault() override { return there_ = has_default(); }
  bool has_default() const override { return stand_in_ != nullptr; }
  std::string type() const override { return Reply().GetTypeName(); }
  void Expect(size_t calls) override {
    replies_.resize(calls);
    for (Reply*& reply : replies_) reply = this->template New<Reply>();
  }
  const Reply& StandIn() const {
    if (!default_) default_ = stand_in_();
    return *default_;
  }

  std::vector<Reply*> replies_;  // by call
  Reply (*stand_in_)();
  mutable std::optional<Reply> default_;  // made when it is first needed
};

}  // namespace frontdesk::compose
