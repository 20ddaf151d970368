#include "gateway/compose/undo_log.h"

#include <memory>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/idempotency_key.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::compose {

UndoLog::UndoLog(upstream::CallContext& parent, const upstream::CallContext& run, TimePoint end,
                 upstream::Caller& caller, const RunOptions& options)
    : parent_(parent),
      end_(end),
      caller_(caller),
      options_(options),
      cancel_(options.undo_host ? options.undo_host->scope.stop() : parent.cancel),
      context_(run.ForCalls(cancel_)) {}

absl::Status UndoLog::Reserve() {
  if (!options_.undo_host) return absl::OkStatus();
  place_ = options_.undo_host->scope.Reserve();
  if (place_) return absl::OkStatus();
  return Failure(absl::StatusCode::kUnavailable, "OVERLOADED", "too much is waiting to be undone",
                 Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

void UndoLog::Note(UndoCall call, bool answered, const absl::Status& status) {
  if (!answered && !upstream::MayHaveActed(status)) return;
  call.known = status.ok();
  acted_.push_back({std::move(call), !status.ok()});
}

void UndoLog::Refuse(std::string_view part) {
  for (Acted& acted : acted_) acted.missing |= acted.call.part == part;
}

std::vector<UndoCall> UndoLog::TakeCalls(bool only_missing) {
  std::vector<UndoCall> calls;
  for (auto acted = acted_.rbegin(); acted != acted_.rend(); ++acted) {
    if (only_missing && !acted->missing) continue;
    UndoCall& call = calls.emplace_back(std::move(acted->call));
    call.key = upstream::KeyFor(context_, Cat("undo ", call.part));
    call.step_key = upstream::KeyFor(context_, call.part);
  }
  return calls;
}

Task<absl::Status> UndoLog::TakeBack(absl::Status outcome) {
  parent_.calls += context_.calls;
  parent_.retries += context_.retries;
  // An answer without a part must not leave behind what was, or may have been, done for it.
  std::vector<UndoCall> calls = TakeCalls(outcome.ok());
  if (calls.empty()) co_return outcome;
  UndoHost* const host = options_.undo_host;
  Cancellation never;
  auto undos = std::make_shared<Compensation>(caller_, context_, host ? host->scope.stop() : never,
                                              host ? host->metrics : nullptr,
                                              host ? host->alive : nullptr, std::move(calls));
  if (options_.compensation) *options_.compensation = undos;
  if (!host) {
    co_await Compensation::Run(undos);
  } else {
    host->scope.Start(*std::move(place_), Compensation::Run(undos));
    const bool awaited = !outcome.ok() && !parent_.cancel.cancelled();
    if (awaited) co_await undos->finish().Until(context_.loop, end_, &parent_.cancel);
  }
  if (!outcome.ok()) undos->Describe(outcome);
  co_return outcome;
}

}  // namespace frontdesk::compose
