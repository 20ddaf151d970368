#include "gateway/upstream/random.h"

#include <memory>
#include <random>

namespace frontdesk::upstream {

Random MakeRandom() {
  auto engine = std::make_shared<std::mt19937>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace frontdesk::upstream
