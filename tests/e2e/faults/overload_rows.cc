// More comes than can be done.
#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sixteen at a time, 20 ms each: 800 per second.
constexpr size_t kSlots = 16;

void BackEndsAreFull(Rig& rig, Judge& judge) {
  const double capacity = rig.Closed(kSlots, seconds(2)).goodput();
  judge.Note("capacity", Cat(static_cast<int>(capacity), "/s"));
  for (const int times : {2, 10}) {
    const double before = static_cast<double>(rig.bytes());
    LoadPlan plan{.routes = {rig.Get()}, .rate = capacity * times, .connections = 4000};
    plan.length = seconds(rig.Either(10, 3));
    plan.poisson = true;
    LoadPlan health{.port = rig.gateway().admin(),
                    .routes = {{.name = "health", .target = "/healthz", .echoes_id = false}},
                    .rate = 10};
    health.length = plan.length;
    const std::vector<LoadReport> reports = rig.Loads({plan, health});
    const RouteReport& route = reports[0]["get1"];
    const std::string at = Cat(" at x ", times);
    judge.Reaches(Cat("goodput of capacity", at), reports[0].goodput() / capacity, 0.9, 0.5);
    judge.AtMost(Cat("neither 200 nor 503", at), route.failed() - route.Count(503), 0);
    judge.Within(Cat("503 p99 ms", at), route.PercentileOf(503, 99), 5, 5000);
    judge.Within(Cat("200 p99 ms", at), route.GoodPercentile(99), 100, 2000);
    judge.AtMost(Cat("503 without Retry-After", at), route.Count([](const LoadSample& sample) {
      return sample.status == 503 && !sample.retry_after;
    }),
                 0);
    judge.Reasons(route);
    judge.AtMost(Cat("failed health checks", at), reports[1].Total().failed(), 0);
    judge.Within(Cat("memory x", at), static_cast<double>(rig.bytes()) / before, 1.2, 100);
    rig.Wait(seconds(1));
  }
}

// A body whose reading costs the gateway far more than its writing costs the client.
LoadRoute HeavyPut(const Rig& rig) {
  LoadRoute route = rig.Put();
  std::string text;
  for (int i = 0; i < 8000; ++i) text += "\\u00e9";
  route.body = Cat("{\"id\": \"{id}\", \"text\": \"", text, "\"}");
  return route;
}

void TheGatewayIsFull(Rig& rig, Judge& judge) {
  const LoadRoute heavy = HeavyPut(rig);
  const LoadReport busy = rig.Closed(64, seconds(rig.Either(5, 2)), {heavy});
  const double capacity = busy.goodput();
  const double before = static_cast<double>(rig.bytes());
  LoadPlan plan{.routes = {heavy}, .rate = capacity * 2};
  plan.length = seconds(rig.Either(10, 3));
  plan.poisson = true;
  LoadPlan health{.port = rig.gateway().admin(),
                  .routes = {{.name = "health", .target = "/healthz", .echoes_id = false}},
                  .rate = 10};
  health.length = plan.length;
  // As the probe of an orchestrator asks: on a connection of its own each time.
  LoadPlan probe = health;
  probe.port = rig.gateway().port();
  probe.routes[0].headers = "Connection: close\r\n";
  const std::vector<LoadReport> reports = rig.Loads({plan, health, probe});
  const RouteReport& route = reports[0]["put1"];
  judge.Note("capacity", Cat(static_cast<int>(capacity), "/s"));
  judge.Note("goodput", Cat(static_cast<int>(reports[0].goodput()), "/s"));
  judge.AtLeast("refused", route.Count(503), 1);
  judge.AtMost("neither 200 nor 503", route.failed() - route.Count(503), 0);
  judge.Within("200 p99 ms", route.GoodPercentile(99), 2 * busy.Total().GoodPercentile(99), 5000);
  judge.Reasons(route);
  judge.AtMost("failed health checks", reports[1].Total().failed(), 0);
  judge.AtMost("failed probes of the public port", reports[2].Total().failed(), 0);
  judge.Within("memory x", static_cast<double>(rig.bytes()) / before, 1.2, 100);
}

}  // namespace

std::vector<Row> OverloadRows() {
  return {
      {"37",
       "overload of back ends with 16 slots of 20 ms",
       "goodput >= 90 % of capacity; 503 in < 5 ms with Retry-After; health port answers",
       {.upstream = "max_in_flight: 20, max_pending: 64, timeout: 2s",
        .behaviour = {.delay = milliseconds(20), .slots = kSlots}},
       BackEndsAreFull,
       "goodput at ten times the capacity"},
      {"37-core",
       "overload of the gateway's own core, twice what it can do",
       "p99 of accepted requests <= x 2 of that at capacity; memory flat; goodput printed",
       {},
       TheGatewayIsFull},
  };
}

}  // namespace frontdesk::faults
