// Claims as values of fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/contract/message_table.h"
#include "gateway/identity/identity.h"

namespace frontdesk::identity {

// A claim, if it is there and the field can hold it as it is: texts are no numbers, and a number
// has to be in the field's range. Null otherwise, for a null claim, and for nobody.
const JsonValue* FindClaim(const Identity* who, std::string_view path, contract::FieldType type);
// It is there, and not null, whatever it holds.
bool HasClaim(const Identity* who, std::string_view path);

// Of what FindClaim() has found for a number or bool: the bits of the field's value, a signed
// number sign-extended, a floating number in its own width (as compose/scalar.h).
uint64_t ClaimBits(const JsonValue& claim, contract::FieldType type);

}  // namespace frontdesk::identity
