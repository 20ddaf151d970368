#include "gateway/base/spare_memory.h"

#include <malloc.h>

// Where mimalloc takes the place of malloc: only the program decides that.
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace frontdesk {

void ReturnSpareMemory() {
  if (mi_collect) return mi_collect(true);
  ::malloc_trim(0);
}

}  // namespace frontdesk
