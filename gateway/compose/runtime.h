// Runs the plan of a composition: calls its steps, each as soon as what it needs is there, and
// makes one message of their replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/read_mask.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/caller.h"

namespace frontdesk::compose {

class Compensation;
struct UndoHost;

// A part of the answer that failed and is left out, or is its default: a step's id, or "id[3]" for
// the fourth element of its `each`. The reason is that of the failure (DEADLINE_EXCEEDED), or
// DEPENDENCY when a step that it needs is left out.
struct Missing {
  std::string part;
  std::string reason;
  bool defaulted = false;  // its default stands in its place (on_error: DEFAULT)
};

struct Composed {
  std::string message;              // serialised, fields ascending
  std::vector<Missing> incomplete;  // in the order of the plan
  upstream::Metadata headers;       // RunOptions::response_headers of the replies
};

// Which steps a run has use for, a bit per index in Plan::steps.
struct WantedSteps {
  uint64_t run = ~uint64_t{0};    // called; whatever one of them needs is among them
  uint64_t shown = ~uint64_t{0};  // part of what the client asked for: told of when missing
};

// Of a client that asks for `mask`. `response_field` is the binding's: then the answer is that
// field alone, and the mask goes for what is inside. A step runs if it feeds a field that is asked
// for, or a step that runs, and always where the contract says so. Leaving out any other is safe
// when the request reads only (`reads`: GET or HEAD) or the step does (its call is declared
// NO_SIDE_EFFECTS, and it has no undo); otherwise it runs as ever, for the client chose what to see
// and not what to have done. All run where a hook sees the answer as a whole.
WantedSteps StepsFor(const contract::Plan& plan, const contract::Field* response_field,
                     const contract::ReadMask& mask, bool reads);

struct RunOptions {
  // Of one reply; above it the step fails.
  size_t max_reply_bytes = 4 << 20;
  // Of all replies together; above it the step whose reply it is fails.
  size_t max_total_bytes = 64 << 20;
  // Of an `each`; a longer list fails its step, for one request must not become any number of
  // calls.
  size_t max_elements = 1000;
  // Keys of response metadata to hand on, lower case.
  std::span<const std::string> response_headers;
  // How the calls of each step are protected, by its index in the plan; null or beyond the end for
  // the policy of the called method.
  std::span<const upstream::CallPolicy* const> policies;
  // Steps that do not run count as done without a reply, whatever their on_error says.
  WantedSteps steps;
  // Where undos run when the composition ends before they do; without it they end first.
  UndoHost* undo_host = nullptr;
  // Set to the undos that had to be started, if any; they may still run.
  std::shared_ptr<Compensation>* compensation = nullptr;
};

// All arguments outlive the task; `request` is the wire of the method's input. The plan's deadline
// and the context's both hold for the whole; a small part of it is kept for making the answer.
//
// Fails with the status of the first step that fails and must not (the other calls are cancelled
// and awaited first), with the reason of context.cancel, with UPSTREAM_PROTOCOL (502) for a reply
// that is not a message, and with INVALID_MESSAGE for a request that is not.
//
// When it fails, steps with an undo that were done, or may have been, are taken back, the last one
// first. The failure waits for that until the deadline, unless context.cancel has happened; its
// ErrorInfo says which steps are undone, which are not, and which still wait (undo.h). With a
// context.key_scope every call carries an idempotency key derived of it.
Task<absl::StatusOr<Composed>> Run(upstream::CallContext& context, const contract::Plan& plan,
                                   upstream::Caller& caller, std::string_view request,
                                   const RunOptions& options);

}  // namespace frontdesk::compose
