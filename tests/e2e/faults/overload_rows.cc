// More comes than can be done.
#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sixteen at a time, 20 ms each: 800 per second.
constexpr size_t kSlots = 16;

// What a test demands of a share; with sanitizers the gateway's own core is full first.
double Some() { return e2e::IsSanitized() ? 0.2 : 0.5; }

LoadPlan Health(uint16_t port, Duration length) {
  LoadPlan plan{.port = port,
                .routes = {{.name = "health", .target = "/healthz", .echoes_id = false}},
                .rate = 10};
  plan.length = length;
  return plan;
}

void JudgeHealth(Judge& judge, const std::string& of, const LoadReport& report) {
  judge.AtMost(Cat("failed health checks", of), report.Total().failed(), 0);
  judge.Within(Cat("health check p99 ms", of), report.Total().GoodPercentile(99), 1000, 20000);
}

void BackEndsAreFull(Rig& rig, Judge& judge) {
  const double capacity = rig.Closed(kSlots, seconds(2)).goodput();
  judge.Note("capacity", Cat(static_cast<int>(capacity), "/s"));
  for (const int times : {2, 10}) {
    const double before = static_cast<double>(rig.bytes());
    LoadPlan plan{.routes = {rig.Get()}, .rate = capacity * times, .connections = 4000};
    plan.length = seconds(rig.Either(10, 3));
    plan.poisson = true;
    const std::vector<LoadReport> reports =
        rig.Loads({plan, Health(rig.gateway().admin(), plan.length)});
    const RouteReport& route = reports[0]["get1"];
    const std::string at = Cat(" at x ", times);
    const double goodput = reports[0].goodput();
    judge.Reaches(Cat("goodput of capacity", at), goodput / capacity, 0.9, Some());
    const double least = capacity * reports[0].seconds * rig.Either(0.9, Some());
    judge.AtLeast(Cat("good answers", at), route.good(), static_cast<uint64_t>(least));
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

// Three kinds of traffic go to the same back ends, each a third of far too much; then the critical
// one is as little as could be done without the others.
void TheImportantFirst(Rig& rig, Judge& judge) {
  constexpr double kTimes = 10;
  const double capacity = rig.Closed(kSlots, seconds(2)).goodput();
  judge.Note("capacity", Cat(static_cast<int>(capacity), "/s"));
  for (const double critical : {kTimes / 3, 0.5}) {
    std::vector<LoadPlan> plans;
    for (const int kind : {0, 1, 2}) {
      const double times = kind == 0 ? critical : (kTimes - critical) / 2;
      LoadPlan plan{.routes = {rig.Get(kind)}, .rate = capacity * times, .connections = 4000};
      plan.length = seconds(rig.Either(10, 4));
      plan.poisson = true;
      plan.seed = static_cast<uint64_t>(kind) + 1;
      plans.push_back(std::move(plan));
    }
    const std::vector<LoadReport> reports = rig.Loads(std::move(plans));
    const RouteReport& important = reports[0]["get1"];
    const RouteReport& normal = reports[1]["get2"];
    const RouteReport& sheddable = reports[2]["get3"];
    const std::string at = critical > 1 ? " in thirds" : ", critical half of capacity";
    const double fits = std::min(critical, 1.0) * capacity;
    judge.Reaches(Cat("critical: goodput of what fits", at), reports[0].goodput() / fits, 0.9,
                  Some());
    judge.Note(Cat("normal", at), Cat(normal.good(), " of ", normal.sent()));
    // At first there is room for all.
    constexpr uint64_t kAtFirst = 4 * kSlots;
    judge.AtMost(Cat("sheddable: answered", at), sheddable.good(), normal.good() / 2 + kAtFirst);
    judge.AtLeast(Cat("sheddable: refused", at), sheddable.Count(503), sheddable.sent() / 2);
    for (const RouteReport* route : {&important, &normal, &sheddable}) {
      judge.AtMost(Cat("neither 200 nor 503", at), route->failed() - route->Count(503), 0);
      judge.Reasons(*route);
    }
    rig.Wait(seconds(1));
  }
}

// Mobile clients ask a slow service for far more than it can do, partners a fast one for little.
// What partners wait for is not taken by the others.
void AStormOfOneKind(Rig& rig, Judge& judge) {
  RouteReport storm;  // of all pairs
  rig.backend(1).Behave({.delay = milliseconds(20)});
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    LoadPlan few{.routes = {rig.Get(1)}, .rate = 200, .length = seconds(rig.Either(5, 2))};
    std::vector<LoadPlan> plans{few};
    plans.push_back({.routes = {rig.Get(0)}, .rate = 2000, .length = few.length});
    plans.back().connections = 4000;
    if (!fault) plans.pop_back();
    const std::vector<LoadReport> reports = rig.Loads(std::move(plans));
    const RouteReport partners = reports[0].Total();
    if (fault) storm.Add(reports[1].Total());
    judge.AtMost(fault ? "partners failed in the storm" : "partners failed", partners.failed(), 0);
    return partners.GoodPercentile(99);
  });
  judge.Ratio("p99 of partners", pairs, 1.1);
  judge.AtLeast("mobile answered", storm.good(), rig.Either<uint64_t>(250, 50));
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

void JudgeAnswers(Judge& judge, const LoadReport& inside, const LoadReport& newcomers) {
  const RouteReport& served = inside["put1"];
  const RouteReport& late = newcomers["put1"];
  judge.Note("goodput", Cat(static_cast<int>(inside.goodput() + newcomers.goodput()), "/s"));
  judge.Note("refused", Cat(served.Count(503) + late.Count(503)));
  judge.AtMost("neither 200 nor 503", served.failed() - served.Count(503), 0);
  judge.AtMost("newcomers: neither 200 nor 503, nor given up",
               late.failed() - late.Count(503) - late.lost(), 0);
  judge.Reasons(served);
}

// Refusing costs half of what answering does, so not all that is too much can be refused. Who is
// connected is served as if nobody else came, and newcomers, each with one request, wait outside.
void TheGatewayIsFull(Rig& rig, Judge& judge) {
  // The kernel lets so many wait.
  constexpr size_t kNewcomers = 4000;
  const LoadRoute heavy = HeavyPut(rig);
  const double capacity = rig.Closed(256, seconds(rig.Either(5, 1)), {heavy}).goodput();
  judge.Note("capacity", Cat(static_cast<int>(capacity), "/s"));
  // So many clients that each waits for as long as the loop may be late: twice max_queue_age. They
  // are busy all the time; what comes too much waits with them.
  LoadPlan inside{.routes = {heavy}, .rate = capacity * 1.5};
  inside.connections = static_cast<size_t>(capacity * 0.1) + 1;
  inside.length = seconds(rig.Either(10, 3));
  inside.poisson = true;
  inside.patience = seconds(60);
  const LoadPlan admin = Health(rig.gateway().admin(), inside.length);
  // As the probe of an orchestrator asks: on a connection of its own each time.
  LoadPlan probe = Health(rig.gateway().port(), inside.length);
  probe.routes[0].headers = "Connection: close\r\n";
  const std::vector<LoadReport> usual = rig.Loads({inside, admin, probe});
  JudgeHealth(judge, " of the public port", usual[2]);
  const double usual_p99 = usual[0]["put1"].SentPercentile(99);

  LoadPlan newcomers{.routes = {heavy}, .rate = capacity, .connections = kNewcomers};
  newcomers.routes[0].headers += "connection: close\r\n";
  newcomers.after = seconds(1);
  newcomers.length = inside.length - newcomers.after;
  newcomers.poisson = true;
  newcomers.patience = seconds(rig.Either(5, 2));
  const auto peak = static_cast<double>(rig.peak_bytes());
  Watch watch(rig.gateway().admin(), "frontdesk_client_connections");
  const std::vector<LoadReport> reports = rig.Loads({inside, newcomers, admin});
  watch.Stop();
  JudgeAnswers(judge, reports[0], reports[1]);
  // A test ends before their patience does.
  judge.AtLeast("newcomers who gave up", reports[1]["put1"].lost(), rig.Either<size_t>(1, 0));
  judge.Within("200 p99 ms since it was sent", reports[0]["put1"].SentPercentile(99), 2 * usual_p99,
               10 * usual_p99 + 1000);
  judge.Note("... without newcomers", Cat(static_cast<int>(usual_p99)));
  const uint64_t connections = inside.connections + reports[1].most_connections;
  // Some hundreds come in before a loop knows that it is late, and leave.
  const auto let_in = static_cast<uint64_t>(watch.usual());
  judge.Note("most connections let in", Cat(static_cast<uint64_t>(watch.most())));
  judge.AtLeast("connections left waiting", connections - std::min(connections, let_in),
                reports[1].most_connections / rig.Either<size_t>(2, 4));
  JudgeHealth(judge, "", reports[2]);
  judge.Within("most memory x", static_cast<double>(rig.peak_bytes()) / peak, 1.5,
               e2e::IsSanitized() ? 100 : 8);
}

Topology Slots(unsigned workers) {
  return {.upstream = "max_in_flight: 20, max_pending: 64, timeout: 2s",
          .workers = workers,
          .behaviour = {.delay = milliseconds(20), .slots = kSlots}};
}

// The same, and how many calls may be in flight is found out.
Topology Adaptive() {
  Topology topology = Slots(1);
  topology.upstream = "adaptive_concurrency: {}, max_pending: 64, timeout: 2s";
  return topology;
}

Topology Priorities() {
  Topology topology = Slots(1);
  topology.upstream = "max_in_flight: 20, max_pending: 64, timeout: 5s";
  topology.together = true;
  topology.extra =
      "methods: {frontdesk.faults.S1: {priority: critical}, "
      "frontdesk.faults.S3: {priority: sheddable}}\n";
  return topology;
}

// Two services; without bulkheads the storm at the first would take all places there are.
Topology Kinds(unsigned workers) {
  return {.services = 2,
          .extra =
              "overload: {max_in_flight: 400}\n"
              "bulkheads: {mobile: {max_in_flight: 50, max_pending: 50}, partner: "
              "{max_in_flight: 250}}\n"
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
      {"37-adaptive", "... with adaptive_concurrency instead of a limit", "the same", Adaptive(),
       BackEndsAreFull},
      {"37-priority", "... 10 times what they can do, critical, normal and sheddable",
       "critical: goodput >= 90 % of what fits; sheddable ones are refused first", Priorities(),
       TheImportantFirst},
      {"bulkhead", "a storm of mobile clients at a slow service",
       "partners: 0 failed, p99 <= x 1.1", Kinds(1), AStormOfOneKind},
      {"bulkhead-workers", "... with four workers", "partners: 0 failed, p99 <= x 1.1", Kinds(4),
       AStormOfOneKind},
      {"37-core",
       "overload of the gateway's own core, by the clients it has and by as many newcomers",
       "p99 of those that it has <= x 2 of that without newcomers; these wait outside; memory "
       "flat; goodput printed",
       {.listen = "backlog: 4096"},
       TheGatewayIsFull},
  };
}

}  // namespace frontdesk::faults
