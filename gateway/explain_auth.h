// What `explain` says about who may call.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "gateway/policy/authenticator.h"
#include "gateway/route/route.h"

namespace frontdesk {

// What a route asks of callers, value by value under its name in the schema: what nothing is asked
// of is left out.
void ExplainAuth(const route::Route::Auth& auth,
                 const std::function<void(const char* name, nlohmann::ordered_json value)>& add);

// Who vouches for callers, and what they are then called.
nlohmann::ordered_json CallersToJson(const policy::AuthSettings& auth);

}  // namespace frontdesk
