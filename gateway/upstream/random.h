// Chance for what runs; tests bring their own.
#pragma once

#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

// Seeded by the system. Each for one thread at a time.
Random MakeRandom();

}  // namespace frontdesk::upstream
