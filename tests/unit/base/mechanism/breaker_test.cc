#include "gateway/base/mechanism/breaker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;
using Ticket = Breaker::Ticket;
using State = Breaker::State;
using Trip = Breaker::Trip;

constexpr TimePoint kStart = TimePoint(1000s);

// One call after the other, a millisecond apart: '+' good, '-' failed, 's' good and slow (1 s), 'x'
// failed and slow. Returns how many were recorded when it opened, or 0.
int Play(Breaker& breaker, std::string_view calls, TimePoint& now) {
  int played = 0;
  for (const char call : calls) {
    Ticket ticket = breaker.Admit(now);
    const Duration took = call == 's' || call == 'x' ? Duration(1s) : Duration(0);
    now += 1ms;
    ++played;
    if (breaker.Record(std::move(ticket), call == '+' || call == 's', took, now)) return played;
  }
  return 0;
}

BreakerSettings Only(uint32_t consecutive, double error_percent, double slow_percent) {
  BreakerSettings settings;
  settings.consecutive_failures = consecutive;
  settings.error_percent = error_percent;
  settings.slow_call = slow_percent > 0 ? Duration(1s) : Duration(0);
  settings.slow_percent = slow_percent;
  settings.minimum_calls = 10;
  return settings;
}

TEST(Breaker, WhatOpensIt) {
  BreakerSettings off = Only(1, 1, 1);
  off.on = false;
  BreakerSettings no_minimum = Only(0, 50, 0);
  no_minimum.minimum_calls = 0;
  struct Row {
    const char* what;
    BreakerSettings settings;
    std::string_view calls;
    int opens_after;  // 0: it does not
    Trip why;
  };
  const Row rows[] = {
      {"good calls", Only(5, 50, 80), "++++++++++++++++++++", 0, Trip::kNone},
      {"five in a row", Only(5, 0, 0), "++-----", 7, Trip::kConsecutive},
      {"four in a row, twice", Only(5, 0, 0), "----+----+", 0, Trip::kNone},
      {"the first", Only(1, 0, 0), "-", 1, Trip::kConsecutive},
      {"half of ten", Only(0, 50, 0), "+-+-+-+-+-", 10, Trip::kErrorRatio},
      {"less than half", Only(0, 50, 0), "+-+-+-+-+++-+-", 0, Trip::kNone},
      {"too few to say", Only(0, 50, 0), "---------", 0, Trip::kNone},
      {"a good call makes it enough", Only(0, 50, 0), "---------+", 10, Trip::kErrorRatio},
      {"no minimum", no_minimum, "-", 1, Trip::kErrorRatio},
      {"a hundred percent", Only(0, 100, 0), "+-----------", 0, Trip::kNone},
      {"slow ones", Only(0, 0, 80), "ssssssss++", 10, Trip::kSlowRatio},
      {"slow and failed ones", Only(0, 0, 80), "xxxxxxxx++", 10, Trip::kSlowRatio},
      {"not enough slow ones", Only(0, 0, 80), "sssssss+++", 0, Trip::kNone},
      {"slow is not failed", Only(5, 50, 0), "ssssssssssssss", 0, Trip::kNone},
      {"failures first", Only(0, 50, 50), "xxxxxxxxxx", 10, Trip::kErrorRatio},
      {"all of it off", Only(0, 0, 0), "------------------------", 0, Trip::kNone},
      {"the breaker off", off, "------------------------", 0, Trip::kNone},
  };
  for (const Row& row : rows) {
    Breaker breaker(row.settings);
    TimePoint now = kStart;
    EXPECT_EQ(Play(breaker, row.calls, now), row.opens_after) << row.what;
    EXPECT_EQ(breaker.why(), row.why) << row.what;
    EXPECT_EQ(breaker.opened(), row.opens_after > 0 ? 1u : 0u) << row.what;
    EXPECT_EQ(breaker.state(now), row.opens_after > 0 ? State::kOpen : State::kClosed) << row.what;
    EXPECT_EQ(breaker.Admit(now).admitted(), row.opens_after == 0) << row.what;
  }
}

