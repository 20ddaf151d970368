// One protected call: START HERE for what stands between a request and a back end.
//
//   deadline > breaker of the method > retry or hedge > room > end point and its breaker > attempt
//
// The breaker of the method stands outside of the retries, because what it judges is whether calls
// succeed; that of the end point inside, because another end point may do what one does not.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/channel.h"
#include "gateway/upstream/observer.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

// Of one worker: a method, where it is called, and who hears of it.
struct Target {
  Channel& channel;
  MethodState& method;
  CallObserver* observer;  // may be null
};

// Everything, what `spec` refers to included, outlives the task. `whole`: the time until the call's
// deadline, had nothing before it taken of that and the client not wished for less.
Task<absl::StatusOr<UnaryReply>> MakeCall(Target target, CallContext& context,
                                          const contract::MethodName& name, CallSpec spec,
                                          Duration whole, std::string_view request,
                                          const CallPolicy& policy);

}  // namespace frontdesk::upstream
