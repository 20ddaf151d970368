// One of two end points ends streams and connections, or says how many it takes.
#include <utility>

#include "gateway/base/text.h"
#include "tests/e2e/faults/endpoints.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Accept = LightBehaviour::Accept;
using Answer = LightBehaviour::Answer;

// Calls that are under way when their connection is reset may have been carried out. That there
// are several at once is no reason to refuse those that the other end point would answer.
void Resets(Rig& rig, Judge& judge, double rate) {
  LightBehaviour resets = rig.backend().behaviour();
  resets.accept = Accept::kReset;
  resets.answer = Answer::kResetFirst;
  LightBackend* bad = &rig.backend();
  TimePoint reset_at;
  uint64_t before = 0;
  uint64_t under_way = 0;
  WhenBusy fault(rig, [&](LightBackend& busier) {
    bad = &busier;
    reset_at = Clock::now();
    before = bad->connections_accepted();
    under_way = bad->open_streams();
    bad->Behave(resets);
  });
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = rate,
                                      .length = seconds(rig.Either(10, 3)),
                                      .connections = 4000},
                                     {{seconds(1), [&] { fault.Begin(); }}});
  const RouteReport& put = report["put1"];
  judge.AtLeast("calls under way at that end point", under_way, 1);
  judge.Between("connections it reset", bad->connections_accepted() - before, 1,
                MostAttempts(rig, Clock::now() - reset_at));
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("POSTs that were cut", Failed(rig, put, &LoadSample::took_ms), 100);
  judge.AtMost("failed POSTs, other than 502", put.failed() - put.Count(502), 0);
  judge.Reasons(put);
}

void OneResets(Rig& rig, Judge& judge) { Resets(rig, judge, 2000); }
void OneResetsOverGrpc(Rig& rig, Judge& judge) { Resets(rig, judge, rig.Either(2000.0, 500.0)); }

void OneResetsMidway(Rig& rig, Judge& judge) {
  LightBehaviour resets = rig.backend().behaviour();
  resets.answer = Answer::kResetMidway;
  // At more calls a second breakers open where the machine is busy.
  resets.one_in = rig.Either(100, 10);
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = rig.Either(2000.0, 200.0),
                                      .length = seconds(rig.Either(10, 3)),
                                      .connections = 4000},
                                     {{seconds(1), [&] { Busier(rig).Behave(resets); }}});
  const RouteReport& put = report["put1"];
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtLeast("POSTs that were cut", put.Count(502), 1);
  judge.AtMost("failed POSTs, other than 502", put.failed() - put.Count(502), 0);
  judge.Reasons(put);
}

LoadReport WhileStreamsAreRefused(Rig& rig) {
  rig.Behave({.answer = Answer::kRefuseStream, .one_in = 50});
  return rig.Load({.routes = {rig.Get(), rig.Put()}, .length = seconds(rig.Either(10, 2))});
}

void OneRefusesStreams(Rig& rig, Judge& judge) {
  const uint64_t before = rig.Calls();
  const LoadReport report = WhileStreamsAreRefused(rig);
  JudgeAll(judge, report);
  const uint64_t sent = report.Total().sent();
  judge.AtLeast("calls", rig.Calls() - before, sent + sent / 60);
}

// gRPC C++ tells of the reset, but not whether an answer had begun, and a back end may pass the
// same words on from one of its own: only what may be carried out twice is made again.
void OneRefusesStreamsOfGrpc(Rig& rig, Judge& judge) {
  const LoadReport report = WhileStreamsAreRefused(rig);
  const RouteReport& put = report["put1"];
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtLeast("refused POSTs", put.Count(502), 1);
  judge.AtMost("failed POSTs, other than 502", put.failed() - put.Count(502), 0);
  judge.Reasons(report.Total());
}

