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
    judge.Reaches(Cat("goodput of capacity", at), reports[0].goodput() / capacity, 0.9, 0);
    judge.AtMost(Cat("neither 200 nor 503", at), route.failed() - route.Count(503), 0);
    judge.Within(Cat("503 p99 ms", at), route.PercentileOf(503, 99), 5, 5000);
    // In a test the client may be who is late.
    judge.Within(Cat("200 p99 ms", at),
                 rig.full() ? route.GoodPercentile(99) : route.SentPercentile(99), 100, 2000);
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

// Mobile clients ask a slow service for far more than it can do, partners a fast one for little.
// What partners wait for is not taken by the others.
void AStormOfOneKind(Rig& rig, Judge& judge) {
  RouteReport storm;
  RouteReport partners;
  rig.backend(1).Behave({.delay = milliseconds(20)});
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    LoadPlan few{.routes = {rig.Get(1)}, .rate = 200, .length = seconds(rig.Either(5, 2))};
    std::vector<LoadPlan> plans{few};
    plans.push_back({.routes = {rig.Get(0)}, .rate = 2000, .length = few.length});
    plans.back().connections = 4000;
    if (!fault) plans.pop_back();
    const std::vector<LoadReport> reports = rig.Loads(std::move(plans));
    partners = reports[0].Total();
    if (fault) storm = reports[1].Total();
    judge.AtMost(fault ? "partners failed in the storm" : "partners failed", partners.failed(), 0);
    return partners.GoodPercentile(99);
  });
  judge.Ratio("p99 of partners", pairs, 1.1);
  judge.AtLeast("mobile answered", storm.good(), 50);
  judge.AtLeast("mobile refused", storm.Count(503), storm.sent() / 2);
  judge.AtMost("mobile, neither 200 nor 503", storm.failed() - storm.Count(503), 0);
  judge.AtMost("refused for another reason", storm.failed() - storm.Reason("BULKHEAD_FULL"), 0);
}

// A body whose reading costs the gateway far more than its writing costs the client.
LoadRoute HeavyPut(const Rig& rig) {
  LoadRoute route = rig.Put();
  std::string text;
  for (int i = 0; i < 8000; ++i) text += "\\u00e9";
  route.body = Cat("{\"id\": \"{id}\", \"text\": \"", text, "\"}");
  return route;
}

// As many clients ask twice as often as they can be answered. Refusing costs half of what answering
// does, so not all that is too much can be refused: it has to wait with the clients, not in here.
void TheGatewayIsFull(Rig& rig, Judge& judge) {
  constexpr size_t kClients = 512;
  const LoadRoute heavy = HeavyPut(rig);
  const LoadReport busy = rig.Closed(kClients, seconds(rig.Either(10, 2)), {heavy});
  const double capacity = busy.goodput();
  const double usual = busy.Total().SentPercentile(99);
  const auto before = static_cast<double>(rig.bytes());
  LoadPlan plan{.routes = {heavy}, .rate = capacity * 2, .connections = kClients};
  plan.length = seconds(rig.Either(10, 3));
  plan.poisson = true;
  // Of those that were due, the last waits for as long again.
  plan.patience = seconds(60);
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
  judge.Note("refused", Cat(route.Count(503)));
  judge.AtMost("neither 200 nor 503", route.failed() - route.Count(503), 0);
  judge.Within("200 p99 ms since it was sent", route.SentPercentile(99), 2 * usual, 20000);
  judge.Note("... since it was due", Cat(static_cast<int>(route.GoodPercentile(99))));
  judge.Reasons(route);
  judge.AtMost("failed health checks", reports[1].Total().failed(), 0);
  judge.Within("health check p99 ms", reports[1].Total().GoodPercentile(99), 1000, 20000);
  judge.AtMost("failed probes of the public port", reports[2].Total().failed(), 0);
  judge.Within("probe p99 ms", reports[2].Total().GoodPercentile(99), 1000, 20000);
  judge.Within("memory x", static_cast<double>(rig.bytes()) / before, 1.2, 100);
}

Topology Slots(unsigned workers) {
  return {.upstream = "max_in_flight: 20, max_pending: 64, timeout: 2s",
          .workers = workers,
          .behaviour = {.delay = milliseconds(20), .slots = kSlots}};
}

// Two services; without bulkheads the storm at the first would take all places there are.
Topology Kinds(unsigned workers) {
  return {.services = 2,
          .extra =
              "overload: {max_in_flight: 400}\n"
              "bulkheads: {mobile: {max_in_flight: 50, max_pending: 50}, partner: "
              "{max_in_flight: 100}}\n"
              "methods: {frontdesk.faults.S1: {bulkhead: mobile}, frontdesk.faults.S2: "
              "{bulkhead: partner}}\n",
          .workers = workers,
          .behaviour = {.delay = milliseconds(300)}};
}

}  // namespace

std::vector<Row> OverloadRows() {
  return {
      {"37", "overload of back ends with 16 slots of 20 ms",
       "goodput >= 90 % of capacity; 503 in < 5 ms with Retry-After; health port answers", Slots(1),
       BackEndsAreFull},
      {"37-workers", "... with four workers", "the same", Slots(4), BackEndsAreFull},
      {"bulkhead", "a storm of mobile clients at a slow service",
       "partners: 0 failed, p99 <= x 1.1", Kinds(1), AStormOfOneKind},
      {"bulkhead-workers", "... with four workers", "partners: 0 failed, p99 <= x 1.1", Kinds(4),
       AStormOfOneKind},
      {"37-core",
       "overload of the gateway's own core, twice what it can do",
       "p99 of accepted requests <= x 2 of that at capacity; memory flat; goodput printed",
       {},
       TheGatewayIsFull,
       true},
  };
}

}  // namespace frontdesk::faults