// Nobody makes one by himself, and what was given back is no leave any more.
TEST(Breaker, TicketsAreGivenOutByBreakersAlone) {
  static_assert(!std::is_copy_constructible_v<Ticket> && !std::is_copy_assignable_v<Ticket>);
  EXPECT_FALSE(Ticket().admitted());
  Breaker breaker(Only(1, 0, 0));
  Ticket ticket = breaker.Admit(kStart);
  EXPECT_TRUE(ticket.admitted());
  EXPECT_FALSE(ticket.is_probe());
  Ticket other = std::move(ticket);
  EXPECT_TRUE(other.admitted());
  EXPECT_FALSE(ticket.admitted());  // NOLINT(bugprone-use-after-move): that is asked
  EXPECT_FALSE(breaker.Record(std::move(ticket), false, 0ms, kStart));
  EXPECT_TRUE(breaker.Record(std::move(other), false, 0ms, kStart));
}

// Failures overtake the answers that were sent with them: one of fifty is no row, however many are
// read at once.
TEST(Breaker, WhatEndsTogetherIsNoRow) {
  Breaker breaker(Only(5, 0, 0));
  TimePoint now = kStart;
  for (int turn = 0; turn < 10; ++turn, now += 1ms) {
    for (int i = 0; i < 250; ++i)
      EXPECT_FALSE(breaker.Record(breaker.Admit(now), i >= 6, 0ms, now));
  }
  EXPECT_EQ(breaker.seen(now).failures, 60u);
  // Where nothing else comes, each time adds one.
  int turns = 0;
  for (bool opened = false; !opened && turns < 10; ++turns, now += 1us) {
    for (int i = 0; i < 3; ++i) opened |= breaker.Record(breaker.Admit(now), false, 0ms, now);
  }
  EXPECT_EQ(turns, 5);
}

TEST(Breaker, OldCallsLeaveTheWindow) {
  Breaker breaker(Only(0, 50, 0));
  TimePoint now = kStart;
  Play(breaker, "---------", now);
  EXPECT_EQ(breaker.seen(now).calls, 9u);
  EXPECT_EQ(breaker.seen(now).failures, 9u);
  now += 10s;
  EXPECT_EQ(breaker.seen(now).calls, 0u);
  EXPECT_EQ(Play(breaker, "---------", now), 0);
  EXPECT_EQ(Play(breaker, "-", now), 1);
}

// A breaker that three failures have opened at kStart, with 100 ms to its probes.
class Opened : public testing::Test {
 protected:
  static BreakerSettings Settings() {
    BreakerSettings settings = Only(3, 50, 80);
    settings.open_time = 100ms;
    settings.max_open_time = 350ms;
    return settings;
  }
  Opened() {
    for (int i = 0; i < 30; ++i) before_.push_back(breaker_.Admit(kStart));
    for (const Duration before : {2us, 1us, 0us}) {
      breaker_.Record(breaker_.Admit(kStart), false, 0ms, kStart - before);
    }
    EXPECT_EQ(breaker_.state(kStart), State::kOpen);
  }
  bool Probe(bool ok, Duration took = 0ms) {
    Ticket probe = breaker_.Admit(now_);
    EXPECT_TRUE(probe.is_probe());
    return breaker_.Record(std::move(probe), ok, took, now_);
  }
  // Of a call that began before it opened.
  Ticket Before() {
    Ticket ticket = std::move(before_.back());
    before_.pop_back();
    return ticket;
  }

  Breaker breaker_{Settings()};
  std::vector<Ticket> before_;
  TimePoint now_ = kStart + 100ms;
};

