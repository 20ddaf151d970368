// Clients that leave, and that are only there.
#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::OpenLoad;
using testing_support::RawClient;

void TheyLeave(Rig& rig, Judge& judge) {
  rig.Behave({.delay = seconds(2)});
  LoadRoute route = rig.Get();
  // In a test so late that the back end has seen the call even if one of the three stood still.
  route.leaves_after = milliseconds(rig.Either(100, 500));
  const LoadReport report = rig.Load({.routes = {route},
                                      .rate = rig.Either(1000.0, 200.0),
                                      .length = seconds(rig.Either(10, 2)),
                                      .connections = 4000});
  rig.Wait(seconds(1));
  uint64_t noticed = 0;
  uint64_t called = 0;
  double latest = 0;
  for (const auto& [id, left] : report.left) {
    const auto calls = rig.backend().seen().find(id);
    if (calls == rig.backend().seen().end()) continue;
    ++called;
    if (!calls->second.cancelled) continue;
    const std::chrono::duration<double, std::milli> after = *calls->second.cancelled - left;
    if (after.count() <= rig.Either(100, 1000)) ++noticed;
    latest = std::max(latest, after.count());
  }
  judge.AtLeast("calls that clients left", called,
                report.left.size() * rig.Either<size_t>(9, 5) / 10);
  judge.AtLeast("cancelled in time", noticed, called - called / 1000);
  judge.Note("the last after ms", Cat(static_cast<int>(latest)));
  judge.That("no stream left",
             rig.Until([&] { return rig.backend().open_streams() == 0; }, seconds(3)));
}

// They leave while a large answer is being written.
void TheyLeaveMidway(Rig& rig, Judge& judge) {
  rig.Behave({.delay = milliseconds(2), .padding = 1 << 20});
  LoadRoute route = rig.Get();
  route.leaves_after = milliseconds(4);
  const LoadReport report = rig.Load({.routes = {route},
                                      .rate = rig.Either(200.0, 100.0),
                                      .length = seconds(rig.Either(80, 2)),
                                      .connections = 4000});
  // The others had their answer before.
  judge.AtLeast("left", report.left.size(), rig.Either<uint64_t>(10'000, 20));
  judge.That("no stream left",
             rig.Until([&] { return rig.backend().open_streams() == 0; }, seconds(3)));
}

void ManyAreIdle(Rig& rig, Judge& judge) {
  const size_t count = rig.Either(10000, 1000);
  std::optional<OpenLoad> idle;
  double each = 0;
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    idle.reset();
    rig.Until([&] { return rig.files() <= rig.files_at_first() + 50; }, seconds(10));
    const double before = static_cast<double>(rig.bytes());
    if (fault) {
      idle.emplace(rig.loop(), LoadPlan{.port = rig.gateway().port(),
                                        .routes = {rig.Get()},
                                        .length = Duration::zero(),
                                        .connections = count});
      idle->Start();
      rig.Until([&] { return idle->done(); }, seconds(20));
      rig.Count(idle->report());
      const auto cost = [&] {
        return (static_cast<double>(rig.bytes()) - before) / static_cast<double>(count) / 1024;
      };
      // What so many requests at once have taken besides is given back in some seconds.
      if (each == 0) {
        rig.Until([&] { return cost() <= 5; }, seconds(15));
        each = cost();
      }
    }
    return rig.Load({.routes = {rig.Get()}, .length = seconds(rig.Either(5, 1))})["get1"]
        .GoodPercentile(99);
  });
  judge.AtMost("failed of the idle", idle->report().Total().failed(), 0);
  judge.AtLeast("idle", rig.files(), count);
  judge.Within("KiB each", each, 10, 100);
  judge.Ratio("p99 of active ones", pairs, 1.05);
  idle.reset();
}

