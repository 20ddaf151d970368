// Steps with `undo` of generated code, and runs that take back what they did when they fail.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/base/text.h"
#include "gateway/compose/limits.h"
#include "gateway/compose/typed_each.h"
#include "gateway/compose/typed_run.h"
#include "gateway/compose/undo_log.h"
#include "gateway/contract/method_name.h"
#include "gateway/observe/mistake.h"

namespace frontdesk::compose {

// A run with steps that can be undone. Its TakeBack() follows its Run(), whatever that brought.
class UndoRun : public TypedRun {
 public:
  // What Run() brought; a failure for an exception of the hook that sees the answer, so that what
  // was done is taken back then too.
  template <class Message>
  Task<absl::StatusOr<Answer<Message>>> AnswerOf(Task<absl::StatusOr<Answer<Message>>> running) {
    std::optional<absl::StatusOr<Answer<Message>>> answer;
    try {
      answer.emplace(co_await std::move(running));
    } catch (...) {
      observe::LogMistake(Cat("the answer of request ", context().request_id));
      answer.emplace(observe::Mistake());
    }
    co_return *std::move(answer);
  }
  // Takes back what a run that failed did, and what a part that is missing may have done; says in
  // the failure what became of it.
  template <class Message>
  Task<void> TakeBack(absl::StatusOr<Answer<Message>>& answer) {
    absl::Status outcome = co_await log_.TakeBack(answer.status());
    if (!outcome.ok()) answer = std::move(outcome);
  }

 protected:
  // Fails at once, before any step, when there is no room for undos.
  UndoRun(upstream::CallContext& parent, upstream::Caller& caller, const RunOptions& options,
          Duration deadline = Duration::max())
      : TypedRun(parent, caller, options, deadline),
        log_(parent, context(), End(parent, deadline), caller, options) {
    if (absl::Status room = log_.Reserve(); !room.ok()) Fail(room);
  }

 private:
  template <class Step, class Reply, class Undo>
  friend class Undoable;

  UndoLog log_;
};

// What the contract says about the undo of a step.
template <class Reply, class Undo>
struct UndoOptions {
  const contract::MethodName& method;
  Duration timeout = std::chrono::seconds(5);  // of one try
  // What only the step's reply tells of the undo's request; null when nothing does.
  Undo (*from_reply)(const Reply& reply) = nullptr;
};

// `Kind`, Step or EachStep, of a call that `Undo` is the request to undo of.
template <class Kind, class Reply, class Undo>
class Undoable final : public Kind {
 public:
  // `more`: of Kind's constructor.
  template <class... More>
  Undoable(UndoRun& run, const StepOptions& options, const UndoOptions<Reply, Undo>& undo,
           More... more)
      : Kind(run, options, more...), log_(run.log_), undo_(undo) {}

  // What is known of the undo's request before the call; of an `each`, that of the next element.
  void UndoWith(const Undo& undo) { known_.push_back(upstream::Serialise(undo)); }

 private:
  upstream::CallContext& context() override { return log_.context(); }
  void Note(const contract::MethodName& method, size_t index, std::string_view request,
            const absl::StatusOr<upstream::UnaryReply>& reply,
            const absl::Status& status) override {
    UndoCall call;
    call.method = &undo_.method;
    call.step_method = &method;
    call.timeout = undo_.timeout;
    if (undo_.from_reply) call.from_reply = FromReply(undo_.from_reply);
    call.part = PartOf(index);
    const size_t element = ElementOf(index);
    if (element < known_.size()) call.request = known_[element];
    if (reply.ok()) call.reply = reply->message;
    call.step_request = request;
    log_.Note(std::move(call), reply.ok(), status);
  }
  void Refuse(size_t index) override { log_.Refuse(PartOf(index)); }
  size_t ElementOf(size_t index) const {
    if constexpr (std::is_base_of_v<ElementsStep, Kind>) return this->calls_[index].element;
    return 0;
  }
  std::string PartOf(size_t index) const {
    if constexpr (std::is_base_of_v<ElementsStep, Kind>) return Kind::PartOf(this->calls_[index]);
    return std::string(this->options_.id);
  }
  static UndoCall::FromReply FromReply(Undo (*fill)(const Reply&)) {
    return [fill](std::string_view bytes) -> std::optional<std::string> {
      Reply reply;
      if (!reply.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return std::nullopt;
      }
      return upstream::Serialise(fill(reply));
    };
  }

  UndoLog& log_;
  const UndoOptions<Reply, Undo> undo_;
  std::vector<std::string> known_;  // by element
};

template <class Reply, class Undo>
using UndoStep = Undoable<Step<Reply>, Reply, Undo>;
template <class Reply, class Undo>
using UndoEachStep = Undoable<EachStep<Reply>, Reply, Undo>;

}  // namespace frontdesk::compose
