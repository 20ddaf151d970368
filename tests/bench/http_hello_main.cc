// The smallest server on gateway/http: answers every request with 200 bytes of JSON, to compare the
// HTTP/1.1 front alone with `return 200` of nginx.
//
//   http_hello PORT [WORKERS]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/http/listener.h"

namespace {

using frontdesk::Loop;
using frontdesk::Task;
namespace http = frontdesk::http;

class Hello final : public http::Handler {
 public:
  Hello() {
    head_.headers.emplace_back("Content-Type", "application/json");
    body_ = "{\"hello\":\"" + std::string(188, 'x') + "\"}";
  }

  Task<void> Handle(http::Incoming incoming) override {
    incoming.reply.Send(head_, body_);
    co_return;
  }
  void Refuse(const absl::Status&, const http::Request&, http::ReplySink& reply) override {
    http::ResponseHead head;
    head.status = 400;
    reply.Send(head, "refused\n");
  }

 private:
  http::ResponseHead head_;
  std::string body_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PORT [WORKERS]\n", argv[0]);
    return 2;
  }
  const size_t workers = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  const http::ServerLimits limits;
  http::ConnectionShare share(workers, limits.connections);
  Hello hello;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::unique_ptr<http::Listener>> listeners;
  for (size_t i = 0; i < workers; ++i) {
    loops.push_back(std::make_unique<Loop>());
    const auto elsewhere = [&](size_t to, std::function<void(http::Listener&)> work) {
      http::Listener* listener = listeners[to].get();
      loops[to]->Post([listener, work = std::move(work)] { work(*listener); });
    };
    listeners.push_back(
        std::make_unique<http::Listener>(*loops[i], hello, limits, share, i, elsewhere));
  }
  uint16_t port = static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10));
  for (size_t i = 0; i < workers; ++i) {
    const absl::Status opened = listeners[i]->Open("127.0.0.1", port);
    if (!opened.ok()) {
      std::fprintf(stderr, "%s\n", std::string(opened.message()).c_str());
      return 1;
    }
    port = listeners[i]->port();
  }
  std::printf("http://127.0.0.1:%u/\n", port);
  std::fflush(stdout);
  std::vector<std::thread> threads;
  for (size_t i = 1; i < workers; ++i) threads.emplace_back([&loops, i] { loops[i]->Run(); });
  loops[0]->Run();
  for (std::thread& thread : threads) thread.join();
}
