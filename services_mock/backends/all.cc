#include "services_mock/backends/all.h"

namespace frontdesk::mock {

std::vector<std::unique_ptr<Backend>> MakeBackends(World& world) {
  struct Entry {
    const char* name;
    void (*add)(Backend&);
  };
  // The order of the ports; deploy/demo.yaml counts on it.
  static constexpr Entry kEntries[] = {
      {"user", AddUser},
      {"order", AddOrder},
      {"payment", AddPayment},
      {"product", AddProduct},
      {"inventory", AddInventory},
      {"shipping", AddShipping},
      {"review", AddReview},
      {"pricing", AddPricing},
      {"recommendation", AddRecommendation},
      {"notification", AddNotification},
      {"cart", AddCart},
      {"analytics", AddAnalytics},
  };
  std::vector<std::unique_ptr<Backend>> backends;
  for (const Entry& entry : kEntries) {
    backends.push_back(std::make_unique<Backend>(entry.name, world));
    entry.add(*backends.back());
  }
  return backends;
}

}  // namespace frontdesk::mock
