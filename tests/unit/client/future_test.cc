#include "gateway/client/future.h"

#include <gtest/gtest.h>

#include <thread>

namespace frontdesk::client {
namespace {

using std::chrono::milliseconds;

TEST(FutureTest, WaitsAsLongAsItIsTold) {
  const struct {
    Duration patience;
    bool comes;
  } rows[] = {
      {Duration::zero(), false},
      {milliseconds(1), false},
      {std::chrono::minutes(1), true},
      {Duration::max(), true},
      // What is left of it after some time is more than a clock can add to now, too.
      {Duration::max() - Duration(1), true},
      {Duration::max() - std::chrono::hours(1), true},
      {Duration::max() / 2, true},
  };
  for (const auto& row : rows) {
    std::promise<absl::StatusOr<int>> promise;
    Future<int> future(promise.get_future());
    std::thread later;
    if (row.comes) {
      later = std::thread([&] {
        std::this_thread::sleep_for(milliseconds(20));
        promise.set_value(7);
      });
    }
    EXPECT_EQ(future.wait_for(row.patience), row.comes) << row.patience.count();
    EXPECT_EQ(future.ready(), row.comes);
    if (later.joinable()) later.join();
    if (row.comes) {
      EXPECT_EQ(future.get().value(), 7);
    }
  }
}

}  // namespace
}  // namespace frontdesk::client
