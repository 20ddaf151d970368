// All back ends fail at once, and come back.
#include <algorithm>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = LightBehaviour::Answer;

// Seconds from `from_ms` until the last failure.
double FailedUntil(const RouteReport& route, double from_ms) {
  double last = from_ms;
  for (const LoadSample& sample : route.samples) {
    if (!testing_support::IsGood(sample)) last = std::max(last, double{sample.at_ms});
  }
  return (last - from_ms) / 1000;
}

// Fails from `down` to `up`; then all is well for 3 s.
void JudgeOutage(Rig& rig, Judge& judge, const std::function<void()>& fail,
                 const std::function<void()>& heal) {
  const milliseconds down(1000);
  const milliseconds up = down + seconds(rig.Either(10, 2));
  uint64_t before = 0;
  uint64_t during = 0;
  // When it really happened: a busy loop is late, by hundreds of requests.
  TimePoint failed_at;
  TimePoint healed_at;
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()}, .length = up + seconds(3), .connections = 4000},
               {{down,
                 [&] {
                   fail();
                   failed_at = Clock::now();
                   before = rig.Calls();
                 }},
                {up, [&] {
                   during = rig.Calls() - before;
                   healed_at = Clock::now();
                   heal();
                 }}});
  const double from = std::chrono::duration<double, std::milli>(failed_at - report.start).count();
  const double to = std::chrono::duration<double, std::milli>(healed_at - report.start).count();
  const RouteReport total = report.Total();
  const auto outage = [&](const LoadSample& sample) {
    return sample.at_ms >= from && sample.at_ms < to;
  };
  const uint64_t offered = total.Count(outage);
  judge.Reaches("offered", static_cast<double>(offered), 100, 100);
  judge.AtMost("calls of back ends", during, offered + offered / 5 + 10);
  judge.AtMost("good answers", total.Count([&](const LoadSample& sample) {
    return outage(sample) && sample.at_ms + sample.took_ms < to && testing_support::IsGood(sample);
  }),
               0);
  // Where the machine is busy, not faster than the same requests just before.
  const double usual =
      total.Percentile(99, [](const LoadSample& sample) { return sample.at_ms < 1000; });
  judge.Within("answers p99 ms", total.Percentile(99, outage), std::max(5.0, usual), 5000);
  judge.AtMost("lost", total.lost(), 0);
  judge.Within("recovered after s", FailedUntil(total, to), 1, 2.5);
}

void AllFail(Rig& rig, Judge& judge) {
  JudgeOutage(
      rig, judge, [&] { rig.Behave({.answer = Answer::kStatus}); }, [&] { rig.Behave({}); });
}

void AllAreGone(Rig& rig, Judge& judge) {
  JudgeOutage(
      rig, judge,
      [&] {
        rig.Each([](LightBackend& one) {
          one.Refuse();
          one.ResetAll();
        });
      },
      [&] { rig.Each([](LightBackend& one) { one.Listen(); }); });
}

// A breaker lets probes through one at a time, however many workers there are to make them: each is
// on its way for 300 ms.
void TheyAreProbed(Rig& rig, Judge& judge) {
  constexpr seconds kOpen(2);
  constexpr milliseconds kEvery(20);
  const Duration length = kOpen + seconds(rig.Either(8, 2));
  size_t most = 0;
  uint64_t before = 0;
  std::vector<Event> events = {{milliseconds(200), [&] { rig.Behave({.answer = Answer::kNever}); }},
                               {kOpen, [&] { before = rig.Calls(); }}};
  for (Duration at = kOpen; at < length; at += kEvery) {
    events.push_back({at, [&] { most = std::max(most, rig.backend().open_streams()); }});
  }
  rig.Load({.routes = {rig.Get()}, .length = length, .connections = 4000}, std::move(events));
  judge.Between("probes at a time", most, 1, 1);
  judge.AtMost("probes", rig.Calls() - before,
               static_cast<uint64_t>((length - kOpen) / milliseconds(300)) + 1);
}

}  // namespace

std::vector<Row> DownRows() {
  const std::string demand =
      "calls <= 1.2 x offered; answers in < 5 ms; recovered <= 1 s after they return";
  return {
      {"38", "all back ends answer UNAVAILABLE", demand, {.endpoints = 2}, AllFail},
      {"38-workers", "... with four workers", demand, {.endpoints = 2, .workers = 4}, AllFail},
      {"38-grpc", "...", demand, OverGrpc({.endpoints = 2}), AllFail},
      {"38-probes",
       "the back end never answers; four workers, deadline 300 ms",
       "one probe at a time",
       {.upstream = "timeout: 300ms", .workers = 4},
       TheyAreProbed},
      {"14", "all back ends are down", demand, {.endpoints = 2}, AllAreGone},
      {"14-workers",
       "... with four workers",
       demand,
       {.endpoints = 2, .workers = 4},
       AllAreGone,
       true},
  };
}

}  // namespace frontdesk::faults
