// google.api.http rules made into bindings.
#pragma once

#include <functional>

#include "gateway/contract/contract.h"
#include "gateway/contract/source_places.h"

namespace google::api {
class HttpRule;
}  // namespace google::api

namespace frontdesk::contract {

// Gives the place of a field of the rule by its path of field numbers.
using PlaceOf = std::function<Place(const SourcePath&)>;

// Adds the bindings of `rule` and its additional_bindings to `method`, whose message tables are
// set. A binding with a finding is not added.
void AddBindings(const google::api::HttpRule& rule, const PlaceOf& place_of, Method& method,
                 Findings& findings);

// A finding for each binding that another one before it makes unreachable: the same HTTP method and
// the same shape of path.
void CheckCollisions(const std::vector<Method>& methods, Findings& findings);

}  // namespace frontdesk::contract
