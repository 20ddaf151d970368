// The attempts at one call, which call.cc and hedge.cc make one after another or side by side.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/upstream/call.h"

namespace frontdesk::upstream {

using Reply = absl::StatusOr<UnaryReply>;

// Of one call. A configuration asks for no more; what nobody processed may be tried so often where
// it asks for fewer.
inline constexpr uint32_t kMostAttempts = 5;

// What the attempts at one call share. Lives in MakeCall()'s frame.
struct Call {
  const Target target;
  CallContext& context;
  const contract::MethodName& name;
  const CallPolicy& policy;
  const CallSpec spec;   // of the first attempt
  const Duration whole;  // see MakeCall()
  const std::string_view request;
  uint32_t begun = 0;           // attempts, also those that found nobody to call
  uint32_t refused = 0;         // hedges among them for which there was no place after all
  uint32_t attempts = 0;        // those of them that a transport had
  uint32_t unsent = 0;          // those of these that no back end processed
  bool had_time = false;        // one did, so that running out of it says something of the method
  bool may_have_acted = false;  // a back end, on one that failed
  // Where the last one went.
  const EndpointState* last = nullptr;

  Loop& loop() const { return context.loop; }
  Cluster& cluster() const { return target.channel.cluster(); }
};

// One attempt's answer, and what it says about trying again.
struct Outcome {
  Reply reply;
  bool attempted = false;  // a transport had it
};

// Of an end that is not bad: nothing when this process stood still meanwhile, because then it is
// not known how long the back end took.
Verdict WhenTimed(Verdict verdict, bool stood_still);

// Room below the upstream's limit, end point, transport; and what comes of it for all of them.
// `cancel` ends it: that of the call, or one of its own for an attempt that others may overtake.
// `avoid` (which may be null) is called only if there is no other; `entered`: it has room already.
Task<Outcome> Attempt(Call& call, Cancellation& cancel, const EndpointState* avoid,
                      bool entered = false);

// Whether the call answers with this outcome rather than with that of an attempt before.
bool SaysMore(const Call& call, const Outcome& outcome);

// When the next attempt may be made after this one, as the policy's retries say; nothing when it
// may not, or need not. What it takes of the retry budget is taken.
std::optional<TimePoint> NextAttempt(Call& call, const Outcome& outcome);

// The call with attempts that overlap, as its policy's hedge says.
Task<Reply> Hedged(Call& call);

}  // namespace frontdesk::upstream
