#include "gateway/base/spare_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

// Where mimalloc takes the place of malloc: only the program decides that.
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace frontdesk {
namespace {

constexpr size_t kMuch = 4 << 20;

// Of this process, in main memory; 0 where the system does not tell.
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

// mimalloc 2 notes what is free and gives it back when it next takes something from the same
// segment: after a peak perhaps never. So something is taken from wherever there is room; nobody
// touches it.
void TakeFromEverywhere() {
  constexpr size_t kLargest = 8 << 20, kSmallest = 64 << 10;
  constexpr int kOfEach = 8;
  std::vector<std::unique_ptr<char[]>> taken;
  for (size_t size = kLargest; size >= kSmallest; size /= 2) {
    for (int i = 0; i < kOfEach; ++i) {
      taken.emplace_back(new (std::nothrow) char[size]);
      if (!taken.back()) return;
    }
  }
}

}  // namespace

void SpareMemory::Look() {
  const size_t resident = ResidentBytes();
  least_ = std::min(least_, resident);
  if (resident <= least_ + kMuch) return;
  if (mi_collect) {
    mi_collect(true);
    return TakeFromEverywhere();
  }
  ::malloc_trim(0);
}

}  // namespace frontdesk
