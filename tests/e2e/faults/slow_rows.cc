// Back ends that answer late, or never.
#include <algorithm>
#include <csignal>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = LightBehaviour::Answer;

constexpr milliseconds kUsual{20};

RouteReport Merged(const LoadReport& report, const std::vector<LoadRoute>& routes) {
  RouteReport part;
  for (const LoadRoute& route : routes) part.Add(report[route.name]);
  return part;
}

double Least(const RouteReport& route, int status) { return route.PercentileOf(status, 0); }

void OneOfSevenIsSlow(Rig& rig, Judge& judge) {
  std::vector<LoadRoute> others;
  for (int service = 0; service < 6; ++service) others.push_back(rig.Get(service));
  std::vector<LoadRoute> all = others;
  all.push_back(rig.Get(6));
  // Of all pairs together; the latter with the fault alone.
  uint64_t failed = 0;
  RouteReport slow;
  RouteReport elsewhere;
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    rig.backend(6).Behave({.delay = fault ? milliseconds(5000) : kUsual});
    LoadPlan plan{.routes = all, .length = seconds(rig.Either(5, 2)), .connections = 4000};
    const LoadReport report = rig.Load(std::move(plan));
    const RouteReport merged = Merged(report, others);
    failed += merged.failed();
    if (fault) {
      slow.Add(report["get7"]);
      elsewhere.Add(merged);
    }
    // So that the next one starts with a breaker that has closed again.
    rig.backend(6).Behave({.delay = kUsual});
    rig.Wait(seconds(1));
    return merged.GoodPercentile(99);
  });
  judge.Ratio("p99 of the others", pairs, 1.1);
  judge.AtMost("failed elsewhere", failed, 0);
  judge.Within("median ms of the others", elsewhere.GoodPercentile(50), 100, 200);
  judge.AtMost("good ones of the slow route", slow.good(), 0);
  judge.That("no 504 before its time", slow.Count(504) == 0 || Least(slow, 504) >= 299);
  judge.AtLeast("504 at the deadline", slow.Count(504), 1);
  judge.Within("504 p99 ms", slow.PercentileOf(504, 99), 350, 1500);
  judge.AtLeast("refused by the breaker", slow.Count(503), slow.sent() / rig.Either(2u, 3u));
  // No call is made, so that is nothing but the gateway's own time; where the machine is busy, not
  // faster than what is added to the usual time elsewhere.
  const double added = elsewhere.GoodPercentile(99) - static_cast<double>(kUsual.count());
  judge.Within("503 median ms", slow.PercentileOf(503, 50), 1, 200);
  // In a test there are so few that this is the longest: so long the test itself may stand still,
  // which the others show.
  judge.Within("503 p99 ms", slow.PercentileOf(503, 99), std::max(1.0, added),
               std::max(200.0, elsewhere.GoodPercentile(100)));
}

void NeverAnswers(Rig& rig, Judge& judge) {
  rig.Behave({.answer = Answer::kNever});
  const LoadReport report =
      rig.Load({.routes = {rig.Get()}, .rate = 50, .length = seconds(rig.Either(5, 2))});
  const RouteReport& route = report["get1"];
  judge.AtMost("not 504", route.sent() - route.Count(504), 0);
  judge.Within("504 p99 ms", route.PercentileOf(504, 99), 350, 1500);
  judge.That("no stream left",
             rig.Until([&] { return rig.backend().open_streams() == 0; }, seconds(5)));
  double latest = 0;
  uint64_t cancelled = 0;
  for (const auto& [id, calls] : rig.backend().seen()) {
    if (!calls.cancelled) continue;
    ++cancelled;
    const std::chrono::duration<double, std::milli> took = *calls.cancelled - calls.arrived;
    latest = std::max(latest, took.count());
  }
  judge.Between("calls that were cancelled", cancelled, route.sent(), route.sent());
  judge.Within("cancelled after ms", latest, 300 + 100, 1500);
}

// One of the parts fails, another one is slow: the page is there without them, in time.
void PartsOfAPage(Rig& rig, Judge& judge) {
  rig.backend(1).Behave({.answer = Answer::kStatus});
  rig.backend(2).Behave({.answer = Answer::kNever});
  const LoadReport report =
      rig.Load({.routes = {rig.Page()}, .rate = 50, .length = seconds(rig.Either(5, 2))});
  judge.AtMost("failed pages", report["page"].failed(), 0);
  // Of so few pages as a test has, p99 is the longest.
  judge.Within(rig.Either("p99 ms", "median ms"), report["page"].GoodPercentile(rig.Either(99, 50)),
               250, 900);
  rig.backend(0).Behave({.answer = Answer::kStatus, .status = 5});
  const LoadReport needed = rig.Load({.routes = {rig.Page()}, .rate = 50, .length = seconds(1)});
  judge.AtMost("pages without the needed part", needed["page"].good(), 0);
  judge.AtMost("failures other than 404", needed["page"].failed() - needed["page"].Count(404), 0);
  judge.That("the others are cancelled",
             rig.Until([&] { return rig.backend(2).open_streams() == 0; }, seconds(2)));
}

// Nobody has done anything wrong.
void JudgeNoBlame(Rig& rig, Judge& judge) {
  const Metrics metrics = rig.metrics();
  judge.AtMost("ejections", metrics.Ejections(), 0);
  judge.AtMost("breakers opened", metrics.BreakersOpened(), 0);
}

// Who was due when it began had to wait to its end: a load that hid that would prove nothing.
void JudgePause(Judge& judge, const LoadReport& report, milliseconds pause) {
  const RouteReport total = report.Total();
  judge.AtMost("failed", total.failed(), 0);
  judge.AtLeast("longest ms", static_cast<uint64_t>(total.GoodPercentile(100)),
                static_cast<uint64_t>(pause.count()) * 9 / 10);
}

