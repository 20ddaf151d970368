#include "tests/e2e/faults/endpoints.h"

#include <sstream>
#include <string>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::faults {

using std::chrono::milliseconds;

LoadReport During(Rig& rig, const std::function<void()>& fault, Duration length, double rate) {
  return rig.Load(
      {.routes = {rig.Get(), rig.Put()}, .rate = rate, .length = length, .connections = 4000},
      {{milliseconds(500), fault}});
}

LightBackend& Busier(Rig& rig) {
  LightBackend& first = rig.backend(0, 0);
  LightBackend& second = rig.backend(0, 1);
  const auto busy = [](const LightBackend& one) {
    return std::pair(one.open_streams(), one.calls());
  };
  return busy(first) > busy(second) ? first : second;
}

void WhenBusy::Begin() {
  latest_ = Clock::now() + milliseconds(900);
  OnTimer();
}

void WhenBusy::OnTimer() {
  LightBackend& busier = Busier(rig_);
  if (busier.open_streams() > 0 || Clock::now() > latest_) return fault_(busier);
  rig_.loop().Arm(*this, Clock::now() + milliseconds(10));
}

void JudgeAll(Judge& judge, const LoadReport& report) {
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", report["put1"].failed(), 0);
  judge.Note("p99.9 ms", Cat(static_cast<int>(report.Total().GoodPercentile(99.9))));
  judge.Reasons(report.Total());
}

uint64_t Failed(const Rig& rig, const RouteReport& route, float LoadSample::*late) {
  if (rig.full()) return route.failed();
  return route.Count(
      [&](const LoadSample& sample) { return !IsGood(sample) && sample.*late <= 20; });
}

// The shortest pause between two: the first of 50 ms, less its random fifth. Where calls come so
// seldom that a pause goes by without any, the next one is no longer.
uint64_t MostAttempts(const Rig& rig, Duration time) {
  constexpr milliseconds kPause(40);
  return rig.workers() * (1 + static_cast<uint64_t>(time / kPause));
}

uint64_t VainAttempts() {
  // A line of names, and one of values.
  std::istringstream lines(testing_support::ReadFile("/proc/net/snmp"));
  std::string names;
  std::string values;
  while (std::getline(lines, names) && std::getline(lines, values)) {
    if (!names.starts_with("Tcp:")) continue;
    std::istringstream name(names);
    std::istringstream value(values);
    for (std::string each, count; name >> each && value >> count;) {
      if (each == "AttemptFails") return std::stoull(count);
    }
  }
  return 0;
}

}  // namespace frontdesk::faults
