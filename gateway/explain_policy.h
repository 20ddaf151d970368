// What `explain` says about the policy of a route.
#pragma once

#include <nlohmann/json.hpp>

#include "gateway/config/snapshot.h"
#include "gateway/route/route.h"

namespace frontdesk {

// Every value in force, and the file and line that set it.
nlohmann::ordered_json PolicyToJson(const config::Snapshot& snapshot, const route::Route& route);

}  // namespace frontdesk
