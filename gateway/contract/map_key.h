// The order of map keys: numbers by value, strings by their bytes, as protobuf's deterministic
// serialisation has them.
#pragma once

#include <cstdint>

#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

// Signed keys have this bit turned over in MapKeyOrder().
inline constexpr uint64_t kMapKeySign = uint64_t{1} << 63;

bool IsSignedKey(FieldType type);

// Maps a key, given as the value that stands on the wire, to a number that sorts as the key does.
// 0 for strings.
uint64_t MapKeyOrder(FieldType type, uint64_t wire_value);

}  // namespace frontdesk::contract
