// Taking back what a composition did before it failed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/event.h"
#include "gateway/base/scope.h"
#include "gateway/base/task.h"
#include "gateway/contract/method_name.h"
#include "gateway/observe/metrics.h"
#include "gateway/upstream/caller.h"

namespace frontdesk::compose {

// What undos need of the worker on which they run; outlives them.
struct UndoHost {
  Scope& scope;
  observe::MetricsShard* metrics = nullptr;  // may be null
  std::shared_ptr<const void> alive;         // what plans live in
};

// One call that is taken back: all that is needed for it, and nothing of the request's.
struct UndoCall {
  // What only the step's reply tells of the undo's request; nothing if the reply is no message.
  using FromReply = std::function<std::optional<std::string>(std::string_view reply)>;

  // Both are as constant as the program, or live in what UndoHost keeps alive.
  const contract::MethodName* method = nullptr;       // of the undo
  const contract::MethodName* step_method = nullptr;  // of what it undoes
  std::chrono::nanoseconds timeout{};                 // of one try
  FromReply from_reply;                               // empty when the reply is not needed
  std::string part;                                   // the step's id, or "id[3]"
  std::string request;                                // what was known before the step ran
  std::string key;                                    // idempotency key of the undo; may be empty
  bool known = false;                                 // `reply` is the step's reply
  std::string reply;
  // To ask the step again when its reply is not known. Without a key that is not safe, and not
  // done.
  std::string step_request;
  std::string step_key;
};

// The undos of one composition, in the order in which they run: one after another, each tried a few
// times while there is hope. Shared by the task that runs it and whoever waits for it. One loop.
class Compensation {
 public:
  // `context` is copied: metadata, caller and request id, neither deadline nor cancellation.
  Compensation(upstream::Caller& caller, const upstream::CallContext& context, Cancellation& stop,
               observe::MetricsShard* metrics, std::shared_ptr<const void> alive,
               std::vector<UndoCall> calls);
  Compensation(const Compensation&) = delete;
  Compensation& operator=(const Compensation&) = delete;

  // To be called once.
  static Task<void> Run(std::shared_ptr<Compensation> self);

  // What is given back, by being destroyed, after the last undo: the room that their request had.
  // Before finished().
  void Keep(std::shared_ptr<const void> held) { held_.push_back(std::move(held)); }

  bool finished() const { return finished_.happened(); }
  Event& finish() { return finished_; }
  // Something was done and stays, or may have been. Final once finished() holds.
  bool failed() const { return failed_; }
  // Says in the failure's ErrorInfo what became of each part, instead of what was said before:
  // "undone", "not_undone" (was done, and stays), "unknown" (may have been done) and
  // "undo_pending", each a list of parts.
  void Describe(absl::Status& failure) const;

 private:
  enum class Result { kPending, kUndone, kFailed, kUnknown };

  Task<absl::Status> TakeBack(UndoCall& call);
  // One try. OK also when it turns out that there is nothing to take back.
  Task<absl::Status> Try(UndoCall& call);
  // Asks the step again. OK: its reply is known now, or `nothing` says that it did nothing.
  Task<absl::Status> Learn(UndoCall& call, bool& nothing);
  void Note(size_t index, const absl::Status& status);
  // What became of the parts, by the names of Describe().
  std::vector<std::pair<std::string_view, std::string>> Parts() const;
  // The end of it, for the log: the client may have left, or had its answer, before.
  void Tell() const;

  upstream::Caller& caller_;
  observe::MetricsShard* const metrics_;
  const std::shared_ptr<const void> alive_;
  Cancellation cancel_;
  const std::string request_id_;
  upstream::CallContext context_;
  std::vector<UndoCall> calls_;
  std::vector<Result> results_;
  bool failed_ = false;
  std::vector<std::shared_ptr<const void>> held_;
  Event finished_;
};

}  // namespace frontdesk::compose