TEST_F(Opened, AdmitsNothingUntilItsTime) {
  EXPECT_FALSE(breaker_.Admit(kStart + 99ms).admitted());
  EXPECT_EQ(breaker_.state(kStart + 99ms), State::kOpen);
  EXPECT_EQ(breaker_.until_probe(kStart + 99ms), 1ms);
  EXPECT_EQ(breaker_.state(kStart + 100ms), State::kHalfOpen);
  EXPECT_EQ(breaker_.until_probe(kStart + 100ms), 0ms);
  EXPECT_EQ(breaker_.seen(kStart + 99ms).failures, 3u);
}

TEST_F(Opened, OneProbeAtATime) {
  Ticket probe = breaker_.Admit(now_);
  EXPECT_TRUE(probe.is_probe());
  EXPECT_FALSE(breaker_.Admit(now_).admitted());
  EXPECT_FALSE(breaker_.Admit(now_ + 1s).admitted());
  EXPECT_EQ(breaker_.until_probe(now_ + 1s), 100ms);
  EXPECT_FALSE(breaker_.Record(std::move(probe), true, 0ms, now_ + 1s));
  EXPECT_TRUE(breaker_.Admit(now_ + 1s).is_probe());
}

TEST_F(Opened, ClosesAfterGoodProbesInARow) {
  EXPECT_FALSE(Probe(true));
  EXPECT_FALSE(Probe(true));
  EXPECT_EQ(breaker_.why(), Trip::kConsecutive);
  EXPECT_TRUE(Probe(true));
  EXPECT_EQ(breaker_.state(now_), State::kClosed);
  EXPECT_EQ(breaker_.why(), Trip::kNone);
  EXPECT_FALSE(breaker_.probe_failed());
  EXPECT_EQ(breaker_.seen(now_).failures, 0u);
  // It counts from nothing.
  EXPECT_EQ(Play(breaker_, "--", now_), 0);
  EXPECT_EQ(Play(breaker_, "-", now_), 1);
}

TEST_F(Opened, AFailedProbeTakesBackTheGoodOnesBefore) {
  Probe(true);
  Probe(true);
  EXPECT_TRUE(Probe(false));
  // What it opened for at first is still what is wrong.
  EXPECT_EQ(breaker_.why(), Trip::kConsecutive);
  EXPECT_TRUE(breaker_.probe_failed());
  EXPECT_EQ(breaker_.opened(), 2u);
  now_ += 200ms;
  EXPECT_FALSE(Probe(true));
  EXPECT_FALSE(Probe(true));
  EXPECT_TRUE(Probe(true));
}

TEST_F(Opened, ASlowProbeIsNoGoodOne) {
  EXPECT_TRUE(Probe(true, 1s));
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
}

TEST_F(Opened, StaysOpenLongerEachTimeUntilItCloses) {
  for (const Duration open : {200ms, 350ms, 350ms}) {
    EXPECT_TRUE(Probe(false));
    EXPECT_EQ(breaker_.until_probe(now_), open);
    now_ += open;
  }
  for (int i = 0; i < 3; ++i) Probe(true);
  EXPECT_EQ(Play(breaker_, "---", now_), 3);
  EXPECT_EQ(breaker_.until_probe(now_), 100ms);
}

TEST_F(Opened, WhatBeganBeforeSaysNothing) {
  EXPECT_FALSE(breaker_.Record(Before(), true, 50ms, now_));
  EXPECT_FALSE(breaker_.Record(Before(), false, 50ms, now_));
  for (int i = 0; i < 3; ++i) Probe(true);
  // Closed again; these were sent before it was.
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(breaker_.Record(Before(), false, 2s, now_ + 1s)) << i;
  }
  EXPECT_EQ(breaker_.seen(now_ + 1s).calls, 0u);
  EXPECT_EQ(breaker_.state(now_ + 1s), State::kClosed);
}

TEST_F(Opened, AReleasedProbeMakesRoomForTheNext) {
  Ticket probe = breaker_.Admit(now_);
  EXPECT_TRUE(probe.is_probe());
  breaker_.Release(Before());  // of a call from before
  EXPECT_FALSE(breaker_.Admit(now_).admitted());
  breaker_.Release(std::move(probe));
  EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
  EXPECT_EQ(breaker_.until_probe(now_), 0ms);
  EXPECT_TRUE(breaker_.Admit(now_).is_probe());
}

