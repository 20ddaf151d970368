#include "gateway/base/seed.h"

#include <random>

namespace frontdesk {

uint64_t SecretSeed() {
  std::random_device device;
  const uint64_t high = device();
  return high << 32 | device();
}

}  // namespace frontdesk
