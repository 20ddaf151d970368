// Many sockets at once: all are told, in parts.
#include "gateway/http/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

}  // namespace
}  // namespace frontdesk::http
