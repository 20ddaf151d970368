// How it is found out that a back end has no streams left, with a clock that stands still.
#include "gateway/upstream/grpc_room.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace frontdesk::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class GrpcRoomTest : public ::testing::Test {
 protected:
  GrpcRoom::Call Call(int n) const { return &calls_[static_cast<size_t>(n)]; }
  void Begin(int first, int last) {
    for (int n = first; n <= last; ++n) room_.OnCall(Call(n), now_);
  }
  void GetStreams(int first, int last) {
    for (int n = first; n <= last; ++n) room_.OnStream(Call(n));
  }
  // What the library had to tell has been told.
  bool IsFound() {
    const std::optional<TimePoint> asked = room_.Ask(now_);
    if (!asked) return false;
    room_.OnTold(*asked, now_);
    return IsFull();
  }
  bool IsFull() const { return room_.IsFull(now_); }

  const std::vector<char> calls_ = std::vector<char>(1000);
  TimePoint now_{std::chrono::seconds(1000)};
  GrpcRoom room_;
};

TEST_F(GrpcRoomTest, ABurstIsNotFull) {
  Begin(0, 499);
  EXPECT_FALSE(IsFull());
  now_ += microseconds(999);
  EXPECT_FALSE(room_.Ask(now_)) << "their writes may be under way";
  GetStreams(0, 499);
  now_ += milliseconds(5);
  EXPECT_FALSE(room_.Ask(now_)) << "nobody waits";
  EXPECT_FALSE(IsFull());
}

// That it takes long until something is heard of a call is no sign.
TEST_F(GrpcRoomTest, ASlowMachineIsNotFull) {
  Begin(0, 9);
  now_ += std::chrono::seconds(1);
  const std::optional<TimePoint> asked = room_.Ask(now_);
  ASSERT_TRUE(asked);
  now_ += std::chrono::seconds(1);
  EXPECT_FALSE(room_.Ask(now_)) << "once at a time";
  EXPECT_FALSE(IsFull());
  // Others came meanwhile, and waited long.
  Begin(10, 19);
  now_ += std::chrono::seconds(1);
  GetStreams(0, 9);
  room_.OnTold(*asked, now_);
  EXPECT_FALSE(IsFull());
}

TEST_F(GrpcRoomTest, WhoStillWaitsWhenAllIsToldWaitsForAStream) {
  Begin(0, 2);
  GetStreams(0, 1);
  EXPECT_FALSE(IsFull());
  now_ += milliseconds(1);
  EXPECT_TRUE(IsFound());
  // A stream becomes free and is taken at once: one more may wait.
  room_.OnEnd();
  GetStreams(2, 2);
  EXPECT_FALSE(IsFull());
  Begin(3, 3);
  EXPECT_TRUE(IsFull());
  // Both end before anybody takes their place.
  room_.OnEnd();
  room_.OnEnd();
  EXPECT_FALSE(IsFull());
  Begin(4, 4);
  EXPECT_FALSE(IsFull()) << "two wait for two";
  Begin(5, 5);
  EXPECT_TRUE(IsFull());
}

TEST_F(GrpcRoomTest, WhoGetsAStreamShowsThatThereAreMore) {
  Begin(0, 1);
  GetStreams(0, 0);
  now_ += milliseconds(1);
  ASSERT_TRUE(IsFound());
  // More are allowed now.
  GetStreams(1, 1);
  for (int n = 2; n < 100; ++n) {
    EXPECT_FALSE(IsFull()) << n;
    Begin(n, n);
    EXPECT_TRUE(IsFull()) << n;
    GetStreams(n, n);
  }
}

TEST_F(GrpcRoomTest, IsNotKnownForLong) {
  Begin(0, 1);
  GetStreams(0, 0);
  now_ += milliseconds(1);
  ASSERT_TRUE(IsFound());
  now_ += milliseconds(99);
  EXPECT_TRUE(IsFull());
  EXPECT_FALSE(room_.Ask(now_)) << "what is known of it";
  now_ += milliseconds(1);
  EXPECT_FALSE(IsFull()) << "others may try";
  Begin(2, 2);
  now_ += milliseconds(1);
  EXPECT_TRUE(IsFound());
}

TEST_F(GrpcRoomTest, NoStreamAtAll) {
  Begin(0, 0);
  now_ += milliseconds(1);
  EXPECT_TRUE(IsFound());
  room_.OnGone(Call(0));
  EXPECT_FALSE(IsFull());
}

// One of several back ends behind a name is short of streams.
TEST_F(GrpcRoomTest, WhoIsOvertakenWaitsForAnother) {
  Begin(0, 1);
  GetStreams(0, 0);
  now_ += milliseconds(1);
  ASSERT_TRUE(IsFound());
  now_ += milliseconds(100);
  Begin(2, 3);
  GetStreams(3, 3);
  now_ += milliseconds(1);
  EXPECT_FALSE(room_.Ask(now_));
  EXPECT_FALSE(IsFull());
  // They get theirs all the same, or leave.
  GetStreams(1, 1);
  room_.OnGone(Call(2));
  for (int i = 0; i < 3; ++i) room_.OnEnd();
  Begin(4, 4);
  EXPECT_FALSE(IsFull());
}

TEST_F(GrpcRoomTest, WithoutAConnectionNobodyWaitsForStreams) {
  Begin(0, 4);
  now_ += milliseconds(50);
  room_.OnNoConnection(now_);
  now_ += milliseconds(50);
  EXPECT_FALSE(room_.Ask(now_));
  // Nor is what was known of one connection known of the next.
  Begin(5, 5);
  now_ += milliseconds(1);
  EXPECT_TRUE(IsFound());
  room_.OnNoConnection(now_);
  EXPECT_FALSE(IsFull());
}

// It was lost before the library told what it had been asked.
TEST_F(GrpcRoomTest, AConnectionThatIsLostMeanwhile) {
  Begin(0, 0);
  now_ += milliseconds(1);
  const std::optional<TimePoint> asked = room_.Ask(now_);
  ASSERT_TRUE(asked);
  room_.OnNoConnection(now_);
  room_.OnTold(*asked, now_);
  EXPECT_FALSE(IsFull());
}

TEST_F(GrpcRoomTest, LargeMessagesAreCounted) {
  EXPECT_FALSE(room_.has_large());
  room_.OnLarge();
  room_.OnLarge();
  room_.OnLargeWritten();
  EXPECT_TRUE(room_.has_large());
  room_.OnLargeWritten();
  EXPECT_FALSE(room_.has_large());
}

}  // namespace
}  // namespace frontdesk::upstream
