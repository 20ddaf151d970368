// Rules of request fields as words of JSON Schema.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/contract/message_table.h"

namespace frontdesk::codegen::openapi {

// Adds to the schema of the field's value what it has words for.
void Constrain(const contract::Field& field, nlohmann::ordered_json& schema);

// The author's comment, and in requests the rules that no word of a schema says.
std::string DescriptionOf(const contract::Field& field, bool request);

}  // namespace frontdesk::codegen::openapi
