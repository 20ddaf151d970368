// Memory that was freed and that the allocator keeps for what comes next.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace frontdesk {

// Of one thread, which asks it from time to time: allocators keep what was freed by thread.
class SpareMemory {
 public:
  // How often is often enough.
  static constexpr std::chrono::seconds kLook{5};

  // After a peak of the process, gives back to the system what this thread has freed and nobody
  // else would get. Looks at all that the thread has, which may take a millisecond, and takes and
  // gives back 128 MiB of address space that it does not touch.
  void Look();

 private:
  size_t least_ = std::numeric_limits<size_t>::max();  // bytes of the process so far
};

}  // namespace frontdesk
