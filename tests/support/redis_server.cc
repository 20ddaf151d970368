#include "tests/support/redis_server.h"
#include "tests/support/loopback.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace frontdesk::testing_support {
namespace {

bool IsFree(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

// Below those that the kernel gives to anybody: nobody gets it while its server is down.
uint16_t FreePort() {
  constexpr int kFirst = 28000, kCount = 4000;
  static int next = getpid() % (kCount / 16) * 16;
  for (int tries = 0; tries < kCount; ++tries) {
    const auto port = static_cast<uint16_t>(kFirst + next++ % kCount);
    if (IsFree(port)) return port;
  }
  return 0;
}

}  // namespace

// Between FreePort() and Redis anybody may take the port.
RedisServer::RedisServer(std::vector<std::string> more) : more_(std::move(more)) {
  for (int tries = 0; tries < 5; ++tries) {
    port_ = FreePort();
    if (TryStart()) return;
  }
  ADD_FAILURE() << "redis-server does not start";
}

void RedisServer::Start() { EXPECT_TRUE(TryStart()) << "redis-server does not start again"; }

bool RedisServer::TryStart() {
  std::vector<std::string> argv = {"/usr/bin/redis-server",
                                   "--port",
                                   std::to_string(port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--daemonize",
                                   "no",
                                   "--dir",
                                   ::testing::TempDir()};
  argv.insert(argv.end(), more_.begin(), more_.end());
  process_ = std::make_unique<Process>(std::move(argv));
  while (const auto line = process_->ReadLine(std::chrono::seconds(20))) {
    if (line->find("Ready to accept connections") != std::string::npos) return true;
  }
  return false;
}

void RedisServer::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait(std::chrono::seconds(10));
}

std::string RedisServer::Command(const std::vector<std::string>& words) const {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port_);
  std::string reply;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got > 0) reply.assign(bytes, static_cast<size_t>(got));
  }
  ::close(fd);
  return reply;
}

}  // namespace frontdesk::testing_support
