#include "gateway/base/spare_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

// Where mimalloc takes the place of malloc: only the program decides that.
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace frontdesk {

size_t ResidentBytes() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 64> text{};  // "pages resident-pages ..."
  const ssize_t bytes = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  const char* const resident = bytes > 0 ? std::strchr(text.data(), ' ') : nullptr;
  if (!resident) return 0;
  return std::strtoull(resident, nullptr, 10) * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

void ReturnSpareMemory() {
  if (mi_collect) return mi_collect(true);
  ::malloc_trim(0);
}

}  // namespace frontdesk
