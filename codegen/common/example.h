// Values made up from types: the same contract gives the same ones.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "codegen/common/face.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::codegen {

// An object in which every field has a value: of a oneof its first member, of a list one element.
// Messages end where they come to contain themselves, and after a few levels.
nlohmann::ordered_json ExampleOf(const contract::MessageTable& table, Face face);
// A value of the field, as it stands in the object around it.
nlohmann::ordered_json ExampleOf(const contract::Field& field, Face face);

// A single value of the field as path and query have it, not yet encoded: "order-id" for order_id.
std::string ExampleText(const contract::Field& field);

}  // namespace frontdesk::codegen
