// One of two end points is gone, or not itself: the other one does its work.
#include <utility>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Accept = LightBehaviour::Accept;
using Answer = LightBehaviour::Answer;

// The fault comes while the load runs.
LoadReport During(Rig& rig, const std::function<void()>& fault, Duration length,
                  std::vector<Event> more = {}) {
  more.push_back({milliseconds(500), fault});
  return rig.Load({.routes = {rig.Get(), rig.Put()}, .length = length, .connections = 4000},
                  std::move(more));
}

// The one of two that a fault is felt at: balancing may prefer one, by its latency.
LightBackend& Busier(Rig& rig) {
  LightBackend& first = rig.backend(0, 0);
  LightBackend& second = rig.backend(0, 1);
  const auto busy = [](const LightBackend& one) {
    return std::pair(one.open_streams(), one.calls());
  };
  return busy(first) > busy(second) ? first : second;
}

void JudgeAll(Judge& judge, const LoadReport& report) {
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", report["put1"].failed(), 0);
  judge.Note("p99.9 ms", Cat(static_cast<int>(report.Total().GoodPercentile(99.9))));
  judge.Reasons(report.Total());
}

void OneRefuses(Rig& rig, Judge& judge) {
  const auto fault = [&] {
    LightBackend& bad = Busier(rig);
    bad.Refuse();
    bad.Goaway();
  };
  JudgeAll(judge, During(rig, fault, seconds(rig.Either(10, 3))));
}

// Calls that are under way when their connection is reset may have been carried out. That there
// are several at once is no reason to refuse those that the other end point would answer.
void OneResets(Rig& rig, Judge& judge) {
  constexpr double kRate = 2000;
  LightBehaviour resets = rig.backend().behaviour();
  resets.accept = Accept::kReset;
  resets.answer = Answer::kResetFirst;
  LightBackend* bad = nullptr;
  uint64_t before = 0;
  uint64_t under_way = 0;
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = kRate,
                                      .length = seconds(rig.Either(10, 3)),
                                      .connections = 4000},
                                     {{seconds(1), [&] {
                                         bad = &Busier(rig);
                                         before = bad->connections_accepted();
                                         under_way = bad->open_streams();
                                         bad->Behave(resets);
                                       }}});
  const RouteReport& put = report["put1"];
  judge.AtLeast("calls under way at that end point", under_way, 1);
  judge.AtLeast("connections it reset", bad->connections_accepted() - before, 1);
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("POSTs that were cut", put.Count(502), 100);
  judge.AtMost("failed POSTs, other than 502", put.failed() - put.Count(502), 0);
  judge.Reasons(put);
}

void OneResetsMidway(Rig& rig, Judge& judge) {
  LightBehaviour resets = rig.backend().behaviour();
  resets.answer = Answer::kResetMidway;
  resets.one_in = 100;
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = 2000,
                                      .length = seconds(rig.Either(10, 3)),
                                      .connections = 4000},
                                     {{seconds(1), [&] { Busier(rig).Behave(resets); }}});
  const RouteReport& put = report["put1"];
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtLeast("POSTs that were cut", put.Count(502), 1);
  judge.AtMost("failed POSTs, other than 502", put.failed() - put.Count(502), 0);
  judge.Reasons(put);
}

void OneIsSilent(Rig& rig, Judge& judge) {
  const auto fault = [&] {
    LightBackend& bad = Busier(rig);
    bad.Behave({.accept = Accept::kSilent});
    bad.Goaway(milliseconds(0));
  };
  JudgeAll(judge, During(rig, fault, seconds(rig.Either(20, 4))));
}

// Calls that were sent when the silence begins can't be told from lost ones.
void OneDrops(Rig& rig, Judge& judge) {
  LightBackend* bad = nullptr;
  const LoadReport report = During(
      rig,
      [&] {
        bad = &Busier(rig);
        rig.Drop(*bad, true);
      },
      seconds(rig.Either(20, 6)));
  rig.Drop(*bad, false);
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.Within("longest GET s", report["get1"].GoodPercentile(100) / 1000, 15, 20);
  judge.AtLeast("calls before", bad->calls(), 10);
  const RouteReport& put = report["put1"];
  // In a short run the two seconds until it is found out are a third of it.
  judge.AtMost("failed POSTs", put.failed(), put.sent() / rig.Either<uint64_t>(10, 3));
}

void OneRefusesStreams(Rig& rig, Judge& judge) {
  rig.Behave({.answer = Answer::kRefuseStream, .one_in = 50});
  const uint64_t before = rig.Calls();
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()}, .length = seconds(rig.Either(10, 2))});
  JudgeAll(judge, report);
  const uint64_t sent = report.Total().sent();
  judge.AtLeast("calls", rig.Calls() - before, sent + sent / 60);
}