// Restarts one after the other: the old one says goodbye, the new one is there 50 ms later. Of four
// rounds, two give notice, and two leave calls that have come already.
void Rolling(Rig& rig, Judge& judge) {
  const int rounds = rig.Either(50, 10);
  const milliseconds apart(rig.Either(400, 200));
  std::vector<Event> events;
  for (int i = 0; i < rounds; ++i) {
    const Duration at = apart * (i + 1);
    LightBackend& one = rig.backend(0, i % 2);
    events.push_back({at, [&one, i] {
                        if (i % 8 >= 4) one.Refuse();
                        if (i % 4 < 2) {
                          one.Goaway();
                        } else {
                          one.GoawayBelow();
                        }
                      }});
    events.push_back({at + milliseconds(50), [&one] { one.Listen(); }});
  }
  LoadPlan plan{.routes = {rig.Get(), rig.Put()}, .length = apart * (rounds + 2)};
  if (rig.full()) plan.rate = 5000;
  const LoadReport report = rig.Load(std::move(plan), std::move(events));
  judge.AtLeast("requests", report.Total().sent(), rig.Either<uint64_t>(100'000, 500));
  uint64_t left = 0;
  rig.Each([&](const LightBackend& one) { left += one.unprocessed(); });
  judge.AtLeast("calls above a last id", left, static_cast<uint64_t>(rounds) / 4);
  JudgeAll(judge, report);
}

// Calls that take longer than the silence after which a PING is sent. Whoever is told to be calm
// goes on with a new connection, and waits for twice as long: after three times that is longer than
// any call takes.
void TheyHatePings(Rig& rig, Judge& judge) {
  constexpr uint64_t kMost = 4;
  rig.Behave({.delay = seconds(3), .hates_pings = true});
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()}, .rate = 4, .length = seconds(rig.Either(20, 6))});
  JudgeAll(judge, report);
  rig.Each([&](const LightBackend& one) {
    judge.Between("new connections", one.connections_accepted(), 1, kMost);
  });
}

constexpr uint64_t kMaxPending = 16;

void FewStreams(Rig& rig, Judge& judge) {
  for (const uint32_t streams : {1u, 0u}) {
    rig.Behave({.delay = milliseconds(20), .max_concurrent_streams = streams});
    rig.Wait(milliseconds(100));
    Watch watch(rig.gateway().admin(), "frontdesk_upstream_pending", "for=\"connection\"");
    const LoadReport report = rig.Load({.routes = {rig.Get()},
                                        .rate = 500,
                                        .length = seconds(rig.Either(5, 2)),
                                        .connections = 4000});
    watch.Stop();
    const RouteReport& route = report["get1"];
    const std::string with = Cat(" with ", streams);
    if (streams > 0) judge.AtLeast(Cat("answered", with), route.good(), 10);
    judge.AtMost(Cat("other than 200, 503, 504", with),
                 route.failed() - route.Count(503) - route.Count(504), 0);
    judge.AtLeast(Cat("refused", with), route.Count(503), 1);
    judge.Reasons(route);
    judge.Note(Cat("503 median ms", with), Cat(static_cast<int>(route.PercentileOf(503, 50))));
    judge.Within(Cat("503 p99 ms", with), route.PercentileOf(503, 99), 5, 5000);
    judge.Between(Cat("most pending", with), static_cast<uint64_t>(watch.most()), 1, kMaxPending);
  }
}

}  // namespace

std::vector<Row> ConnectionRows() {
  const Topology two{.endpoints = 2};
  const Topology four = WithFourWorkers(two);
  const Topology grpc = OverGrpc(two);
  Topology busy = two;
  busy.behaviour.delay = milliseconds(20);
  Topology pinging = two;
  pinging.upstream = "timeout: 30s, keepalive_interval: 1s, keepalive_timeout: 1s";
  pinging.extra = "methods: {frontdesk.faults.S1: {timeout: 30s}}\n";
  const Topology few{.upstream = Cat("max_pending: ", kMaxPending, ", timeout: 1s")};
  const std::string demand = "0 failed idempotent requests; others are not made twice";
  const std::string resets = demand + "; <= 25 connections per second and worker";
  const std::string rolling = "50 rolling GOAWAYs and restarts, half of them below calls sent";
  const std::string bounded = "pending <= 16, 503 in < 5 ms";
  return {
      {"5", "one of two resets at each call", resets, busy, OneResets},
      {"5-workers", "... with four workers", resets, WithFourWorkers(busy), OneResets},
      {"5-grpc", "...", resets, OverGrpc(busy), OneResetsOverGrpc},
      {"5-midway", "one of two resets in the middle of answers", demand + " but 502", busy,
       OneResetsMidway},
      {"7", "REFUSED_STREAM for one call of 50", "0 failed", two, OneRefusesStreams},
      {"7-grpc", "...", "0 failed reads; writes are not made again but 502", grpc,
       OneRefusesStreamsOfGrpc, true},
      {"8", rolling, "0 failed of 100,000", two, Rolling},
      {"8-workers", "... with four workers", "0 failed of 100,000", four, Rolling},
      {"8-grpc", "...", "0 failed of 100,000", grpc, Rolling},
      {"9", "GOAWAY(ENHANCE_YOUR_CALM) for a PING", "<= 4 new connections of each end point",
       pinging, TheyHatePings},
      {"10", "SETTINGS_MAX_CONCURRENT_STREAMS 1, then 0", bounded, few, FewStreams},
      {"10-workers", "... with four workers", bounded, WithFourWorkers(few), FewStreams},
  };
}

}  // namespace frontdesk::faults
