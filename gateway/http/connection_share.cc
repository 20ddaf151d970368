#include "gateway/http/connection_share.h"

namespace frontdesk::http {
namespace {

// With so few connections an uneven split costs less than moving one.
constexpr uint64_t kFew = 8;

}  // namespace

ConnectionShare::ConnectionShare(size_t workers, uint32_t most)
    : workers_(workers), most_(most), counts_(new Count[workers]) {}

uint32_t ConnectionShare::total() const {
  uint32_t sum = 0;
  for (size_t i = 0; i < workers_; ++i) sum += count(i);
  return sum;
}

size_t ConnectionShare::Choose(size_t worker) const {
  const uint64_t own = count(worker) + uint64_t{1};
  if (workers_ < 2 || own <= kFew || own * workers_ * 4 <= uint64_t{total() + 1} * 5) return worker;
  size_t least = worker;
  for (size_t i = 0; i < workers_; ++i) {
    if (count(i) < count(least)) least = i;
  }
  return least;
}

}  // namespace frontdesk::http
