// Memory that was freed and that the allocator keeps for what comes next.
#pragma once

#include <cstddef>

namespace frontdesk {

// Of this process, in main memory; 0 where the system does not tell.
size_t ResidentBytes();

// Gives back to the system what this thread has freed. Looks at all that the thread has, which may
// take a millisecond.
void ReturnSpareMemory();

}  // namespace frontdesk
