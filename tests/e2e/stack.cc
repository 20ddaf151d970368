#include "tests/e2e/stack.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "gateway/base/text.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using testing_support::Process;
using testing_support::WriteTempFile;

// Sanitizers make everything slower.
constexpr milliseconds kStart{60000};
// The discard port, on which nobody listens.
constexpr char kNowhere[] = "127.0.0.1:9";

// Service of the demo -> the packages that it has.
const std::map<std::string, std::string>& Services() {
  static const std::map<std::string, std::string> services = {
      {"user", "shop.user.v1.Users, shop.user.v2.Users"},
      {"order", "shop.order.v1.Orders"},
      {"payment", "shop.payment.v1.Payments, shop.giftcard.v2.GiftCards"},
      {"product", "shop.product.v1.Products"},
      {"inventory", "shop.inventory.v1.Inventory"},
      {"shipping", "shop.shipping.v1.Shipping"},
      {"review", "shop.review.v1.Reviews"},
      {"pricing", "shop.pricing.v1.Pricing"},
      {"recommendation", "shop.recommendation.v1.Recommendations"},
      {"notification", "shop.notification.v1.Notifications"},
      {"cart", "shop.cart.v1.Carts"},
      {"analytics", "shop.analytics.v1.Analytics"}};
  return services;
}

