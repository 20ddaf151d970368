// What protects the gateway, from contract and file to the plain values that are used.
#pragma once

#include <vector>

#include "frontdesk/v1/config.pb.h"
#include "gateway/policy/bulkhead.h"
#include "gateway/policy/shed.h"
#include "gateway/route/route.h"

namespace frontdesk::config {

// All were checked before.
policy::OverloadSettings ToOverload(const v1::Config::Overload& from, uint64_t body_bytes);
// By name.
std::vector<policy::BulkheadSettings> ToBulkheads(const v1::Config& config);
// Priority and fault of the route, whose bulkhead only the snapshot knows.
void Protect(const v1::Policy& policy, route::Route& route);

}  // namespace frontdesk::config
