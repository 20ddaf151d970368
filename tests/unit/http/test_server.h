// A listener on a loop of its own thread, with a handler that does what the path says.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/loop.h"
#include "gateway/http/listener.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::http {

// What the handler saw; waited for by tests.
struct Seen {
  std::vector<std::string> requests;  // "METHOD target body"
  std::vector<int> refusals;          // HTTP statuses
  std::vector<std::string> refused_targets;
  std::vector<std::string> refused_texts;
  std::string failure;      // reason of the last body or write failure
  std::string peer;         // of the last request
  std::string scheme;       // likewise
  std::string certificate;  // subject of the peer's, likewise
  size_t started = 0;       // requests begun
  size_t cancelled = 0;     // /wait ended by its cancellation
  uint64_t written = 0;     // body bytes that /stream wrote
  std::thread::id thread;   // that handled the last request
};

class FakeHandler final : public Handler {
 public:
  explicit FakeHandler(Loop& loop) : loop_(loop) {}

  Task<void> Handle(Incoming incoming) override {
    Update([&](Seen& seen) {
      ++seen.started;
      seen.peer = std::string(incoming.request.peer_address) + ":" +
                  std::to_string(incoming.request.peer_port);
      seen.scheme = incoming.request.scheme;
      seen.certificate = "";
      if (incoming.request.peer_certificate) {
        seen.certificate = incoming.request.peer_certificate->subject;
      }
      seen.thread = std::this_thread::get_id();
    });
    const std::string path(incoming.request.path);
    if (path == "/wait") {
      Task<void> waiting = Wait(incoming);
      co_await std::move(waiting);
    } else if (path == "/stream") {
      Task<void> streaming = Stream(incoming);
      co_await std::move(streaming);
    } else if (path == "/throw") {
      throw std::runtime_error("thrown");
    } else if (path == "/half") {
      incoming.reply.Begin(ResponseHead());
      Task<absl::Status> writing = incoming.reply.Write("half");
      const absl::Status written = co_await std::move(writing);
      if (incoming.request.query == "throw") throw std::runtime_error("thrown late");
      if (incoming.request.query == "abort") incoming.reply.Abort();
    } else if (path != "/none") {
      Task<void> answering = Answer(incoming);
      co_await std::move(answering);
    }
  }

  void Refuse(const absl::Status& failure, const Request& partial, ReplySink& reply) override {
    ResponseHead head;
    head.status = HttpOverrideOf(failure) == 0 ? 500 : HttpOverrideOf(failure);
    Update([&](Seen& seen) {
      seen.refusals.push_back(head.status);
      seen.refused_targets.emplace_back(partial.target);
      seen.refused_texts.emplace_back(failure.message());
    });
    reply.Send(head, ReasonOf(failure));
  }

