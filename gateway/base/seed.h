// Chance of the system, for tables and streams whose course nobody outside may foresee.
#pragma once

#include <cstdint>

namespace frontdesk {

uint64_t SecretSeed();

}  // namespace frontdesk
