// What a contract asks of the caller's identity.
#pragma once

#include <string>
#include <vector>

#include "gateway/contract/contract.h"

namespace frontdesk::contract {

// A request has at most this many places that are filled from the caller: messages in messages may
// multiply them.
constexpr size_t kMostCallerFields = 100;

// What a request of this type holds that the caller can't fill, although a field there can be
// filled only from the caller: the elements of lists and maps, members of oneofs, and messages that
// contain themselves. One text for each such field, and for too many; none when all are reached.
std::vector<std::string> UnreachedCallerFields(const MessageTable& request);

// The method can't be carried out for somebody unknown: its request or, unless that step is made
// `when` there is a caller, one of its calls is filled from the caller.
bool NeedsCaller(const Method& method);

// The claims that its request and, with the steps that need them, its calls are filled from. A
// claim that is not there leaves unset a field that has presence, and one that a step's `when` has
// asked for; else it is required.
std::vector<ClaimNeed> ClaimsOf(const Method& method);

}  // namespace frontdesk::contract
