// Load on an HTTP/1.1 server, of which every answer is counted once. Open loop: requests start when
// the schedule says, whatever became of those before, and latency counts from that time, so that a
// server that stalls can't hide it. Closed loop: so many at a time, to find out what it can do.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "gateway/base/loop.h"
#include "tests/support/load_report.h"

namespace frontdesk::testing_support {

// A kind of request. "{id}" in target and body stands for the request's id, which is sent as
// x-request-id, too: "<ids of the plan>-<name>-<number>".
struct LoadRoute {
  std::string name;
  std::string target;
  std::string method = "GET";
  std::string headers = "";  // more of them, each with its CRLF
  std::string body = "";
  // A good answer holds the id: one that does not is somebody else's.
  bool echoes_id = true;
  // The client leaves so long after it has sent; 0: it stays.
  Duration leaves_after = Duration::zero();
};

struct LoadPlan {
  uint16_t port = 0;              // on 127.0.0.1
  std::vector<LoadRoute> routes;  // take turns
  double rate = 0;                // requests per second of all routes; 0 for a closed loop
  Duration length = std::chrono::seconds(1);
  // An open loop begins so much later than it is told to: behind others.
  Duration after = Duration::zero();
  bool poisson = false;  // gaps are random, with the same mean
  uint64_t seed = 1;
  // Most connections; in a closed loop so many are busy all the time. A request that finds none
  // free waits for one.
  size_t connections = 512;
  // A request without a whole answer by then is lost.
  Duration patience = std::chrono::seconds(20);
  std::string ids = "r";  // how ids begin; no two loads on the same back ends may share it
};

class OpenLoad {
 public:
  OpenLoad(Loop& loop, LoadPlan plan);
  ~OpenLoad();

  void Start();
  // All requests have been sent and are answered, lost or left.
  bool done() const { return ended_ && open_ == 0; }
  const LoadReport& report() const { return report_; }

 private:
  class Connection;
  struct Request;

  void Tick();
  void Begin(TimePoint due);
  void Dispatch(std::unique_ptr<Request> request);
  void OnFree(Connection& connection);
  void OnGone(Connection& connection);
  void OnRoom();
  // The first that waits and whose patience is not over yet; null when there is none.
  std::unique_ptr<Request> NextWaiting();
  // Counts it.
  void End(const Request& request, int16_t status, bool retry_after = false,
           std::string_view body = {});
  Duration Gap();
  bool closed_loop() const { return plan_.rate <= 0; }

  Loop& loop_;
  const LoadPlan plan_;
  LoadReport report_;
  std::vector<RouteReport*> by_route_;
  std::mt19937_64 random_;
  boost::asio::steady_timer timer_;
  TimePoint start_;
  TimePoint next_;
  uint64_t numbered_ = 0;
  uint64_t open_ = 0;  // requests under way
  bool ended_ = false;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::deque<std::unique_ptr<Request>> waiting_;
  const std::shared_ptr<OpenLoad*> self_ = std::make_shared<OpenLoad*>(this);
};

// Runs it to its end, on a loop that is not being run.
LoadReport RunLoad(Loop& loop, const LoadPlan& plan);

}  // namespace frontdesk::testing_support
