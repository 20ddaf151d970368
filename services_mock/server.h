// One back end on one port, as a gRPC server.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "services_mock/backend.h"
#include "services_mock/faults.h"

namespace frontdesk::mock {

// Unary calls only; what the back end does not know is UNIMPLEMENTED. Request metadata
// `x-mock-delay-ms` and `x-mock-fail` are read as in FaultRules.
class Server {
 public:
  // Listens on 127.0.0.1:`port`, 0 for any free port. Null if that is not possible. Back end and
  // faults outlive the server.
  static std::unique_ptr<Server> Start(Backend& backend, Faults& faults, uint16_t port);
  // Calls Stop(now).
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  // Takes no new calls, and cancels at `deadline` those that are still in flight.
  virtual void Stop(std::chrono::system_clock::time_point deadline) = 0;
};

}  // namespace frontdesk::mock
