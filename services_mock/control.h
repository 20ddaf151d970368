// How a test or a person watches the mocks and changes their faults, over plain HTTP:
//
//   GET  /healthz            200
//   GET  /counters           {"order": {"calls": 3, "in_flight": 0, ...}, ...}
//   GET  /effects            {"charges": 1, "refunds": 0, ...}: what was done to the shop, taken
//   back GET  /arrivals/order     the back end's last 32 calls: path, metadata, time left POST
//   /faults?delay_ms=200&delay=order=50&fail=payment=UNAVAILABLE:0.5
//                            also lag=payment/Charge=500 (a late answer to work that is done) and
//                            drop=payment/Charge=1 (so many of them lost);
//                            replaces all faults; without parameters there are none any more
//   POST /reset              counters to 0, data and faults as at the start
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "services_mock/backend.h"
#include "services_mock/faults.h"

namespace frontdesk::mock {

// Serves on a thread of its own. What it is given outlives it.
class Control {
 public:
  using Backends = std::vector<std::unique_ptr<Backend>>;

  // Listens on 127.0.0.1:`port`, 0 for any free port. Null if that is not possible.
  static std::unique_ptr<Control> Start(World& world, const Backends& backends, Faults& faults,
                                        uint16_t port);
  virtual ~Control() = default;
  virtual uint16_t port() const = 0;
};

}  // namespace frontdesk::mock
