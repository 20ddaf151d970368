// The gateway as a process, light back ends and a load on one loop of ours: what a row of the fault
// matrix is played on.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/loop.h"
#include "tests/e2e/faults/metrics.h"
#include "tests/e2e/stack.h"
#include "tests/support/dns_server.h"
#include "tests/support/light_backend.h"
#include "tests/support/open_load.h"

namespace frontdesk::faults {

using testing_support::LightBackend;
using testing_support::LightBehaviour;
using testing_support::LoadPlan;
using testing_support::LoadReport;
using testing_support::LoadRoute;
using testing_support::LoadSample;
using testing_support::RouteReport;

// How much of it: as a test that ends soon, or as a measurement.
struct Scale {
  bool full = false;
  // Cores for the gateway and for everything else; -1 for any.
  int gateway_core = -1;
  int own_core = -1;
  // All calls go by gRPC's own client library (`transport: grpc`).
  bool grpc = false;
  // Packets are dropped by iptables, in a network namespace of this process's own, and not by a
  // filter on the back end's sockets.
  bool iptables = false;
};

// What is set up for a row.
struct Topology {
  int services = 1;
  int endpoints = 1;          // of each service
  std::string upstream = "";  // more YAML for each upstream, such as "{timeout: 1s}" without braces
  std::string extra = "";     // more YAML, at the top level
  std::string listen = "";    // more YAML for the listener
  unsigned workers = 1;
  std::string transport = "h2";
  LightBehaviour behaviour = {};  // at first
  // End points have one name, kBackEnds, for which a DNS server of ours answers, and one port at
  // addresses of their own.
  bool named = false;
  // One upstream has all seven services of the contract, and its back ends answer for them all.
  bool together = false;
};
inline constexpr char kBackEnds[] = "backends.test";

// What each side counted, since the start or between two moments.
struct Accounts {
  // By the client: answers by status, and the requests without one. `left`: of those, the ones that
  // a back end saw.
  std::map<int, uint64_t> answered;
  uint64_t unanswered = 0;
  uint64_t left = 0;
  // By the gateway: requests by status, calls and the attempts that they may have made.
  std::map<int, uint64_t> requests;
  uint64_t most_attempts = 0;
  uint64_t calls_ok = 0;
  // By the back ends.
  uint64_t calls = 0;
};

// Something to do while a load runs.
struct Event {
  Duration at;
  std::function<void()> happens;
};

class Rig {
 public:
  Rig(const Topology& topology, const Scale& scale);
  ~Rig();

  bool full() const { return scale_.full; }
  // In a measurement, or in a test.
  template <class T>
  T Either(T measured, T tested) const {
    return full() ? measured : tested;
  }
  Loop& loop() { return loop_; }
  e2e::Frontdesk& gateway() { return *gateway_; }
  // Counted from 0.
  LightBackend& backend(int service = 0, int endpoint = 0);
  void Each(const std::function<void(LightBackend&)>& act);
  void Behave(const LightBehaviour& behaviour);
  // Of one where end points are named. At first kBackEnds has the address of the first.
  testing_support::DnsServer& dns() { return *dns_; }
  // Packets from and to its port get lost while `on`, and by what; false when that failed.
  bool Drop(LightBackend& backend, bool on);
  const char* dropped_by() const { return scale_.iptables ? "iptables" : "a socket filter"; }

  // "get1" and "put1": routes of the first service.
  LoadRoute Get(int service = 0) const;
  std::vector<LoadRoute> Gets() const;
  LoadRoute Put(int service = 0) const;
  LoadRoute Page() const;

  // Half of what the gateway is able to do here, found out once; in a test less than that.
  double HalfOfCapacity();
  // So many clients, busy all the time, with all GETs unless routes are given.
  LoadReport Closed(size_t connections, Duration length, std::vector<LoadRoute> routes = {});
  // Port, where it is the gateway's, and ids are filled in; a plan without a rate has half of the
  // capacity. A report is kept of each for the accounts at the end.
  LoadReport Load(LoadPlan plan, std::vector<Event> events = {});
  // Several at once, to their common end.
  std::vector<LoadReport> Loads(std::vector<LoadPlan> plans, std::vector<Event> events = {});
  // For the matrix: the loads so far, and the transport where it is not the usual one.
  std::string LoadPlayed() const;
  void Wait(Duration time);
  // Runs the loop until it holds; false when it does not in time.
  bool Until(const std::function<bool()>& holds, Duration time);

  // Calls at all back ends since Forget().
  uint64_t Calls();
  void Forget();
  // Of requests to `put` routes since the start: more than one call reached one of these.
  static uint64_t Duplicates(const std::vector<const LightBackend*>& backends);
  uint64_t Duplicates();  // ... any back end of the rig
  uint64_t crossed() const { return crossed_; }
  // For the accounts: of a load that was not run by the rig; requests of which no answer is read.
  void Count(const LoadReport& report);
  void CountUnread(uint64_t requests) { unanswered_ += requests; }
  // Since the warm-up.
  Accounts TakeAccounts();
  // Of now.
  Metrics metrics() const { return Metrics::Of(gateway_->admin()); }

  // Everything well again, and all resources back: see Judge.
  void Heal();
  // Connections of clients.
  size_t clients() const { return metrics().Count("frontdesk_client_connections"); }
  size_t files() { return e2e::OpenFiles(gateway_->process()); }
  size_t bytes() { return gateway_->process().ResidentBytes(); }
  // The most that there ever were.
  size_t peak_bytes() { return e2e::PeakBytes(gateway_->process()); }
  size_t files_at_first() const { return files_at_first_; }
  size_t bytes_at_first() const { return bytes_at_first_; }
  // Most that the gateway keeps open when all is well; not all need have been at first.
  unsigned workers() const { return topology_.workers; }
  size_t upstream_connections() const {
    return static_cast<size_t>(topology_.services * topology_.endpoints) * topology_.workers;
  }

 private:
  std::string Config(const Topology& topology) const;
  std::string Endpoints(int service) const;  // in YAML
  std::string transport() const { return scale_.grpc ? "grpc" : topology_.transport; }
  void WarmUp();
  void Played(bool half, double rate);
  // Of the gateway, since its start.
  Accounts OfGateway();

  const Scale scale_;
  const Topology topology_;
  Loop loop_;
  std::vector<std::vector<std::unique_ptr<LightBackend>>> backends_;
  std::optional<testing_support::DnsServer> dns_;
  std::optional<e2e::Frontdesk> gateway_;
  int loads_ = 0;
  double half_ = 0;
  uint64_t crossed_ = 0;
  std::vector<std::string> played_;
  std::map<int, uint64_t> answered_;
  uint64_t unanswered_ = 0;
  std::vector<std::string> left_;  // ids
  Accounts warmed_up_;
  size_t files_at_first_ = 0;
  size_t bytes_at_first_ = 0;
};

// Of the nth end point of a name, from 0.
std::string AddressOf(int endpoint);

// Pins the calling process, and what it starts from then on; -1 for nothing.
void Pin(int core);

}  // namespace frontdesk::faults
