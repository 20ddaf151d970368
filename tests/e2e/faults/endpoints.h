// What the rows share in which one of two end points is not itself.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "tests/e2e/faults/judge.h"

namespace frontdesk::faults {

// GETs and POSTs; the fault comes half a second after they have begun. Rate 0: half of what the
// gateway can do.
LoadReport During(Rig& rig, const std::function<void()>& fault, Duration length, double rate = 0);

// The one of two that a fault is felt at: balancing may prefer one, by its latency.
LightBackend& Busier(Rig& rig);

// A fault that shall meet calls under way: right after the machine stood still there may be none.
class WhenBusy final : private Timer {
 public:
  // `fault` is given the busier one of the two.
  WhenBusy(Rig& rig, std::function<void(LightBackend&)> fault)
      : rig_(rig), fault_(std::move(fault)) {}
  // Looks every 10 ms until there are calls; after most of a second it happens all the same.
  void Begin();

 private:
  void OnTimer() override;

  Rig& rig_;
  const std::function<void(LightBackend&)> fault_;
  TimePoint latest_;
};

// Nothing has failed.
void JudgeAll(Judge& judge, const LoadReport& report);

// Short runs are on machines that may stand still, and what is overdue then comes all at once: more
// of it meets the fault than the gateway could keep from it. That is left out there, told by the
// time it waited for the client, or took in all.
uint64_t Failed(const Rig& rig, const RouteReport& route, float LoadSample::*late);

// So often all workers together may try to connect to an end point in `time` when nobody gets
// through.
uint64_t MostAttempts(const Rig& rig, Duration time);

// Attempts to connect that were refused or given up, of all processes in this network namespace.
uint64_t VainAttempts();

}  // namespace frontdesk::faults
