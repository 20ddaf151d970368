// What of the caller's identity a field may be filled from: "caller.sub", or "caller.claims." with
// the path of a claim.
#pragma once

#include <string_view>

#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

constexpr std::string_view kCallerSub = "caller.sub";
constexpr std::string_view kCallerClaims = "caller.claims.";

// The claim's path of a source; "" for one that is none.
inline std::string_view ClaimOfSource(std::string_view source) {
  return source.starts_with(kCallerClaims) ? source.substr(kCallerClaims.size())
                                           : std::string_view();
}

// Types of fields that a claim can fill: texts, numbers and bools.
inline bool IsClaimType(FieldType type) {
  return type != FieldType::kBytes && type != FieldType::kEnum && type != FieldType::kMessage &&
         type != FieldType::kGroup;
}

}  // namespace frontdesk::contract
