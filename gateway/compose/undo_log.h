// What a run of a composition remembers of its calls so that they can be taken back: the same for a
// plan and for generated code.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/scope.h"
#include "gateway/base/task.h"
#include "gateway/compose/runtime.h"
#include "gateway/compose/undo.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/caller.h"

namespace frontdesk::compose {

// Lives as long as the run; its undos may live longer. One loop.
class UndoLog {
 public:
  // `parent` is the request's context and `run` that of the calls which nothing takes back; the
  // whole must have ended at `end`.
  UndoLog(upstream::CallContext& parent, const upstream::CallContext& run, TimePoint end,
          upstream::Caller& caller, const RunOptions& options);
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // Takes the room that undos may need. Fails when there is none; then nothing may be started.
  absl::Status Reserve();

  // For calls that can be undone. They are not cancelled half-way: only their end tells what they
  // did.
  upstream::CallContext& context() { return context_; }

  // Such a call has ended with `status`; `answered`: by a reply, of whatever kind. Remembered
  // unless it is sure that it did nothing. `call` has neither `known` nor keys yet.
  void Note(UndoCall call, bool answered, const absl::Status& status);
  // What a part brought is left out of the answer, although its call was answered well.
  void Refuse(std::string_view part);

  // When no call is under way any more, and once: takes back what a failed composition did, the
  // last call first; of one that did not fail, what it did or may have done for parts that are
  // missing.
  // Waits for that as long as the answer may still be given in time. Returns the outcome, a failure
  // with what became of each part.
  Task<absl::Status> TakeBack(absl::Status outcome);

 private:
  struct Acted {
    UndoCall call;
    bool missing = false;  // in the answer
  };
  std::vector<UndoCall> TakeCalls(bool only_missing);

  upstream::CallContext& parent_;
  const TimePoint end_;
  upstream::Caller& caller_;
  const RunOptions& options_;
  Cancellation cancel_;
  upstream::CallContext context_;
  std::optional<Scope::Place> place_;
  std::vector<Acted> acted_;  // in the order in which they ended
};

}  // namespace frontdesk::compose
