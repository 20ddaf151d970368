// Many sockets at once: all are told, in parts.
#include "gateway/http/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

namespace frontdesk::http {
namespace {

class Socket final : public Watched {
 public:
  explicit Socket(size_t& told) : told_(told) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_.data()), 0);
  }
  ~Socket() override {
    for (const int fd : pair_) ::close(fd);
  }
  int fd() const { return pair_[0]; }
  bool readable() const { return readable_; }
  void Say() { EXPECT_EQ(::write(pair_[1], "x", 1), 1); }

 private:
  void OnReady(uint32_t events) override {
    ++told_;
    if (events & EPOLLIN) readable_ = true;
  }

  size_t& told_;
  std::array<int, 2> pair_{};
  bool readable_ = false;
};

TEST(Poller, TellsAllInPartsAndFlushesBetween) {
  constexpr size_t kSockets = 300;
  constexpr size_t kMostInATurn = 64;
  Loop loop;
  Poller poller(loop);
  size_t told = 0;
  std::vector<std::unique_ptr<Socket>> sockets;
  for (size_t i = 0; i < kSockets; ++i) {
    sockets.push_back(std::make_unique<Socket>(told));
    ASSERT_TRUE(poller.Watch(sockets.back()->fd(), *sockets.back()));
    sockets.back()->Say();
  }
  size_t before = 0;
  size_t turns = 0;
  loop.RunUntil([&] {
    EXPECT_LE(told - before, kMostInATurn);
    before = told;
    return ++turns == 1000 || std::all_of(sockets.begin(), sockets.end(),
                                          [](const auto& socket) { return socket->readable(); });
  });
  EXPECT_EQ(told, kSockets);
  // Each of them again, after it had its turn.
  for (const auto& socket : sockets) socket->Say();
  turns = 0;
  loop.RunUntil([&] { return ++turns == 1000 || told >= 2 * kSockets; });
  EXPECT_EQ(told, 2 * kSockets);
}

TEST(QueueProbe, TellsWhatTheQueueTakes) {
  const TimePoint start{std::chrono::hours(1)};
  const auto at = [&](int ms) { return start + std::chrono::milliseconds(ms); };
  const auto ms = [](int count) { return std::chrono::milliseconds(count); };
  QueueProbe probe;
  EXPECT_EQ(probe.Age(at(0)), ms(0));
  probe.Join(at(0));
  EXPECT_EQ(probe.Age(at(7)), ms(7));
  probe.Join(at(8));  // is in the queue
  probe.Arrive(at(10));
  EXPECT_EQ(probe.Age(at(15)), ms(10));
  probe.Join(at(20));
  EXPECT_EQ(probe.Age(at(25)), ms(10));  // the last time
  EXPECT_EQ(probe.Age(at(35)), ms(15));  // longer by now
  probe.Clear();
  EXPECT_EQ(probe.Age(at(36)), ms(0));
  probe.Arrive(at(40));  // told although nobody asks any more
  EXPECT_EQ(probe.Age(at(41)), ms(0));
}

// Takes its time with each thing that it is told.
class Busy final : public Watched {
 public:
  struct Seen {
    size_t told = 0;
    size_t late = 0, very_late = 0;
  };
  Busy(Seen& seen, const Loop& loop, const Lateness& lateness)
      : seen_(seen), loop_(loop), lateness_(lateness) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_.data()), 0);
  }
  ~Busy() override {
    for (const int fd : pair_) ::close(fd);
  }
  int fd() const { return pair_[0]; }
  void Say() { EXPECT_EQ(::write(pair_[1], "x", 1), 1); }

 private:
  void OnReady(uint32_t events) override {
    if ((events & EPOLLIN) == 0) return;
    const Lateness::Level level = lateness_.level(loop_.Now());
    seen_.late += level == Lateness::Level::kLate;
    seen_.very_late += level == Lateness::Level::kVeryLate;
    ++seen_.told;
    const TimePoint end = Clock::now() + std::chrono::microseconds(20);
    while (Clock::now() < end) {
    }
  }

  Seen& seen_;
  const Loop& loop_;
  const Lateness& lateness_;
  std::array<int, 2> pair_{};
};

TEST(Poller, KnowsHowLateItIsAndTellsAllTheSame) {
  // Sockets, each of which takes 20 us, that are ready again and again; 64 are told at once, so all
  // of them take a round of `sockets` * 20 us.
  const struct {
    size_t sockets;
    std::chrono::milliseconds limit;
    bool late;
  } rows[] = {{10, std::chrono::milliseconds(500), false},
              {640, std::chrono::milliseconds(2), true}};
  for (const auto& row : rows) {
    Loop loop;
    Lateness lateness(row.limit);
    Poller poller(loop);
    poller.Measure(lateness);
    Busy::Seen seen;
    std::vector<std::unique_ptr<Busy>> sockets;
    for (size_t i = 0; i < row.sockets; ++i) {
      sockets.push_back(std::make_unique<Busy>(seen, loop, lateness));
      ASSERT_TRUE(poller.Watch(sockets.back()->fd(), *sockets.back()));
    }
    size_t said = 0;
    loop.RunUntil([&] {
      // A client that has its answer asks again.
      while (said < 5 * row.sockets && said - seen.told < row.sockets) {
        sockets[said++ % row.sockets]->Say();
      }
      return seen.told == 5 * row.sockets;
    });
    EXPECT_EQ(seen.very_late > 0, row.late) << row.sockets;
    // Caught up: what comes now is in time, unless the machine is slow.
    bool in_time = false;
    for (int i = 0; i < 1000 && !in_time; ++i) {
      const Busy::Seen before = seen;
      sockets[0]->Say();
      loop.RunUntil([&] { return seen.told > before.told; });
      in_time = seen.late + seen.very_late == before.late + before.very_late;
    }
    EXPECT_TRUE(in_time) << row.sockets;
  }
}

}  // namespace
}  // namespace frontdesk::http
