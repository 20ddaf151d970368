// The FieldMask of a PATCH, from the names that its body has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/contract/contract.h"
#include "gateway/transcode/decode.h"

namespace frontdesk::transcode {

// The one FieldMask of the request that is filled from the body: the binding is a PATCH whose body
// is a field that is an ordinary message, and the request has exactly one mask. Else null.
const contract::Field* PatchMaskField(const contract::MessageTable& input,
                                      const contract::Binding& binding);

// Bytes of a mask. Names of what is deep inside are long: a body of a type that is part of itself
// could have hundreds of times its own size of them.
inline constexpr size_t kMostPatchMask = 64 << 10;

// Appends the FieldMask (wire bytes) of all leaves in the body's JSON object: names as in the
// .proto, joined by dots. Lists, maps, null, {} and messages with a JSON of their own are leaves;
// what was ignored as unknown, or taken back by a later value of its name, is none. `json` has been
// decoded as `field`, with these options, without error. `any`: the object has members, known or
// not. False when it is larger than kMostPatchMask.
bool AppendPatchMask(const contract::Field& field, std::string_view json,
                     const ParseOptions& options, std::string& mask, bool& any);

}  // namespace frontdesk::transcode
