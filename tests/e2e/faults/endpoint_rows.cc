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

// The fault comes while the load runs. Rate 0: half of what the gateway can do.
LoadReport During(Rig& rig, const std::function<void()>& fault, Duration length, double rate = 0) {
  return rig.Load(
      {.routes = {rig.Get(), rig.Put()}, .rate = rate, .length = length, .connections = 4000},
      {{milliseconds(500), fault}});
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

LoadReport WhileOneRefuses(Rig& rig) {
  const auto fault = [&] {
    LightBackend& bad = Busier(rig);
    bad.Refuse();
    bad.Goaway();
  };
  return During(rig, fault, seconds(rig.Either(10, 3)));
}

void OneRefuses(Rig& rig, Judge& judge) { JudgeAll(judge, WhileOneRefuses(rig)); }

// Short runs are on machines that may stand still, and what is overdue then comes all at once: more
// of it meets the fault than the gateway could keep from it. That is left out there, told by the
// time it waited for the client, or took in all.
uint64_t Failed(const Rig& rig, const RouteReport& route, float LoadSample::*late) {
  if (rig.full()) return route.failed();
  return route.Count(
      [&](const LoadSample& sample) { return !IsGood(sample) && sample.*late <= 20; });
}

// Nobody makes a failed call again: what fails is seen.
void OneRefusesForGood(Rig& rig, Judge& judge) {
  const RouteReport total = WhileOneRefuses(rig).Total();
  judge.AtMost("failed", total.failed(), 5);
  judge.Reasons(total);
}

// Who is connected and fails is left out after five calls in a row, which may take a while: who has
// failed once is asked less. What is under way there by then fails as well: `most` in all.
void OneIsEjected(Rig& rig, Judge& judge, LightBehaviour fails, double rate, uint64_t most) {
  Watch watch(rig.gateway().admin(), "frontdesk_upstream_ejections_total");
  TimePoint failed_at;
  const LoadReport report = rig.Load({.routes = {rig.Get(), rig.Put()},
                                      .rate = rate,
                                      .length = seconds(rig.Either(20, 4)),
                                      .connections = 4000},
                                     {{milliseconds(500), [&] {
                                         failed_at = Clock::now();
                                         Busier(rig).Behave(fails);
                                       }}});
  watch.Stop();
  const RouteReport total = report.Total();
  // Short runs are on machines that may be late: then several calls are under way at once.
  const bool at_once = fails.answer != Answer::kNever;
  judge.AtMost("failed",
               Failed(rig, total, at_once ? &LoadSample::took_ms : &LoadSample::waited_ms),
               rig.Either<uint64_t>(most, most + 10));
  judge.That("ejected, where five have failed", !watch.rises().empty() || total.failed() < 5);
  if (!watch.rises().empty()) {
    const std::chrono::duration<double> after = watch.rises().front() - failed_at;
    judge.Note("ejected after s", Cat(static_cast<int>(after.count())));
  }
  judge.Reasons(total);
}

void OneFails(Rig& rig, Judge& judge) {
  OneIsEjected(rig, judge, {.answer = Answer::kStatus}, 500, 5);
}
// Half of what comes until the first of them is given up, and five.
void OneHangs(Rig& rig, Judge& judge) {
  OneIsEjected(rig, judge, {.answer = Answer::kNever}, 100, 100 * 300 / 1000 / 2 + 5);
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
  judge.AtMost("POSTs that were cut", Failed(rig, put, &LoadSample::waited_ms), 100);
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
  LightBackend* bad = nullptr;
  uint64_t before = 0;
  const auto fault = [&] {
    bad = &Busier(rig);
    before = bad->connections_accepted();
    bad->Behave({.accept = Accept::kSilent});
    bad->Goaway(milliseconds(0));
  };
  const LoadReport report = During(rig, fault, seconds(rig.Either(20, 4)));
  JudgeAll(judge, report);
  const uint64_t tried = bad->connections_accepted() - before;
  judge.AtLeast("connections it hung", tried, 1);
  // Who waited for one of them; in a test from when it was sent, see Failed().
  const uint64_t delayed = report.Total().Count([&](const LoadSample& sample) {
    return sample.took_ms - rig.Either(0.F, sample.waited_ms) > 250;
  });
  judge.AtMost("delayed", delayed, rig.Either<uint64_t>(tried, report.Total().sent() / 10));
}

// Calls that were sent when the silence begins can't be told from lost ones.
void OneDrops(Rig& rig, Judge& judge) {
  LightBackend* bad = nullptr;
  const auto fault = [&] {
    bad = &Busier(rig);
    rig.Drop(*bad, true);
  };
  const LoadReport report = During(rig, fault, seconds(rig.Either(30, 6)), 5000);
  rig.Drop(*bad, false);
  judge.Note("dropped by", rig.dropped_by());
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.Note(
      "GETs longer than 1 s",
      Cat(report["get1"].Count([](const LoadSample& sample) { return sample.took_ms > 1000; })));
  // The silence and the wait for the PING are 15 s in the slowest row; then there is the call.
  judge.Within("longest GET s", report["get1"].GoodPercentile(100) / 1000, 15.5, 20);
  judge.AtLeast("calls before", bad->calls(), 10);
  const RouteReport& put = report["put1"];
  // In a short run the two seconds until it is found out are a third of it.
  judge.AtMost("failed POSTs", put.failed(), put.sent() / rig.Either<uint64_t>(10, 3));
  judge.Reasons(report.Total());
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
  judge.AtMost("failed POSTs", Failed(rig, report["put1"], &LoadSample::waited_ms),
               report["put1"].sent() / 100);
}

// Connected all the time, but for every other second it fails what it is asked: out for a while.
void OneFailsNowAndThen(Rig& rig, Judge& judge) {
  LightBackend& bad = rig.backend(0, 0);
  const int rounds = rig.Either(30, 2);
  const seconds length(2 * rounds + 1);
  std::vector<Event> events;
  for (int i = 0; i < rounds; ++i) {
    events.push_back({seconds(2 * i + 1), [&] { bad.Behave({.answer = Answer::kStatus}); }});
    events.push_back({seconds(2 * i + 2), [&] { bad.Behave({}); }});
  }
  Watch watch(rig.gateway().admin(), "frontdesk_upstream_ejections_total");
  // So slow that no standstill of the machine makes the gateway refuse.
  const LoadReport report = rig.Load(
      {.routes = {rig.Get(), rig.Put()}, .rate = 2000, .length = length, .connections = 4000},
      std::move(events));
  watch.Stop();
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", Failed(rig, report["put1"], &LoadSample::took_ms),
               report["put1"].sent() / rig.Either<uint64_t>(100, 50));
  judge.Reasons(report.Total());
  const std::vector<TimePoint>& ejected = watch.rises();
  // At most every five seconds, and the first two at once. At few calls a second there may be none:
  // who has failed once is asked less.
  judge.Between("ejections", static_cast<uint64_t>(watch.most()), rig.Either<uint64_t>(1, 0),
                static_cast<uint64_t>(length.count()) / 5 + 1);
  std::string apart;
  for (size_t i = 1; i < ejected.size(); ++i) {
    const std::chrono::duration<double> gap = ejected[i] - ejected[i - 1];
    apart += Cat(apart.empty() ? "" : ", ", static_cast<int>(gap.count() + 0.5));
  }
  // Ejections in a row last longer and longer; whoever did well for long has no row behind it.
  judge.Note("seconds apart", apart);
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

std::vector<Row> EndpointRows() {
  const std::string demand = "0 failed idempotent requests; others are not made twice";
  const Topology two{.endpoints = 2};
  const Topology four = WithFourWorkers(two);
  Topology grpc = two;
  grpc.transport = "grpc";
  Topology once = two;
  once.extra = "methods: {frontdesk.faults.S1: {retry: {max_attempts: 1}}}\n";
  Topology once_in_time = once;
  once_in_time.upstream = "timeout: 300ms";
  Topology busy = two;
  busy.behaviour.delay = milliseconds(20);
  Topology busy_grpc = busy;
  busy_grpc.transport = "grpc";
  Topology pinging = two;
  pinging.upstream = "timeout: 30s, keepalive_interval: 1s, keepalive_timeout: 1s";
  pinging.extra = "methods: {frontdesk.faults.S1: {timeout: 30s}}\n";
  Topology pinging_later = pinging;
  pinging_later.upstream = "timeout: 30s, keepalive_interval: 10s, keepalive_timeout: 5s";
  Topology impatient = two;
  impatient.extra = "methods: {frontdesk.faults.S1: {retry: {per_attempt_timeout: 1s}}}\n";
  Topology ejecting = two;
  ejecting.upstream = "outlier_detection: {base_ejection_time: 2s}";
  const Topology few{.upstream = Cat("max_pending: ", kMaxPending, ", timeout: 1s")};
  const std::string dropped = demand + "; found out in 15 s";
  const std::string flaps = demand + "; others <= 1 % failed";
  const std::string backs_off = flaps + "; ejections <= 0.2 Hz";
  const std::string hangs = "0 failed, <= 1 request delayed for each connection";
  const std::string ejected = "ejected within 5 failures";
  const std::string bounded = "pending <= 16, 503 in < 5 ms";
  return {
      {"12", "one of two refuses connections", "0 failed", two, OneRefuses},
      {"12-workers", "... with four workers", "0 failed", four, OneRefuses},
      {"12-grpc", "...", "0 failed", grpc, OneRefuses, true},
      {"12-once", "... without retries", "<= 5 failed", once, OneRefusesForGood},
      {"12-fails", "one of two answers UNAVAILABLE; no retries", ejected, once, OneFails},
      {"12-fails-workers", "... with four workers", ejected, WithFourWorkers(once), OneFails, true},
      {"12-hangs", "one of two never answers; no retries, deadline 300 ms",
       ejected + " and those under way by then", once_in_time, OneHangs, true},
      {"5", "one of two resets at each call", demand, busy, OneResets},
      {"5-workers", "... with four workers", demand, WithFourWorkers(busy), OneResets},
      {"5-grpc", "...", demand, busy_grpc, OneResets, true},
      {"5-midway", "one of two resets in the middle of answers", demand + " but 502", busy,
       OneResetsMidway, true /* on a busy machine breakers open */},
      {"3", "one of two accepts and hangs before SETTINGS", hangs, two, OneIsSilent},
      {"3-workers", "... with four workers", hangs, four, OneIsSilent, true},
      {"4", "packets to one of two are dropped; keepalive 1 s + 1 s, timeout 30 s", dropped,
       pinging, OneDrops},
      {"4-workers", "... with four workers", dropped, WithFourWorkers(pinging), OneDrops, true},
      {"4-later", "...; keepalive 10 s + 5 s, timeout 30 s", dropped, pinging_later, OneDrops,
       true},
      {"4-defaults", "...; no keepalive, timeout 15 s, per_attempt_timeout 1 s", dropped, impatient,
       OneDrops},
      {"7", "REFUSED_STREAM for one call of 50", "0 failed", two, OneRefusesStreams},
      {"7-grpc", "...", "0 failed reads; writes are not made again but 502", grpc,
       OneRefusesStreamsOfGrpc, true},
      {"8", "50 rolling GOAWAYs and restarts", "0 failed of 100,000", two, Rolling},
      {"8-workers", "... with four workers", "0 failed of 100,000", four, Rolling},
      {"8-grpc", "...", "0 failed of 100,000", grpc, Rolling, true},
      {"13", "one of two is up for 1 s and down for 1 s", flaps, two, OneFlaps},
      {"13-workers", "... with four workers", flaps, four, OneFlaps},
      {"13-fails", "one of two is well for 1 s and fails for 1 s; base_ejection_time 2 s",
       backs_off, ejecting, OneFailsNowAndThen},
      {"13-fails-workers", "... with four workers", backs_off, WithFourWorkers(ejecting),
       OneFailsNowAndThen, true},
      {"9", "GOAWAY(ENHANCE_YOUR_CALM) for a PING", "<= 1 connection per second", pinging,
       OneHatesPings},
      {"10", "SETTINGS_MAX_CONCURRENT_STREAMS 1, then 0", bounded, few, FewStreams},
      {"10-workers", "... with four workers", bounded, WithFourWorkers(few), FewStreams},
  };
}

}  // namespace frontdesk::faults
