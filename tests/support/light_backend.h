// A fast gRPC back end over nghttp2 for benches, load and fault tests: every method is answered
// with the same message, or with its own request, well or badly as its behaviour says. Checks
// little; tests that look at single frames use ScriptedH2Server.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/base/loop.h"

namespace frontdesk::testing_support {

// Makes the call somewhere else, and says later, once, which status it had.
using LightRelay = std::function<void(const std::string& request_id, std::string_view message,
                                      std::function<void(int status)> answered)>;

// How calls and connections are treated.
struct LightBehaviour {
  enum class Answer {
    kMessage,
    kStatus,  // `status` without a message
    kNever,
    kRefuseStream,  // RST_STREAM(REFUSED_STREAM)
    kResetFirst,    // the connection is reset before the answer, for all calls on it
    kResetMidway,   // ... after half of it
  };
  enum class Accept {
    kServe,
    kReset,
    kSilent,  // says and reads nothing, not even SETTINGS
  };
  Accept accept = Accept::kServe;
  Answer answer = Answer::kMessage;
  int status = 14;      // of kStatus: UNAVAILABLE
  uint64_t one_in = 1;  // of so many calls one is treated as `answer` says, the others well
  Duration delay = Duration::zero();
  // Calls that are worked on at a time, each for `delay`; others wait in order. 0: no limit.
  size_t slots = 0;
  uint32_t max_concurrent_streams = 10000;
  std::string content_type = "application/grpc";
  // A PING is answered by GOAWAY(ENHANCE_YOUR_CALM, "too_many_pings").
  bool hates_pings = false;
  size_t padding = 0;          // bytes of a second field of text, behind the message
  LightRelay relay = nullptr;  // where calls go instead of being answered; null: nowhere
};

struct LightBackendOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;      // 0 for any
  std::string reply;      // the message, without its prefix
  bool echo = false;      // answer with the request's message instead
  bool remember = false;  // keep what is known of each call; see seen()
  LightBehaviour behaviour = {};
};

// What came with one x-request-id.
struct LightCalls {
  uint64_t count = 0;  // calls that came whole, without those refused by REFUSED_STREAM
  TimePoint arrived;   // the last one
  // When one was given up by the client before its answer was sent.
  std::optional<TimePoint> cancelled;
};

// On one loop; outlives nothing that it accepted.
class LightBackend {
 public:
  LightBackend(Loop& loop, const LightBackendOptions& options);
  ~LightBackend();

  uint16_t port() const { return port_; }
  // Calls that came whole, refused ones too.
  uint64_t calls() const { return calls_; }
  uint64_t connections_accepted() const { return accepted_; }
  // Calls that came and were not processed, see GoawayBelow(); none of the others counts them.
  uint64_t unprocessed() const { return unprocessed_; }
  size_t connections() const { return connections_.size(); }
  size_t open_streams() const;
  size_t queued() const { return queue_.size(); }
  // By x-request-id; empty unless options.remember.
  const std::unordered_map<std::string, LightCalls>& seen() const { return seen_; }
  void Forget();

  const LightBehaviour& behaviour() const { return behaviour_; }
  // For what comes from now on; a changed limit of streams is announced to all connections.
  void Behave(const LightBehaviour& behaviour);
  // Closes the listener: connections are refused. Those that are open stay.
  void Refuse();
  // Opens it again, on the same port.
  void Listen();
  // A TCP reset for every connection.
  void ResetAll();
  // Every connection ends gracefully: a first GOAWAY that names no stream, a second one after
  // `notice`, and the end when the streams are done.
  void Goaway(Duration notice = std::chrono::milliseconds(20));
  // Every connection ends without notice: its next call is taken and not processed, nor is any
  // behind it, and the GOAWAY that follows names the last one before them.
  void GoawayBelow();
  // While on, packets to the listener and to every open connection get lost without a word, as
  // behind a firewall that drops them, and nothing is written. False when the kernel does not do
  // it.
  bool Drop(bool on);
  // While on, nothing is read or written, as in a process that has been stopped.
  void Pause(bool on);

 private:
  class Connection;
  struct Stream;

  void Accept();
  void Admit(boost::asio::ip::tcp::socket socket);
  void Start(const std::shared_ptr<Stream>& stream);
  void Work(const std::shared_ptr<Stream>& stream);
  void Relay(const std::shared_ptr<Stream>& stream);
  void OnWorked(Stream& stream);

  Loop& loop_;
  const LightBackendOptions options_;
  LightBehaviour behaviour_;
  uint16_t port_;
  boost::asio::ip::tcp::acceptor acceptor_;
  bool dropping_ = false;
  bool paused_ = false;
  uint64_t calls_ = 0;
  uint64_t accepted_ = 0;
  uint64_t unprocessed_ = 0;
  std::unordered_map<std::string, LightCalls> seen_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::vector<boost::asio::ip::tcp::socket> silent_;
  std::unordered_map<Stream*, std::shared_ptr<Stream>> busy_;  // their timers run
  std::deque<std::shared_ptr<Stream>> queue_;                  // wait for a slot
};

}  // namespace frontdesk::testing_support