TEST_F(Opened, ALostProbeDoesNotWedgeIt) {
  Ticket lost = breaker_.Admit(now_);
  EXPECT_TRUE(lost.is_probe());
  EXPECT_FALSE(breaker_.Admit(now_ + 30s - 1ms).admitted());
  now_ += 30s;
  EXPECT_EQ(breaker_.until_probe(now_), 0ms);
  EXPECT_TRUE(Probe(false));
  // The lost one answers after all.
  EXPECT_FALSE(breaker_.Record(std::move(lost), true, 30s, now_));
  EXPECT_EQ(breaker_.state(now_), State::kOpen);
}

TEST_F(Opened, WhatBecomesOfALostProbeIsNotTheNextOnes) {
  enum Late { kGood, kBad, kReleased };
  for (const Late late : {kGood, kBad, kReleased}) {
    Breaker breaker = breaker_;
    TimePoint now = now_;
    Ticket lost = breaker.Admit(now);
    now += 30s;
    Ticket next = breaker.Admit(now);
    EXPECT_TRUE(next.is_probe());
    if (late == kReleased) {
      breaker.Release(std::move(lost));
    } else {
      EXPECT_FALSE(breaker.Record(std::move(lost), late == kGood, 30s, now));
    }
    EXPECT_EQ(breaker.state(now), State::kHalfOpen) << late;
    EXPECT_FALSE(breaker.Admit(now).admitted()) << late << ": one is under way";
    // Three good ones close it, of which that was none.
    EXPECT_FALSE(breaker.Record(std::move(next), true, 0ms, now)) << late;
    EXPECT_FALSE(breaker.Record(breaker.Admit(now), true, 0ms, now)) << late;
    EXPECT_TRUE(breaker.Record(breaker.Admit(now), true, 0ms, now)) << late;
  }
  // As long as nobody has taken its place, it is late and no more.
  Ticket late = breaker_.Admit(now_);
  EXPECT_TRUE(breaker_.Record(std::move(late), false, 40s, now_ + 40s));
}

TEST_F(Opened, WhatWasNotAdmittedIsNotRecorded) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(breaker_.Record(Ticket(), true, 0ms, now_));
    breaker_.Release(Ticket());
  }
  EXPECT_TRUE(breaker_.Admit(now_).is_probe());
  breaker_.Release(Ticket());
  EXPECT_FALSE(breaker_.Admit(now_).admitted());
}

TEST(Breaker, LongOpenTimesNeitherOverflowNorShrink) {
  BreakerSettings settings = Only(1, 0, 0);
  settings.open_time = 40s;  // longer than max_open_time
  settings.probes = 0;       // like 1
  Breaker breaker(settings);
  TimePoint now = kStart;
  EXPECT_TRUE(breaker.Record(breaker.Admit(now), false, 0ms, now));
  EXPECT_EQ(breaker.until_probe(now), 40s);
  now += 40s;
  Ticket probe = breaker.Admit(now);
  EXPECT_TRUE(probe.is_probe());
  EXPECT_FALSE(breaker.Admit(now + 39s).admitted());  // given up after the open time
  EXPECT_EQ(breaker.until_probe(now + 39s), 1s);      // but mostly over much sooner
  EXPECT_TRUE(breaker.Record(std::move(probe), false, 0ms, now));
  EXPECT_EQ(breaker.until_probe(now), 40s);
  Ticket next = breaker.Admit(now + 40s);
  EXPECT_TRUE(next.is_probe());
  EXPECT_TRUE(breaker.Record(std::move(next), true, 0ms, now + 40s));
  EXPECT_EQ(breaker.state(now + 40s), State::kClosed);
}

}  // namespace
}  // namespace frontdesk
