// One of two end points refuses or fails: the other one does its work.
#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "tests/e2e/faults/endpoints.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = LightBehaviour::Answer;

// Who refuses costs no call anything, but it must not be asked again and again.
LoadReport WhileOneRefuses(Rig& rig, Judge& judge) {
  TimePoint refused_at;
  uint64_t before = 0;
  const auto fault = [&] {
    refused_at = Clock::now();
    before = VainAttempts();
    LightBackend& bad = Busier(rig);
    bad.Refuse();
    bad.Goaway();
  };
  LoadReport report = During(rig, fault, seconds(rig.Either(10, 3)));
  const uint64_t attempts = VainAttempts() - before;
  // Other processes may have made some.
  constexpr uint64_t kOthers = 100;
  judge.Between("attempts to connect to it", attempts, 1,
                MostAttempts(rig, Clock::now() - refused_at) + kOthers);
  return report;
}

void OneRefuses(Rig& rig, Judge& judge) { JudgeAll(judge, WhileOneRefuses(rig, judge)); }

// Nobody makes a failed call again: what fails is seen.
void OneRefusesForGood(Rig& rig, Judge& judge) {
  const RouteReport total = WhileOneRefuses(rig, judge).Total();
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

constexpr seconds kFirstEjection{2};

// Each ejection lasts for kFirstEjection longer than the one before in the same row, and none comes
// before the last one is over; ten seconds without one take one off the row.
bool BackOff(const std::vector<TimePoint>& ejections) {
  constexpr seconds kInterval(10);
  constexpr milliseconds kLate(500);  // that a look may be
  Duration::rep row = 0;
  TimePoint back = TimePoint::min();
  for (const TimePoint at : ejections) {
    if (at + kLate < back) return false;
    if (row > 0) row -= std::min(row, (at + kLate - back) / kInterval);
    back = at + kFirstEjection * ++row;
  }
  return true;
}

// Connected all the time, but for every other second it fails what it is asked: out for a while.
// There are always calls under way, so that it is found out each time.
void OneFailsNowAndThen(Rig& rig, Judge& judge) {
  LightBackend& bad = rig.backend(0, 0);
  const LightBehaviour well = bad.behaviour();
  LightBehaviour fails = well;
  fails.answer = Answer::kStatus;
  const int rounds = rig.Either(30, 3);
  const seconds length(2 * rounds + 1);
  std::vector<Event> events;
  for (int i = 0; i < rounds; ++i) {
    events.push_back({seconds(2 * i + 1), [&] { bad.Behave(fails); }});
    events.push_back({seconds(2 * i + 2), [&] { bad.Behave(well); }});
  }
  Watch watch(rig.gateway().admin(), "frontdesk_upstream_ejections_total");
  // So slow that no standstill of the machine makes the gateway refuse.
  const LoadReport report = rig.Load(
      {.routes = {rig.Get(), rig.Put()}, .rate = 2000, .length = length, .connections = 4000},
      std::move(events));
  watch.Stop();
  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", Failed(rig, report["put1"], &LoadSample::waited_ms),
               report["put1"].sent() / rig.Either<uint64_t>(100, 50));
  judge.Reasons(report.Total());
  const std::vector<TimePoint>& ejections = watch.rises();
  // At most every five seconds, and the first two at once.
  judge.Between("ejections", static_cast<uint64_t>(watch.most()), rig.Either<uint64_t>(2, 1),
                static_cast<uint64_t>(length.count()) / 5 + 1);
  judge.That("each seen by itself", static_cast<double>(ejections.size()) == watch.most());
  judge.That("they back off", BackOff(ejections));
  std::string apart;
  for (size_t i = 1; i < ejections.size(); ++i) {
    const std::chrono::duration<double> gap = ejections[i] - ejections[i - 1];
    apart += Cat(apart.empty() ? "" : ", ", static_cast<int>(gap.count() + 0.5));
  }
  judge.Note("seconds apart", apart);
}

}  // namespace

std::vector<Row> EndpointRows() {
  const Topology two{.endpoints = 2};
  const Topology four = WithFourWorkers(two);
  const Topology grpc = OverGrpc(two);
  Topology once = two;
  once.extra = "methods: {frontdesk.faults.S1: {retry: {max_attempts: 1}}}\n";
  Topology once_in_time = once;
  once_in_time.upstream = "timeout: 300ms";
  Topology ejecting = two;
  ejecting.upstream = Cat("outlier_detection: {base_ejection_time: ", kFirstEjection.count(), "s}");
  ejecting.behaviour.delay = milliseconds(20);
  const std::string refused = "0 failed; <= 25 attempts to connect per second and worker";
  const std::string flaps = "0 failed idempotent requests; others <= 1 % failed, not made twice";
  const std::string backs_off = flaps + "; ejections back off, <= 0.2 Hz";
  const std::string ejected = "ejected within 5 failures";
  return {
      {"12", "one of two refuses connections", refused, two, OneRefuses},
      {"12-workers", "... with four workers", refused, four, OneRefuses},
      {"12-grpc", "...", refused, grpc, OneRefuses},
      {"12-once", "... without retries", "<= 5 failed", once, OneRefusesForGood},
      {"12-fails", "one of two answers UNAVAILABLE; no retries", ejected, once, OneFails},
      {"12-fails-workers", "... with four workers", ejected, WithFourWorkers(once), OneFails},
      {"12-hangs", "one of two never answers; no retries, deadline 300 ms",
       ejected + " and those under way by then", once_in_time, OneHangs, true},
      {"13", "one of two is up for 1 s and down for 1 s", flaps, two, OneFlaps},
      {"13-workers", "... with four workers", flaps, four, OneFlaps},
      {"13-grpc", "...", flaps, grpc, OneFlaps},
      {"13-fails", "one of two is well for 1 s and fails for 1 s; base_ejection_time 2 s",
       backs_off, ejecting, OneFailsNowAndThen},
      {"13-fails-workers", "... with four workers", backs_off, WithFourWorkers(ejecting),
       OneFailsNowAndThen, true},
  };
}

}  // namespace frontdesk::faults
