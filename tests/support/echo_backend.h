// A back end on a thread of its own that answers with what it is asked, as well or badly as it is
// told.
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "tests/support/light_backend.h"

namespace frontdesk::testing_support {

class EchoBackend {
 public:
  explicit EchoBackend(const LightBehaviour& behaviour = {}) {
    LightBackendOptions options;
    options.echo = true;
    options.behaviour = behaviour;
    server_.emplace(loop_, options);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~EchoBackend() {
    loop_.Stop();
    thread_.join();
  }

  uint16_t port() const { return server_->port(); }
  std::string address() const { return Cat("127.0.0.1:", port()); }
  void Behave(const LightBehaviour& behaviour) {
    Do([&] { server_->Behave(behaviour); });
  }
  uint64_t calls() {
    uint64_t calls = 0;
    Do([&] { calls = server_->calls(); });
    return calls;
  }

 private:
  template <class Work>
  void Do(const Work& work) {
    std::promise<void> done;
    loop_.Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Loop loop_;
  std::optional<LightBackend> server_;
  std::thread thread_;
};

}  // namespace frontdesk::testing_support
