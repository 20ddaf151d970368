// google.api.http rules that stand outside of the .proto files.
#pragma once

#include "gateway/contract/source_places.h"
#include "google/api/http.pb.h"

namespace frontdesk::contract {

// Takes the place of the annotation of the method that it selects, additional_bindings and all; of
// several for one method the last counts.
struct OuterRule {
  google::api::HttpRule rule;
  PlaceOf place_of;  // of a field of the rule
};

}  // namespace frontdesk::contract
