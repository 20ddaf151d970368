// What `frontdesk explain` says of the calls that a route makes: how each is protected, why it is
// or is not retried, and where that was written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/config/snapshot.h"

namespace frontdesk {

// {"value": ..., "from": "file:line:col" or "default"}
nlohmann::ordered_json Explained(nlohmann::ordered_json value, const contract::PolicyPlaces& places,
                                 const std::string& name);

const char* PriorityName(Priority priority);
// A string as it is, everything else as JSON; 9, not 9.0.
std::string Text(const nlohmann::ordered_json& value);
// The upstream that serves the method; null for none.
const upstream::UpstreamSettings* UpstreamOf(const config::Snapshot& snapshot,
                                             const contract::Method& called);

// The call of a plain route, or of the step of a composition (`step` not null).
nlohmann::ordered_json CallToJson(const config::Snapshot& snapshot, const route::Route& route,
                                  const contract::PlanStep* step);

// The call that takes a step back; the step has one.
nlohmann::ordered_json UndoToJson(const config::Snapshot& snapshot, const contract::PlanStep& step);

// The upstreams that the calls of a route go to, by name.
nlohmann::ordered_json UpstreamsToJson(const config::Snapshot& snapshot,
                                       const contract::Method& method);

// What of it a reader of text wants to know: sentences, and values that somebody wrote.
void PrintCall(const nlohmann::ordered_json& call, const std::string& name);
void PrintUpstreams(const nlohmann::ordered_json& upstreams);

}  // namespace frontdesk
