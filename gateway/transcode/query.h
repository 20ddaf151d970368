// Query parameters: their syntax, and the fields they name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/contract/message_table.h"
#include "gateway/transcode/overlay.h"

namespace frontdesk::transcode {

// A request with more parameters is refused: each costs a look-up and a conversion.
inline constexpr size_t kMaxParameters = 1000;

struct Parameter {
  std::string name;
  std::string value;
};

// Splits at '&' and the first '=', then decodes both sides; empty pieces are skipped. System
// parameters, whose name begins with '$', are left out. Fails with 400 INVALID_QUERY or
// TOO_MANY_PARAMETERS.
absl::Status ParseQuery(std::string_view query, std::vector<Parameter>& parameters);

// What a parameter's name stands for: "page.size", by any names of the fields, or "labels[key]".
struct ParameterField {
  FieldPath path;
  bool entry = false;
  std::string_view key;  // of the map's entry
};

// False when the name leads to no field that a parameter can fill.
bool FindParameter(const contract::MessageTable& table, std::string_view name,
                   ParameterField& field);

}  // namespace frontdesk::transcode
