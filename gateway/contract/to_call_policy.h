// What the schema says of how calls are protected -> the plain values that calls are made with.
#pragma once

#include <string>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/call_policy.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::contract {

// Duration strings were checked when they were read.
Duration ToDuration(const std::string& text, Duration otherwise);

// What is said stands over `breaker`.
BreakerSettings ToBreaker(const frontdesk::v1::Policy::Breaker& from, BreakerSettings breaker);

// Of a method of this level: only what reads is hedged. What may be retried is the call's concern.
CallPolicy ToCallPolicy(const frontdesk::v1::Policy& from, Idempotency level);

// The same with what else a program says of its calls that has no gateway before it: `timeout` and
// `max_response_bytes`.
DeclaredPolicy ToDeclaredPolicy(const frontdesk::v1::Policy& from, Idempotency level);

Priority ToPriority(frontdesk::v1::Policy::Priority from);

}  // namespace frontdesk::contract
