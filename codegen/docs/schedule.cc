#include "codegen/docs/schedule.h"

#include <algorithm>
#include <tuple>

#include "gateway/base/text.h"

namespace frontdesk::codegen::docs {

using contract::PlanStep;
using std::chrono::nanoseconds;

namespace {

// The longest chain that ends with a step.
struct Chain {
  size_t open = 0;  // steps without a timeout
  nanoseconds sum{0};
  size_t steps = 0;
  int last_before = -1;

  auto Length() const { return std::tuple(open, sum, steps); }
};

Chain ChainTo(const PlanStep& step, const std::vector<Chain>& before) {
  Chain chain;
  for (size_t i = 0; i < before.size(); ++i) {
    if ((step.needs >> i & 1) == 0 || before[i].Length() <= chain.Length()) continue;
    chain = before[i];
    chain.last_before = static_cast<int>(i);
  }
  if (step.timeout == nanoseconds::max()) {
    ++chain.open;
  } else {
    chain.sum += step.timeout;
  }
  ++chain.steps;
  return chain;
}

}  // namespace

Schedule ScheduleOf(const contract::Plan& plan, nanoseconds request_timeout) {
  Schedule schedule;
  std::vector<Chain> chains;
  for (const PlanStep& step : plan.steps) {  // each behind those it needs
    size_t stage = 0;
    for (size_t i = 0; i < chains.size(); ++i) {
      if (step.needs >> i & 1) stage = std::max(stage, schedule.stage[i] + 1);
    }
    schedule.stage.push_back(stage);
    chains.push_back(ChainTo(step, chains));
  }
  if (chains.empty()) return schedule;
  const auto longest =
      std::max_element(chains.begin(), chains.end(),
                       [](const Chain& a, const Chain& b) { return a.Length() < b.Length(); });
  for (int i = static_cast<int>(longest - chains.begin()); i >= 0;
       i = chains[static_cast<size_t>(i)].last_before) {
    schedule.critical.insert(schedule.critical.begin(), static_cast<size_t>(i));
  }
  schedule.chain = longest->sum;
  schedule.open = longest->open > 0;
  schedule.worst = std::min(plan.deadline, request_timeout);
  if (!schedule.open) schedule.worst = std::min(schedule.worst, schedule.chain);
  return schedule;
}

std::string DurationText(nanoseconds duration) {
  const auto count = duration.count();
  constexpr struct {
    int64_t size;
    const char* unit;
  } kUnits[] = {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}};
  for (const auto& [size, unit] : kUnits) {
    if (count % size == 0) return Cat(count / size, unit);
    // One digit behind the point, if that is all of it: "1.5s".
    if (count > size && count % (size / 10) == 0) {
      return Cat(count / size, '.', count % size / (size / 10), unit);
    }
  }
  return "";
}

}  // namespace frontdesk::codegen::docs