std::vector<std::string> With(std::vector<std::string> first, std::vector<std::string> rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

// "127.0.0.1:1234" -> 1234
uint16_t PortOf(const std::string& address) {
  return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace

const HeaderList& CommonHeaders() {
  static const HeaderList headers;
  return headers;
}

std::string RequestText(std::string_view method, std::string_view target, const HeaderList& headers,
                        std::string_view body) {
  std::string text = Cat(method, ' ', target, " HTTP/1.1\r\nhost: localhost\r\n");
  for (const HeaderList* list : {&CommonHeaders(), &headers}) {
    for (const auto& [name, value] : *list) text += Cat(name, ": ", value, "\r\n");
  }
  if (!body.empty()) text += Cat("content-length: ", body.size(), "\r\n");
  return Cat(text, "\r\n", body);
}

RawResponse Fetch(uint16_t port, std::string_view method, std::string_view target,
                  const HeaderList& headers, std::string_view body) {
  RawClient client(port);
  client.Send(RequestText(method, target, headers, body));
  std::optional<RawResponse> response = client.Read(method == "HEAD");
  EXPECT_TRUE(response) << "no answer to " << method << ' ' << target;
  return response.value_or(RawResponse());
}

nlohmann::json Json(const RawResponse& response) {
  return nlohmann::json::parse(response.body, nullptr, false);
}

std::string ReasonOf(const RawResponse& response) {
  const nlohmann::json status = Json(response);
  if (!status.is_object() || !status.contains("details")) return "";
  for (const nlohmann::json& detail : status["details"]) {
    if (detail.value("domain", "") == "frontdesk") return detail.value("reason", "");
  }
  return "";
}

bool IsSanitized() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#endif
#endif
  return false;
}

Mocks::Mocks(std::vector<std::string> arguments)
    : process_(With({FRONTDESK_BIN "/services_mock", "--base-port", "0"}, std::move(arguments))) {
  const std::optional<std::string> line = process_.ReadLine(kStart);
  if (!line || line->rfind("ready ", 0) != 0) {
    ADD_FAILURE() << "services_mock is not ready: " << process_.Stderr();
    return;
  }
  const nlohmann::json ports = nlohmann::json::parse(line->substr(6));
  for (const auto& [name, port] : ports.items()) {
    ports_[name] = port.get<uint16_t>();
  }
}

void Mocks::SetFaults(const std::string& query) {
  EXPECT_EQ(Fetch(control(), "POST", "/faults?" + query).status, 200);
}

void Mocks::Reset() { EXPECT_EQ(Fetch(control(), "POST", "/reset").status, 200); }

nlohmann::json Mocks::Counters() { return Json(Fetch(control(), "GET", "/counters")); }

nlohmann::json Mocks::Effects() { return Json(Fetch(control(), "GET", "/effects")); }

uint64_t Mocks::Count(const std::string& service, const std::string& counter) {
  return Counters()[service][counter].get<uint64_t>();
}

nlohmann::json Mocks::Arrivals(const std::string& service) {
  return Json(Fetch(control(), "GET", "/arrivals/" + service));
}

std::string Patient(const std::string& extra) {
  if (extra.find("overload:") != std::string::npos) return extra;
  return Cat(extra, "overload: {max_queue_age: 10s}\n");
}

std::string DemoConfig(const Mocks* mocks, const GatewayOptions& options) {
  std::string yaml = Cat("listen:\n  address: 127.0.0.1:0\n  workers: ", options.workers,
                         "\n  trusted_hops: ", options.trusted_hops,
                         "\nadmin:\n  address: 127.0.0.1:0\ndescriptor_set: " FRONTDESK_CONTRACT
                         "\ndrain:\n  grace: ",
                         options.grace, "\n");
  if (!options.caller.empty()) yaml += Cat("auth:\n  development_caller: ", options.caller, "\n");
  yaml += Cat(Patient(options.extra), "upstreams:\n");
  for (const auto& [name, services] : Services()) {
    const auto other = options.endpoints.find(name);
    std::string endpoint = kNowhere;
    if (mocks) endpoint = Cat("127.0.0.1:", mocks->port(name));
    if (other != options.endpoints.end()) endpoint = other->second;
    yaml += Cat("  ", name, ":\n    services: [", services, "]\n    endpoints: [\"", endpoint,
                "\"]\n    transport: ", options.transport, "\n");
    for (const std::string& line : options.upstream) yaml += Cat("    ", line, "\n");
  }
  return yaml;
}

Frontdesk::Frontdesk(const Mocks& mocks, const GatewayOptions& options)
    : Frontdesk(WriteTempFile("gateway.yaml", DemoConfig(mocks, options)), options.program) {}

Frontdesk::Frontdesk(const GatewayOptions& options)
    : Frontdesk(WriteTempFile("gateway.yaml", DemoConfig(nullptr, options)), options.program) {}

Frontdesk::Frontdesk(const std::string& config_file, const std::string& program)
    : process_({Cat(FRONTDESK_BIN "/", program), "serve", "-c", config_file}) {
  WaitUntilReady();
}

void Frontdesk::WaitUntilReady() {
  // "ready: serving on 127.0.0.1:1, admin on 127.0.0.1:2"
  const std::optional<std::string> line = process_.ReadLine(kStart);
  const size_t comma = line ? line->find(',') : std::string::npos;
  if (comma == std::string::npos) {
    ADD_FAILURE() << "frontdesk is not ready: " << line.value_or("") << process_.Stderr();
    return;
  }
  port_ = PortOf(line->substr(0, comma));
  admin_ = PortOf(*line);
}

double Frontdesk::Metric(const std::string& name) const {
  const std::string text = Fetch(admin_, "GET", "/metrics").body;
  const size_t at = text.find(Cat("\n", name, " "));
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

size_t PeakBytes(const Process& process) {
  const std::string status = testing_support::ReadFile(Cat("/proc/", process.pid(), "/status"));
  const size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::stoul(status.substr(at + 6)) * 1024;  // "VmHWM: 9 kB"
}

std::chrono::nanoseconds CpuTime(const Process& process) {
  clockid_t clock;
  timespec used{};
  EXPECT_EQ(clock_getcpuclockid(process.pid(), &clock), 0);
  clock_gettime(clock, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

size_t OpenFiles(const Process& process) {
  const std::filesystem::directory_iterator files(Cat("/proc/", process.pid(), "/fd"));
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

std::pair<int, std::string> RunVerb(std::vector<std::string> arguments) {
  Process process(With({FRONTDESK_BIN "/frontdesk"}, std::move(arguments)));
  std::string out;
  while (const std::optional<std::string> line = process.ReadLine(kStart)) out += *line + '\n';
  return {process.Wait(kStart).value_or(-1), out};
}

}  // namespace frontdesk::e2e
