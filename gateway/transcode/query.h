// Query parameters: their syntax, and the fields they name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
// parameters, whose name begins with '$', are left out but for `$fields`. Fails with 400
// INVALID_QUERY (malformed, or a name that is not UTF-8) or TOO_MANY_PARAMETERS.
absl::Status ParseQuery(std::string_view query, std::vector<Parameter>& parameters);

// Names that Google's clients send to any API, for what is in front of it. They count as system
// parameters where no field has such a name.
bool IsSystemName(std::string_view name);

// What a parameter's name stands for: "page.size", by any names of the fields, or "labels[key]".
struct ParameterField {
  FieldPath path;
  bool entry = false;
  std::string_view key;  // of the map's entry
};

// False when the name leads to no field that a parameter can fill.
bool FindParameter(const contract::MessageTable& table, std::string_view name,
                   ParameterField& field);

// The parameter is the read mask of the answer: `$fields`, or `fields` where the request has no
// field that this name fills.
bool IsReadMask(const contract::MessageTable& input, std::string_view name);

// Takes the read mask out of the parameters. Nothing if it was not given; fails with 400
// DUPLICATE_PARAMETER if it was given twice.
absl::StatusOr<std::optional<std::string>> TakeReadMask(const contract::MessageTable& input,
                                                        std::vector<Parameter>& parameters);

}  // namespace frontdesk::transcode
