// Memory that was freed and that the allocator keeps for what comes next.
#pragma once

namespace frontdesk {

// Gives back to the system what this thread has freed. Looks at all that the thread has, which may
// take a millisecond: for after a peak.
void ReturnSpareMemory();

}  // namespace frontdesk
