// What `frontdesk explain` says about now: how the breakers and end points of a route's calls do in
// the gateway that runs with the same configuration, as its admin listener tells.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gateway/contract/contract.h"

namespace frontdesk {

// What the gateway whose admin listener is at `address` says of the calls of a route for `method`:
//   {"at": address, "calls": [{"rpc": "p.S/M", "upstream": ..., "breaker": {...}}, ...],
//    "endpoints": [{"upstream": ..., "address": ..., "state": ..., "connection": ...,
//                   "breaker": {...}}, ...],
//    "discovery": [{"upstream": ..., "failure": ...}, ...]}
// A method that was not called yet has no breaker; an end point has a "last_failure" while attempts
// to connect to it fail, and an upstream a place in "discovery" while none of its names is found.
// Nothing when no gateway answers: nobody does, not in 300 ms, or something else.
std::optional<nlohmann::ordered_json> LiveState(const std::string& address,
                                                const contract::Method& method);
// The same of a page that was fetched.
std::optional<nlohmann::ordered_json> LiveState(const std::string& address,
                                                const nlohmann::ordered_json& page,
                                                const contract::Method& method);

// For readers; "no gateway answers at ..." without a state.
std::string LiveText(const std::optional<nlohmann::ordered_json>& state,
                     const std::string& address);

}  // namespace frontdesk
