// What a run remembers of its calls so that they can be taken back.
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/execution.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {

using contract::PlanStep;

absl::Status Execution::PrepareUndos() {
  UndoHost* const host = options_.undo_host;
  if (host) {
    undo_place_ = host->scope.Reserve();
    if (!undo_place_) {
      return Failure(absl::StatusCode::kUnavailable, "OVERLOADED",
                     "too much is waiting to be undone", Origin::kGateway)
          .NeverSent()
          .Header("Retry-After", "1");
    }
  }
  kept_cancel_.emplace(host ? host->scope.stop() : parent_.cancel);
  kept_context_.emplace(upstream::CallContext{context_.loop, *kept_cancel_, context_.deadline,
                                              context_.metadata, context_.caller_sub,
                                              context_.request_id, context_.key_scope});
  return absl::OkStatus();
}

std::string Execution::KeyFor(std::string_view part) const {
  return has_keys() ? upstream::DeriveKey(context_.key_scope, part) : std::string();
}

void Execution::NoteActed(size_t index, size_t call, bool answered, const absl::Status& status) {
  if (!plan_.steps[index].undo) return;
  if (answered || MayHaveActed(status)) acted_.push_back({index, call, status.ok()});
}

UndoCall Execution::UndoOf(const Acted& acted) const {
  const PlanStep& step = plan_.steps[acted.step];
  const Progress& progress = steps_[acted.step];
  UndoCall undo;
  undo.step = &step;
  undo.part = step.id;
  undo.known = acted.known;
  if (step.each) {
    const EachCalls::Call& call = progress.each->calls[acted.call];
    undo.part = Cat(step.id, '[', call.element, ']');
    undo.request = call.undo;
    undo.reply = call.reply.message;
    undo.step_request = progress.each->requests.substr(call.begin, call.size);
  } else {
    undo.request = progress.undo;
    undo.reply = progress.reply.message;
    undo.step_request = progress.request;
  }
  undo.key = KeyFor(Cat("undo ", undo.part));
  undo.step_key = KeyFor(undo.part);
  return undo;
}

std::vector<UndoCall> Execution::CallsToUndo(bool only_unknown) const {
  std::vector<UndoCall> calls;
  for (auto acted = acted_.rbegin(); acted != acted_.rend(); ++acted) {
    if (!only_unknown || !acted->known) calls.push_back(UndoOf(*acted));
  }
  return calls;
}

Task<void> Execution::TakeBack(absl::StatusOr<Composed>* answer) {
  // An answer without the step must not leave behind what the step may have done.
  std::vector<UndoCall> calls = CallsToUndo(answer->ok());
  if (calls.empty()) co_return;
  UndoHost* const host = options_.undo_host;
  Cancellation never;
  auto undos = std::make_shared<Compensation>(
      plan_, caller_, *kept_context_, host ? host->scope.stop() : never,
      host ? host->metrics : nullptr, host ? host->alive : nullptr, std::move(calls));
  if (options_.compensation) *options_.compensation = undos;
  if (!host) {
    co_await Compensation::Run(undos);
  } else {
    host->scope.Start(*std::move(undo_place_), Compensation::Run(undos));
    const bool awaited = !answer->ok() && !parent_.cancel.cancelled();
    if (awaited) co_await undos->finish().Until(context_.loop, end_, &parent_.cancel);
  }
  if (answer->ok()) co_return;
  absl::Status failure = answer->status();
  undos->Describe(failure);
  *answer = std::move(failure);
}

}  // namespace frontdesk::compose
