// One of two end points says nothing: it hangs, or nothing reaches it any more.
#include <algorithm>

#include "gateway/base/text.h"
#include "tests/e2e/faults/endpoints.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void OneIsSilent(Rig& rig, Judge& judge) {
  LightBackend* bad = nullptr;
  TimePoint silent_at;
  uint64_t before = 0;
  const auto fault = [&] {
    bad = &Busier(rig);
    silent_at = Clock::now();
    before = bad->connections_accepted();
    bad->Behave({.accept = LightBehaviour::Accept::kSilent});
    bad->Goaway(milliseconds(0));
  };
  const LoadReport report = During(rig, fault, seconds(rig.Either(20, 4)));
  JudgeAll(judge, report);
  const uint64_t tried = bad->connections_accepted() - before;
  // Each worker waits for one until the time to connect, two seconds, is over.
  const auto most = static_cast<uint64_t>((Clock::now() - silent_at) / seconds(2)) + 2;
  judge.Between("connections it hung", tried, 1, rig.workers() * most);
  // Who waited for one of them; in a test from when it was sent, see Failed().
  const uint64_t delayed = report.Total().Count([&](const LoadSample& sample) {
    return sample.took_ms - rig.Either(0.F, sample.waited_ms) > 250;
  });
  judge.AtMost("delayed", delayed, rig.Either<uint64_t>(tried, report.Total().sent() / 10));
}

// Who takes longer than `ms` shows that it met the silence. In a test those are left out that the
// client was late with, see Failed(): they tell of a machine that stood still.
uint64_t Slow(const Rig& rig, const RouteReport& route, float ms, float due_from_ms = 0) {
  return route.Count([&](const LoadSample& sample) {
    const bool counts = rig.full() || sample.waited_ms <= 20;
    return counts && sample.at_ms >= due_from_ms && sample.took_ms > ms;
  });
}

