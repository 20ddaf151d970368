// Values for examples of fields that have rules.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "frontdesk/v1/rules.pb.h"
#include "gateway/contract/message_table.h"
#include "gateway/contract/rules.h"

namespace frontdesk::codegen {

// What is asked of one value: of a field, or of those in a list or map.
struct Asked {
  const frontdesk::v1::FieldRules& from;
  const std::vector<contract::Rule>& rules;  // compiled from it
  bool non_zero = false;                     // zero, false and "" count as unset
};

// Up to `count` different values, as JSON, that keep all rules; none where nobody here knows one,
// and for messages that are no times. `field`: the type, of a wrapper what is in it. `name` is what
// texts are made of.
std::vector<nlohmann::ordered_json> RuledValues(const contract::Field& field,
                                                const std::string& name, const Asked& asked,
                                                size_t count, bool enum_numbers);

}  // namespace frontdesk::codegen