// Restarts one after the other: the old one says goodbye, the new one is there 50 ms later.
void Rolling(Rig& rig, Judge& judge) {
  const int rounds = rig.Either(50, 10);
  const milliseconds apart(rig.Either(400, 200));
  std::vector<Event> events;
  for (int i = 0; i < rounds; ++i) {
    const Duration at = apart * (i + 1);
    LightBackend& one = rig.backend(0, i % 2);
    events.push_back({at, [&one, i] {
                        if (i % 4 >= 2) one.Refuse();
                        one.Goaway();
                      }});
    events.push_back({at + milliseconds(50), [&one] { one.Listen(); }});
  }
  LoadPlan plan{.routes = {rig.Get(), rig.Put()}, .length = apart * (rounds + 2)};
  if (rig.full()) plan.rate = 5000;
  const LoadReport report = rig.Load(std::move(plan), std::move(events));
  judge.Note("requests", Cat(report.Total().sent()));
  JudgeAll(judge, report);
}

void OneFlaps(Rig& rig, Judge& judge) {
  LightBackend& bad = rig.backend(0, 0);
  const int rounds = rig.Either(10, 2);
  std::vector<Event> events;
  for (int i = 0; i < rounds; ++i) {
    events.push_back({seconds(2 * i + 1), [&] {
                        bad.Refuse();
                        bad.ResetAll();
                      }});
    events.push_back({seconds(2 * i + 2), [&] { bad.Listen(); }});
  }
  const LoadReport report = rig.Load(
      {.routes = {rig.Get(), rig.Put()}, .length = seconds(2 * rounds + 1)}, std::move(events));
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", report["put1"].failed(), report["put1"].sent() / 100);
}

// Calls that take longer than the silence after which a PING is sent. Whoever is told to be calm
// goes on with a new connection, but not again and again.
void OneHatesPings(Rig& rig, Judge& judge) {
  LightBackend& bad = rig.backend(0, 0);
  const int length = rig.Either(20, 6);
  rig.Behave({.delay = seconds(3), .hates_pings = true});
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()}, .rate = 1, .length = seconds(length)});
  JudgeAll(judge, report);
  judge.AtLeast("new connections", bad.connections_accepted(), 1);
  judge.AtMost("new connections", bad.connections_accepted(), static_cast<uint64_t>(length) + 3);
}

void FewStreams(Rig& rig, Judge& judge) {
  for (const uint32_t streams : {1u, 0u}) {
    rig.Behave({.delay = milliseconds(20), .max_concurrent_streams = streams});
    rig.Wait(milliseconds(100));
    const LoadReport report = rig.Load({.routes = {rig.Get()},
                                        .rate = 500,
                                        .length = seconds(rig.Either(5, 2)),
                                        .connections = 4000});
    const RouteReport& route = report["get1"];
    const std::string with = Cat(" with ", streams);
    if (streams > 0) judge.AtLeast(Cat("answered", with), route.good(), 10);
    judge.AtMost(Cat("other than 200, 503, 504", with),
                 route.failed() - route.Count(503) - route.Count(504), 0);
    judge.AtLeast(Cat("refused", with), route.Count(503), 1);
    judge.Within(Cat("503 median ms", with), route.PercentileOf(503, 50), 5, 5000);
  }
}

}  // namespace

std::vector<Row> EndpointRows() {
  const std::string demand = "0 failed idempotent requests; others are not made twice";
  const Topology two{.endpoints = 2};
  const Topology four{.endpoints = 2, .workers = 4};
  Topology busy = two;
  busy.behaviour.delay = milliseconds(20);
  Topology pinging = two;
  pinging.upstream = "timeout: 30s, keepalive_interval: 1s, keepalive_timeout: 1s";
  return {
      {"12", "one of two refuses connections", "0 failed", two, OneRefuses},
      {"12-workers", "... with four workers", "0 failed", four, OneRefuses},
      {"5", "one of two resets at each call", demand, busy, OneResets},
      {"5-midway", "one of two resets in the middle of answers", demand + " but 502", busy,
       OneResetsMidway, true /* on a busy machine breakers open */},
      {"3", "one of two accepts and hangs before SETTINGS", "0 failed", two, OneIsSilent},
      {"4", "packets to one of two are dropped", demand + "; found out in 15 s", pinging, OneDrops},
      {"7", "REFUSED_STREAM for one call of 50", "0 failed", two, OneRefusesStreams},
      {"8", "50 rolling GOAWAYs and restarts", "0 failed of 100,000", two, Rolling},
      {"8-workers", "... with four workers", "0 failed of 100,000", four, Rolling},
      {"13", "one of two is up for 1 s and down for 1 s", demand + "; others <= 1 % failed", two,
       OneFlaps},
      {"9", "GOAWAY(ENHANCE_YOUR_CALM) for a PING", "<= 1 connection per second", pinging,
       OneHatesPings},
      {"10",
       "SETTINGS_MAX_CONCURRENT_STREAMS 1, then 0",
       "pending bounded, 503 in < 5 ms",
       {.upstream = "max_pending: 16, timeout: 1s"},
       FewStreams},
  };
}

}  // namespace frontdesk::faults
