// google.api.http rules made into bindings.
#pragma once

#include "gateway/contract/contract.h"
#include "gateway/contract/source_places.h"

namespace google::api {
class HttpRule;
}  // namespace google::api

namespace frontdesk::contract {

// Adds the bindings of `rule` and its additional_bindings to `method`, whose message tables are
// set. A binding with a finding is not added. `place_of` gives the place of a field of the rule.
void AddBindings(const google::api::HttpRule& rule, const PlaceOf& place_of, Method& method,
                 Findings& findings);

// A finding for each binding that another one before it makes unreachable: the same HTTP method and
// the same shape of path.
void CheckCollisions(const std::vector<Method>& methods, Findings& findings);

}  // namespace frontdesk::contract