// Calls that were sent when the silence begins can't be told from lost ones; who comes later is
// sent elsewhere.
void Drops(Rig& rig, Judge& judge, double rate) {
  LightBackend* bad = nullptr;
  uint64_t under_way = 0;
  bool dropped = false;
  const auto fault = [&] {
    bad = &Busier(rig);
    under_way = bad->open_streams();
    dropped = rig.Drop(*bad, true);
  };
  const LoadReport report = During(rig, fault, seconds(rig.Either(30, 6)), rate);
  const bool passed = rig.Drop(*bad, false);
  const RouteReport& get = report["get1"];
  const RouteReport& put = report["put1"];
  judge.Note("dropped by", rig.dropped_by());
  judge.That("packets were dropped, and pass again", dropped && passed);
  judge.AtLeast("GETs longer than 0.5 s or failed POSTs", Slow(rig, get, 500) + put.failed(), 1);
  judge.AtMost("failed GETs", get.failed(), 0);
  // One that is sent there is as slow as that, whatever becomes of it.
  const uint64_t few = get.sent() / 20;
  judge.AtMost("GETs longer than 1 s", Slow(rig, get, 1000),
               under_way + rig.Either(std::min<uint64_t>(few, 100), few));
  if (rig.full()) {
    judge.AtMost("GETs longer than 0.5 s, from 16 s on", Slow(rig, get, 500, 16'500), 0);
  }
  // The silence and the wait for the PING are 15 s in the slowest row; then there is the call.
  judge.Within("longest GET s", get.GoodPercentile(100) / 1000, 15.5, 20);
  judge.AtLeast("calls before", bad->calls(), 10);
  // In a short run the two seconds until it is found out are a third of it.
  judge.AtMost("failed POSTs", put.failed(), put.sent() / rig.Either<uint64_t>(10, 3));
  judge.Reasons(report.Total());
}

void OneDrops(Rig& rig, Judge& judge) { Drops(rig, judge, rig.Either(5000.0, 1000.0)); }
void OneDropsSlowly(Rig& rig, Judge& judge) { Drops(rig, judge, 100); }

// Both take 200 ms, and one of them stops to answer. Until its first call has run out of time, its
// silence is all that tells.
void JudgeHanging(Rig& rig, Judge& judge, bool made_again) {
  constexpr uint64_t kRate = 60;
  LightBackend* bad = &rig.backend();
  uint64_t under_way = 0;
  uint64_t told = 0;
  uint64_t late = 0;
  constexpr seconds kFault(1), kLater(2), kLast(6);
  WhenBusy fault(rig, [&](LightBackend& busier) {
    bad = &busier;
    under_way = bad->open_streams();
    LightBehaviour silent = bad->behaviour();
    silent.answer = LightBehaviour::Answer::kNever;
    bad->Behave(silent);
  });
  const LoadReport report = rig.Load({.routes = {rig.Get()},
                                      .rate = kRate,
                                      .length = seconds(rig.Either(20, 7)),
                                      .connections = 4000},
                                     {{kFault, [&] { fault.Begin(); }},
                                      {kLater, [&] { told = bad->calls(); }},
                                      {kLast, [&] { late = bad->calls() - told; }}});
  const RouteReport& route = report["get1"];
  judge.AtLeast("calls under way at that end point", under_way, 1);
  const uint64_t meanwhile = kRate * static_cast<uint64_t>((kLast - kLater).count());
  judge.AtMost("calls at it, from 1 s to 5 s after", late, meanwhile / 10);
  judge.AtMost("failed", route.failed(), made_again ? 0 : under_way + rig.Either<uint64_t>(15, 40));
  judge.AtMost("failed, other than 504", route.failed() - route.Count(504), 0);
  judge.Note("p99 ms", Cat(static_cast<int>(route.GoodPercentile(99))));
  judge.Reasons(route);
}

void OneHangsAmongSlow(Rig& rig, Judge& judge) { JudgeHanging(rig, judge, false); }
void OneHangsAndIsRetried(Rig& rig, Judge& judge) { JudgeHanging(rig, judge, true); }

}  // namespace

std::vector<Row> SilentRows() {
  const Topology two{.endpoints = 2};
  Topology pinging = two;
  pinging.upstream = "timeout: 30s, keepalive_interval: 1s, keepalive_timeout: 1s";
  pinging.extra = "methods: {frontdesk.faults.S1: {timeout: 30s}}\n";
  Topology pinging_later = pinging;
  pinging_later.upstream = "timeout: 30s, keepalive_interval: 10s, keepalive_timeout: 5s";
  Topology attempts = two;
  attempts.extra = "methods: {frontdesk.faults.S1: {retry: {per_attempt_timeout: 1s}}}\n";
  Topology usual = two;
  usual.behaviour.delay = milliseconds(20);
  Topology slow = two;
  slow.behaviour.delay = milliseconds(200);
  slow.upstream = "timeout: 5s";
  Topology slow_retried = slow;
  slow_retried.extra = "methods: {frontdesk.faults.S1: {retry: {per_attempt_timeout: 500ms}}}\n";
  const std::string hangs = "0 failed, <= 1 request delayed for each connection";
  const std::string dropped =
      "0 failed idempotent requests, few of them wait; others are not made twice; found out in 15 "
      "s";
  const std::string few = "<= 10 % of the calls go there from 1 s on";
  return {
      {"3", "one of two accepts and hangs before SETTINGS", hangs, two, OneIsSilent},
      {"3-workers", "... with four workers", hangs, WithFourWorkers(two), OneIsSilent, true},
      {"4", "packets to one of two are dropped; keepalive 1 s + 1 s, timeout 30 s", dropped,
       pinging, OneDrops},
      {"4-workers", "... with four workers", dropped, WithFourWorkers(pinging), OneDrops, true},
      {"4-later", "...; keepalive 10 s + 5 s, timeout 30 s", dropped, pinging_later, OneDrops,
       true},
      {"4-attempts", "...; no keepalive, timeout 15 s, per_attempt_timeout 1 s", dropped, attempts,
       OneDrops},
      {"4-defaults", "...; nothing set, answers take 20 ms", dropped, usual, OneDropsSlowly},
      {"12-hangs-slow", "one of two never answers, both take 200 ms; deadline 5 s", few, slow,
       OneHangsAmongSlow},
      {"12-hangs-retried", "...; per_attempt_timeout 500 ms", "0 failed; " + few, slow_retried,
       OneHangsAndIsRetried},
  };
}

}  // namespace frontdesk::faults
