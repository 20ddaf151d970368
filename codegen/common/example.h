// Values made up from types: the same contract gives the same ones.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codegen/common/face.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::codegen {

// An object in which every field has a value: of a oneof one member, of a list one element.
// Messages end where they come to contain themselves, and after a few levels. Requests keep the
// rules of their fields: what no value is known for is left out, and nothing is left where it is
// needed.
std::optional<nlohmann::ordered_json> ExampleOf(const contract::MessageTable& table, Face face);
// A value of the field, as it stands in the object around it.
std::optional<nlohmann::ordered_json> ExampleOf(const contract::Field& field, Face face);

// A single value of the field as path and query have it, not yet encoded: "order-id" for order_id,
// also where its rules ask for something that is not known.
std::string ExampleText(const contract::Field& field);
// The same of all that a list or map needs, with the keys of a map.
std::vector<std::pair<std::string, std::string>> ExampleTexts(const contract::Field& field);

}  // namespace frontdesk::codegen
