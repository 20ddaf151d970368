// What an undo needs of a step that ran by its plan.
#include "gateway/base/text.h"
#include "gateway/compose/execution.h"

namespace frontdesk::compose {
namespace {

using contract::PlanStep;

std::optional<std::string> FromReply(const contract::Plan& plan, const contract::PlanUndo& undo,
                                     std::string_view reply) {
  std::string out;
  Knowledge known(plan);
  const uint32_t base = known.slots.Open(undo.reply);
  if (!known.slots.Read(undo.reply, reply, base)) return std::nullopt;
  Assembler(known, out).Write(undo.from_reply, base);
  return out;
}

}  // namespace

void Execution::NoteActed(const PlanStep& step, std::string part, std::string_view request,
                          std::string& undo, const upstream::UnaryReply* reply,
                          const absl::Status& status) {
  UndoCall call;
  call.method = step.undo->method;
  call.step_method = step.method;
  call.timeout = step.undo->timeout;
  if (!step.undo->from_reply.empty()) {
    call.from_reply = [&plan = plan_, &how = *step.undo](std::string_view bytes) {
      return FromReply(plan, how, bytes);
    };
  }
  call.part = std::move(part);
  call.request = std::move(undo);
  if (reply) call.reply = reply->message;
  call.step_request = request;
  undo_log_->Note(std::move(call), reply != nullptr, status);
}

Task<void> Execution::TakeBack(absl::StatusOr<Composed>* answer) {
  absl::Status outcome = co_await undo_log_->TakeBack(answer->status());
  if (!outcome.ok()) *answer = std::move(outcome);
}

}  // namespace frontdesk::compose