// From `at` on, for `pause`, the gateway does not run.
void Stop(Rig& rig, Duration at, Duration pause, std::vector<Event>& events) {
  const auto signal = [&](int number) {
    return [&rig, number] { rig.gateway().process().Signal(number); };
  };
  events.push_back({at, signal(SIGSTOP)});
  events.push_back({at + pause, signal(SIGCONT)});
}

// What was sent before and meanwhile is answered.
void TheGatewayIsStopped(Rig& rig, Judge& judge) {
  const milliseconds pause(rig.Either(5000, 1000));
  std::vector<Event> events;
  Stop(rig, milliseconds(500), pause, events);
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = 200,
                                      .length = pause + seconds(2),
                                      .connections = 4000},
                                     std::move(events));
  JudgePause(judge, report, pause);
  JudgeNoBlame(rig, judge);
}

// It gets a tenth of a processor, as from a cgroup: answers of the back ends, which have all they
// need, lie there unread until it is its turn, while deadlines go on.
RouteReport Starve(Rig& rig) {
  const seconds length(rig.Either(10, 3));
  constexpr milliseconds kPeriod(100);
  std::vector<Event> events;
  for (Duration at = kPeriod; at < length; at += kPeriod) {
    Stop(rig, at, kPeriod * 9 / 10, events);
  }
  return rig
      .Load({.routes = {rig.Get(), rig.Put()}, .rate = 200, .length = length + seconds(1)},
            std::move(events))
      .Total();
}

void TheGatewayIsStarved(Rig& rig, Judge& judge) {
  const RouteReport total = Starve(rig);
  judge.AtMost("neither 2xx nor 504", total.failed() - total.Count(504), 0);
  judge.AtMost("failed", total.failed(), rig.Either<uint64_t>(0, total.sent() / 20));
  judge.Note("median ms", Cat(static_cast<int>(total.GoodPercentile(50))));
  judge.Note("longest ms", Cat(static_cast<int>(total.GoodPercentile(100))));
  judge.Reasons(total);
  JudgeNoBlame(rig, judge);
}

// So little time is left that requests may fail; but it is nobody else's fault.
void TheGatewayIsLate(Rig& rig, Judge& judge) {
  const RouteReport total = Starve(rig);
  judge.AtMost("neither 2xx nor 504", total.failed() - total.Count(504), 0);
  judge.Note("504", Cat(total.Count(504), " of ", total.sent()));
  judge.Reasons(total);
  JudgeNoBlame(rig, judge);
}

void ABackEndIsStopped(Rig& rig, Judge& judge) {
  const milliseconds pause(rig.Either(5000, 1000));
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()},
                .rate = 200,
                .length = pause + seconds(2),
                .connections = 4000},
               {{milliseconds(500), [&] { rig.Each([](LightBackend& one) { one.Pause(true); }); }},
                {milliseconds(500) + pause,
                 [&] { rig.Each([](LightBackend& one) { one.Pause(false); }); }}});
  JudgePause(judge, report, pause);
  JudgeNoBlame(rig, judge);
}

}  // namespace

std::vector<Row> SlowRows() {
  const std::string deadline = "timeout: 300ms";
  const std::string calm = "no failure, no ejection, no breaker opens";
  const Topology starved{
      .endpoints = 2, .upstream = deadline, .behaviour = {.delay = milliseconds(20)}};
  Topology late = starved;
  late.upstream = "timeout: 80ms";
  const std::string isolated =
      "p99 of the others <= x 1.1; 504 at its deadline + 50 ms, then 503 in < 1 ms";
  // The others have all the time that a test which stands still for a moment may need.
  const Topology seven{.services = 7,
                       .extra = Cat("methods: {frontdesk.faults.S7: {", deadline, "}}\n"),
                       .behaviour = {.delay = kUsual}};
  return {
      {"1", "one of seven services answers in 5 s instead of 20 ms", isolated, seven,
       OneOfSevenIsSlow},
      {"1-workers", "... with four workers", isolated, WithFourWorkers(seven), OneOfSevenIsSlow},
      {"2",
       "accepts, never answers; without breakers",
       "504 at the deadline; all cancelled in 100 ms; no stream left",
       {.upstream = Cat(deadline, ", ", kBare), .extra = kNoBreaker},
       NeverAnswers},
      {"46",
       "parts of a page fail or are slow",
       "the page without them, within 200 ms + 50 ms",
       {.services = 3},
       PartsOfAPage},
      {"45", "the gateway is stopped for 5 s", calm, {.endpoints = 2}, TheGatewayIsStopped},
      {"45-workers",
       "... with four workers",
       calm,
       {.endpoints = 2, .workers = 4},
       TheGatewayIsStopped},
      {"45-cycles", "the gateway is stopped for 90 ms of every 100 ms; deadline 300 ms", calm,
       starved, TheGatewayIsStarved},
      {"45-cycles-workers", "... with four workers", calm, WithFourWorkers(starved),
       TheGatewayIsStarved},
      {"45-late", "... with a deadline of 80 ms, which most answers are read after",
       "no ejection, no breaker opens", late, TheGatewayIsLate},
      {"45-late-workers", "... with four workers", "no ejection, no breaker opens",
       WithFourWorkers(late), TheGatewayIsLate},
      {"45-backend",
       "all back ends are stopped for 5 s",
       calm,
       {.endpoints = 2},
       ABackEndIsStopped},
  };
}

}  // namespace frontdesk::faults