  Seen seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  // Waits for a fact; false when it does not come to pass.
  bool WaitFor(const std::function<bool(const Seen&)>& fact) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return fact(seen_); });
  }

 private:
  template <class Change>
  void Update(Change change) {
    std::lock_guard lock(mutex_);
    change(seen_);
    changed_.notify_all();
  }

  // Until the client leaves.
  Task<void> Wait(Incoming incoming) {
    Loop::Sleep sleep = loop_.SleepUntil(loop_.Now() + std::chrono::hours(1), &incoming.cancel);
    const absl::Status ended = co_await sleep;
    Update([&](Seen& seen) {
      ++seen.cancelled;
      seen.failure = ReasonOf(ended);
    });
    ResponseHead head;
    head.status = 499;
    incoming.reply.Send(head, "left");
  }

  // "/stream?N": N pieces of 64 KiB, or "/stream?tiny": two small ones.
  Task<void> Stream(Incoming incoming) {
    const bool tiny = incoming.request.query == "tiny";
    const std::string piece = tiny ? "piece" : std::string(64 << 10, 's');
    const size_t count = tiny ? 2 : std::stoul(std::string(incoming.request.query));
    incoming.reply.Begin(ResponseHead());
    for (size_t i = 0; i < count; ++i) {
      Task<absl::Status> writing = incoming.reply.Write(piece);
      const absl::Status written = co_await std::move(writing);
      if (!written.ok()) {
        Update([&](Seen& seen) { seen.failure = ReasonOf(written); });
        incoming.reply.Abort();
        co_return;
      }
      Update([&](Seen& seen) { seen.written += piece.size(); });
    }
    incoming.reply.End();
  }

  // /echo reads the body and answers it, /echo?N if it comes within N ms, /big?N answers N bytes,
  // /status?N has that status, /lines answers fields that must not be written; everything else
  // answers without reading.
  Task<void> Answer(Incoming incoming) {
    std::string body;
    ResponseHead head;
    const std::string path(incoming.request.path), query(incoming.request.query);
    if (path == "/echo") {
      TimePoint until = TimePoint::max();
      if (!query.empty()) until = loop_.Now() + std::chrono::milliseconds(std::stoi(query));
      while (true) {
        Task<absl::StatusOr<std::string_view>> reading = incoming.body.Next(until);
        const absl::StatusOr<std::string_view> piece = co_await std::move(reading);
        if (!piece.ok()) {
          Update([&](Seen& seen) { seen.failure = ReasonOf(piece.status()); });
          const int http = HttpOverrideOf(piece.status());
          head.status = http == 0 ? 504 : http;  // as the deadline's code is rendered
          incoming.reply.Send(head, ReasonOf(piece.status()));
          co_return;
        }
        if (piece->empty()) break;
        body.append(*piece);
      }
    }
    Update([&](Seen& seen) {
      seen.requests.push_back(std::string(incoming.request.method) + " " +
                              std::string(incoming.request.target) + " " +
                              (body.size() > 100 ? std::to_string(body.size()) : body));
    });
    if (path == "/big") body.assign(std::stoul(query), 'b');
    if (path == "/status") head.status = std::stoi(query);
    if (path == "/lines") {
      head.headers = {{"X-Good", "yes"},        {"X-Split", "a\r\nX-Evil: 1"},
                      {"X Bad", "name"},        {"X-Nul", std::string("a\0b", 3)},
                      {"Content-Length", "77"}, {"transfer-encoding", "chunked"},
                      {"Connection", "x"}};
    }
    incoming.reply.Send(head, body.empty() ? "hello " + path : body);
  }

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

class TestServer {
 public:
  // Within TLS when there are `credentials`.
  explicit TestServer(const ServerLimits& limits = ServerLimits(),
                      tls::Credentials* credentials = nullptr,
                      Duration handshake_timeout = std::chrono::seconds(10))
      : share_(1, limits.connections),
        handler_(loop_),
        listener_(loop_, handler_, limits, share_, 0) {
    listener_.CountIn(metrics_);
    if (credentials) listener_.Secure(*credentials, handshake_timeout);
    opened_ = listener_.Open("127.0.0.1", 0);
    thread_ = std::thread(
        [this] { loop_.RunUntil([this] { return stopping_ && listener_.connections() == 0; }); });
  }
  ~TestServer() {
    OnLoop([this] {
      listener_.Abort();
      stopping_ = true;
    });
    thread_.join();
  }

  uint16_t port() const { return listener_.port(); }
  FakeHandler& handler() { return handler_; }
  // TLS handshakes with this outcome so far.
  double handshakes(const std::string& outcome) const {
    for (const auto& family : all_metrics_.Collect()) {
      if (family.name != "frontdesk_tls_handshakes_total") continue;
      for (const auto& one : family.metric) {
        if (one.label[0].value == outcome) return one.counter.value;
      }
    }
    return 0;
  }
  Listener& listener() { return listener_; }
  const absl::Status& opened() const { return opened_; }

  // Runs `work` on the loop and waits for it.
  void OnLoop(const std::function<void()>& work) {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    loop_.Post([&] {
      work();
      std::lock_guard lock(mutex);
      done = true;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done; });
  }
  size_t connections() {
    size_t count = 0;
    OnLoop([&] { count = listener_.connections(); });
    return count;
  }

 private:
  observe::Metrics all_metrics_{"", ""};
  observe::MetricsShard& metrics_ = all_metrics_.AddShard();
  Loop loop_;
  ConnectionShare share_;
  FakeHandler handler_;
  Listener listener_;
  absl::Status opened_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace frontdesk::http
