// A real Redis on loopback, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace frontdesk::testing_support {

// Listens when the constructor returns; keeps nothing on disk.
class RedisServer {
 public:
  // `more`: options such as {"--requirepass", "secret"}.
  explicit RedisServer(std::vector<std::string> more = {});

  uint16_t port() const { return port_; }
  // Ends it at once, as a crash does.
  void Kill();
  // After Kill(): on the same port, with nothing in it.
  void Start();
  // Takes connections and answers nothing.
  void Freeze() { process_->Signal(SIGSTOP); }
  void Thaw() { process_->Signal(SIGCONT); }
  // Carries out one command, by a connection of its own: its reply as Redis sends it.
  std::string Command(const std::vector<std::string>& words) const;

 private:
  // Starts it; false when it ends, or says nothing.
  bool TryStart();

  const std::vector<std::string> more_;
  uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace frontdesk::testing_support
