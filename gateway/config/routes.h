// A binding of a method under the policy in force, as the route that requests take.
#pragma once

#include <memory>

#include "frontdesk/v1/config.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/http/server_limits.h"
#include "gateway/route/route.h"

namespace frontdesk::config {

// Without what several routes share (limits, bulkheads) and what depends on the front. All was
// checked before.
std::unique_ptr<route::Route> ToRoute(const contract::Method& method,
                                      const contract::Binding& binding, const v1::Policy& policy,
                                      const v1::Config& config, const http::ServerLimits& limits);

}  // namespace frontdesk::config