// Heads that come a byte a second, and never end while the load runs.
void ManyAreSlow(Rig& rig, Judge& judge) {
  const size_t count = rig.Either(10000, 500);
  const seconds length(rig.Either(5, 1));
  // So many at a time that the load, which shares the thread, does not feel it.
  constexpr milliseconds kApart(1);
  const size_t at_a_time = std::max<size_t>(count * kApart / seconds(1), 1);
  uint64_t failed = 0;
  size_t held = 0;
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    rig.Until([&] { return rig.files() <= rig.files_at_first() + 50; }, seconds(10));
    std::deque<RawClient> slow;
    for (size_t i = 0; fault && i < count; ++i) {
      slow.emplace_back(rig.gateway().port()).Send("GET /1/slow HTTP/1.1\r\nhost: a\r\nx-slow: ");
    }
    if (fault) rig.CountUnread(count);
    std::vector<Event> events;
    for (size_t i = 0; fault && kApart * i < length; ++i) {
      events.push_back({kApart * i, [&, i] {
                          for (size_t n = 0; n < at_a_time; ++n) {
                            slow[(i * at_a_time + n) % count].Send("a");
                          }
                        }});
    }
    const RouteReport others = rig.Load({.routes = {rig.Get()}, .rate = 1000, .length = length},
                                        std::move(events))["get1"];
    failed += others.failed();
    if (fault) held = rig.files();
    return others.GoodPercentile(99);
  });
  judge.AtLeast("slow ones held", held, count);
  judge.AtMost("failed of the others", failed, 0);
  judge.Ratio("p99 of the others", pairs, 1.1);
}

// They ask for large answers, one behind the other, and read nothing. Of a unary answer the gateway
// has to hold the whole, but no further one is made before the last is on its way.
void TheyDoNotRead(Rig& rig, Judge& judge) {
  constexpr size_t kAnswer = 1 << 20;
  constexpr int kAsked = 32;  // on each connection: more than the kernel takes
  const size_t count = 20;
  LightBehaviour large = rig.backend(1).behaviour();
  large.padding = kAnswer;
  rig.backend(1).Behave(large);
  // The worst of all pairs.
  double each = 0;
  uint64_t held = count;
  uint64_t made = 0;
  uint64_t failed = 0;  // of the others
  const Pairs pairs = InPairs(rig, [&](bool fault) {
    std::deque<RawClient> readers;
    // The clients of the load before have gone.
    rig.Until([&] { return rig.clients() == 0; }, seconds(10));
    const auto before = static_cast<double>(rig.bytes());
    const uint64_t asked = rig.backend(1).calls();
    for (size_t i = 0; fault && i < count; ++i) {
      RawClient& reader = readers.emplace_back(rig.gateway().port());
      reader.ReceiveBuffer(4096);
      std::string requests;
      for (int n = 0; n < kAsked; ++n) {
        requests += Cat("GET /2/slow-", i, '-', n, " HTTP/1.1\r\nhost: a\r\n\r\n");
      }
      reader.Send(requests);
      rig.CountUnread(kAsked);
    }
    rig.Until([&] { return !fault || rig.backend(1).calls() >= asked + count; }, seconds(10));
    rig.Wait(seconds(fault ? 1 : 0));  // until no more are made
    const RouteReport others =
        rig.Load({.routes = {rig.Get(0)}, .rate = 500, .length = seconds(2)}).Total();
    failed += others.failed();
    if (fault) {
      // Those of the load are still there.
      rig.Until([&] { return rig.clients() <= count; }, seconds(2));
      held = std::min<uint64_t>(held, rig.clients());
      made = std::max(made, rig.backend(1).calls() - asked);
      const double grown = static_cast<double>(rig.bytes()) - before;
      each = std::max(each, grown / static_cast<double>(count) / 1024);
      // Cut at the send timeout.
      rig.Until([&] { return rig.clients() == 0; }, seconds(15));
      judge.AtMost("kept after the send timeout", rig.clients(), 0);
    }
    return others.GoodPercentile(99);
  });
  judge.AtLeast("held up", held, count * 9 / 10);
  judge.AtMost("answers made", made, count * kAsked / 2);
  judge.Within("KiB each", each, 3 * kAnswer / 1024, 1e9);
  judge.AtMost("failed of the others", failed, 0);
  judge.Ratio("p99 of the others", pairs, 1.1);
}

}  // namespace

std::vector<Row> ClientRows() {
  return {
      {"31", "clients leave", "call cancelled in 100 ms, >= 99.9 %", {}, TheyLeave},
      {"32",
       "clients leave in the middle of an answer",
       "no stream left of 10,000",
       {},
       TheyLeaveMidway},
      {"33",
       "clients that do not read answers of 1 MiB",
       "cut at the send timeout; <= 3 answers of memory each; p99 of the others <= x 1.1",
       {.services = 2, .extra = "limits: {send_timeout: 6s}\n"},
       TheyDoNotRead},
      {"35",
       "10,000 idle connections",
       "<= 10 KiB each; p99 of active ones <= x 1.05",
       {},
       ManyAreIdle},
      {"slow",
       "10,000 connections whose heads come a byte a second",
       "p99 of the others <= x 1.1",
       {},
       ManyAreSlow},
  };
}

}  // namespace frontdesk::faults
