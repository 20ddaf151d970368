// How often a caller asks, or all of those that were let in.
#pragma once

#include "gateway/policy/limit.h"

namespace frontdesk::policy {

// Takes from the limits of the exchange's route that are by caller, by header, or of the route as a
// whole. Who is unknown is counted by address.
Task<absl::Status> LimitByCaller(Exchange& exchange, const LimitHost& host);

}  // namespace frontdesk::policy
