// Maps that are gone through, as protobuf reads them: an entry per key, the last one that came,
// with key and value. Back ends write maps in any order; here they are in the order of their keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/compose/slots.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::compose {

// The entries that were read into the slot, views of what was read.
std::vector<std::string_view> EntriesByKey(const contract::MessageTable& entry, const Slots& slots,
                                           uint32_t slot);

// Where an entry leaves out its key or value, this is meant: to be read in front of it.
std::string DefaultEntry(const contract::MessageTable& entry);

// Reads an entry, `absent` in front of it, into new slots; returns the first of them.
uint32_t ReadEntry(const contract::MessageReader& reader, std::string_view absent,
                   std::string_view entry, Slots& slots);

}  // namespace frontdesk::compose
