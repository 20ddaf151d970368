// The whole house as processes: the mock back ends and the gateway, on free ports.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"

namespace frontdesk::e2e {

using testing_support::Eventually;
using testing_support::RawClient;
using testing_support::RawResponse;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

// Headers that every request of every test carries: the one place to add a token to.
const HeaderList& CommonHeaders();

// One request on a connection of its own. Fails the test, with status 0, when no answer comes.
RawResponse Fetch(uint16_t port, std::string_view method, std::string_view target,
                  const HeaderList& headers = {}, std::string_view body = "");
// The bytes of such a request.
std::string RequestText(std::string_view method, std::string_view target,
                        const HeaderList& headers = {}, std::string_view body = "");
// The body as JSON; discarded when it is none.
nlohmann::json Json(const RawResponse& response);
// Reason of an error's ErrorInfo, or "".
std::string ReasonOf(const RawResponse& response);

// Sanitizers change what a program weighs and how long it takes.
bool IsSanitized();

// services_mock with every back end.
class Mocks {
 public:
  explicit Mocks(std::vector<std::string> arguments = {});

  uint16_t port(const std::string& service) const { return ports_.at(service); }
  uint16_t control() const { return ports_.at("control"); }
  // "delay_ms=200" or "delay=order=50&fail=payment=UNAVAILABLE:0.5"; "" for none.
  void SetFaults(const std::string& query);
  // Counters to 0, data and faults as at the start.
  void Reset();
  // {"order": {"calls": 3, ...}, ...}
  nlohmann::json Counters();
  // What was done to the shop, and taken back: {"charges": 1, "refunds": 0, ...}
  nlohmann::json Effects();
  uint64_t Count(const std::string& service, const std::string& counter);
  // The back end's last calls: path, metadata, time left.
  nlohmann::json Arrivals(const std::string& service);
  testing_support::Process& process() { return process_; }

 private:
  testing_support::Process process_;
  std::map<std::string, uint16_t> ports_;
};

// What a test may want different about the gateway.
struct GatewayOptions {
  unsigned workers = 2;
  std::string transport = "h2";
  std::string caller = "user-1";  // "" for none
  std::string grace = "200ms";    // of the drain
  unsigned trusted_hops = 0;
  std::string extra;  // more YAML, at the top level
  // Replaces where a service is found: "order" -> "127.0.0.1:1".
  std::map<std::string, std::string> endpoints;
  // More YAML for every upstream, such as "timeout: 1s"; a line each.
  std::vector<std::string> upstream = {};
  std::string program = "frontdesk";
};

// `frontdesk serve`, ready.
class Frontdesk {
 public:
  Frontdesk(const Mocks& mocks, const GatewayOptions& options = {});
  // Without mocks: what options.endpoints does not name is nowhere.
  explicit Frontdesk(const GatewayOptions& options);
  // With a configuration of the test's own.
  explicit Frontdesk(const std::string& config_file, const std::string& program = "frontdesk");

  uint16_t port() const { return port_; }
  uint16_t admin() const { return admin_; }
  testing_support::Process& process() { return process_; }
  // A metric by its whole name, labels included; -1 when there is none.
  double Metric(const std::string& name) const;

 private:
  void WaitUntilReady();

  testing_support::Process process_;
  uint16_t port_ = 0;
  uint16_t admin_ = 0;
};

// The most memory that was ever resident, and the descriptors that are open now, from /proc.
size_t PeakBytes(const testing_support::Process& process);
// Processor time that it has used: what an attack costs, however busy the machine is.
std::chrono::nanoseconds CpuTime(const testing_support::Process& process);
size_t OpenFiles(const testing_support::Process& process);

// More YAML for the top level. A gateway that gets no processor for a while is late and refuses
// requests, which only who has something to say on overload wants to see: others have it wait.
std::string Patient(const std::string& extra);

// The YAML of a gateway over the mocks (or over nothing, without them), on free ports.
std::string DemoConfig(const Mocks* mocks, const GatewayOptions& options);
inline std::string DemoConfig(const Mocks& mocks, const GatewayOptions& options) {
  return DemoConfig(&mocks, options);
}

// Runs a verb to its end: exit code and stdout.
std::pair<int, std::string> RunVerb(std::vector<std::string> arguments);

}  // namespace frontdesk::e2e
