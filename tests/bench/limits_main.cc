// Rate limits of whole gateways, measured: limits [three] [keys] [flood] [redis]
//
//   three  three gateways share one limit through a real Redis, each asked for 60 % of it
//   keys   ten million keys, one request each
//   flood  one route as fast as the generator can, another one meanwhile
//   redis  what is waited for a Redis that works, has stopped, or answers nothing
//
// Without words: all. Prints a table in Markdown; ends with 1 when something is not reached.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/limit/memory_store.h"
#include "gateway/limit/redis_store.h"
#include "tests/e2e/stack.h"
#include "tests/support/open_load.h"
#include "tests/support/redis_server.h"

namespace frontdesk {
namespace {

using namespace std::chrono_literals;
using e2e::Frontdesk;
using e2e::GatewayOptions;
using e2e::Mocks;
using testing_support::LoadPlan;
using testing_support::LoadReport;
using testing_support::OpenLoad;
using testing_support::RedisServer;
using testing_support::RouteReport;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kUser[] = "/api/v1/users/user-1";
constexpr char kLimit[] = "methods:\n  shop.order.v1.Orders/GetOrder: {limit: [";

bool reached = true;

// A row of the table; `holds`: the demand.
void Print(std::string_view what, std::string_view demand, bool holds,
           const std::string& measured) {
  reached = reached && holds;
  std::printf("| %.*s | %.*s | %s%s |\n", static_cast<int>(what.size()), what.data(),
              static_cast<int>(demand.size()), demand.data(), measured.c_str(),
              holds ? "" : " **NOT**");
  std::fflush(stdout);
}

std::string Text(const char* format, double a, double b = 0, double c = 0, double d = 0) {
  char text[300];
  std::snprintf(text, sizeof text, format, a, b, c, d);
  return text;
}

std::unique_ptr<Frontdesk> Start(const Mocks& mocks, const std::string& limit,
                                 const RedisServer* redis, std::string_view of_redis = "") {
  GatewayOptions options;
  options.workers = 2;
  options.extra = Cat(kLimit, limit, "]}\nlog: {access: off}\noverload: {max_queue_age: 10s}\n");
  if (redis) {
    options.extra += Cat("redis: {address: \"127.0.0.1:", redis->port(), "\"", of_redis, "}\n");
  }
  auto gateway = std::make_unique<Frontdesk>(mocks, options);
  const auto connected = [&] {
    return !redis || gateway->Metric("frontdesk_limit_redis_up") == options.workers;
  };
  if (!e2e::Eventually(connected)) std::fprintf(stderr, "Redis can't be reached\n");
  return gateway;
}

LoadPlan Plan(const Frontdesk& gateway, const char* target, double rate, Duration length,
              const std::string& ids) {
  LoadPlan plan{.port = gateway.port()};
  plan.routes = {{.name = "route", .target = target, .echoes_id = false}};
  plan.rate = rate;
  plan.length = length;
  plan.ids = ids;
  return plan;
}

// Runs them side by side; what became of each.
std::vector<RouteReport> Run(const std::vector<LoadPlan>& plans) {
  Loop loop;
  std::vector<std::unique_ptr<OpenLoad>> loads;
  for (const LoadPlan& plan : plans) loads.push_back(std::make_unique<OpenLoad>(loop, plan));
  for (auto& load : loads) load->Start();
  loop.RunUntil([&] {
    return std::all_of(loads.begin(), loads.end(), [](const auto& load) { return load->done(); });
  });
  std::vector<RouteReport> reports;
  for (const auto& load : loads) reports.push_back(load->report()["route"]);
  return reports;
}

void Three() {
  constexpr double kPerSecond = 1000, kSeconds = 10, kBurst = 300;
  const Mocks mocks;
  const RedisServer redis;
  std::vector<std::unique_ptr<Frontdesk>> gateways;
  std::vector<LoadPlan> plans;
  for (int i = 0; i < 3; ++i) {
    gateways.push_back(Start(mocks, "{key: route, requests: 1000, burst: 300, name: orders}",
                             &redis, ", timeout: 200ms"));
    plans.push_back(Plan(*gateways.back(), kOrder, 0.6 * kPerSecond, 10s, Cat("three-", i)));
  }
  double good = 0, sent = 0;
  for (const RouteReport& report : Run(plans)) {
    good += static_cast<double>(report.good());
    sent += static_cast<double>(report.sent());
  }
  double calls = 0;
  for (const auto& gateway : gateways)
    calls += gateway->Metric("frontdesk_limit_redis_calls_total");
  const double off = 100 * ((good - kBurst) / (kPerSecond * kSeconds) - 1);
  Print("three gateways, one limit of 1,000/s, 10 s", "within 5 %", std::abs(off) <= 5,
        Text("%.0f of %.0f allowed, less the burst of 300: %+.1f %%; a call of Redis for %.1f "
             "requests",
             good, sent, off, sent / calls));
}

size_t ResidentKiB() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4;
}

template <class Use>
void Keys(const char* what, size_t bytes, const Use& use) {
  constexpr uint64_t kKeys = 10'000'000;
  const size_t before = ResidentKiB();
  const TimePoint begun = Clock::now();
  char key[16] = {};
  TimePoint now = begun;
  for (uint64_t i = 0; i < kKeys; ++i) {
    std::memcpy(key, &i, sizeof i);
    now += 10ns;
    use(std::string_view(key, sizeof key), now);
  }
  const double each = std::chrono::duration<double, std::nano>(Clock::now() - begun).count() /
                      static_cast<double>(kKeys);
  const size_t grown = ResidentKiB() - before;
  Print(what, "64 MiB", grown <= bytes / 1024 + 1024,
        Text("%.1f MiB more resident, %.0f ns a key", static_cast<double>(grown) / 1024, each));
}

void AllKeys() {
  constexpr size_t kBytes = 64 << 20;
  const limit::Rule rule{0, "keys", BucketRule(20, 1min, 20)};
  {
    limit::MemoryStore store(kBytes);
    Keys("10,000,000 keys, counted in memory", kBytes, [&](std::string_view key, TimePoint now) {
      const limit::Ask ask{&rule, key, 1};
      store.TakeAll({&ask, 1}, now);
    });
  }
  limit::Grants grants(kBytes);
  const limit::KeyHasher hasher = limit::KeyHasher::Random();
  const limit::ScriptVerdict verdict{.passes = true, .taken = 5, .remaining = 15, .reset = 15s};
  Keys("10,000,000 keys, counted in Redis: what is kept here", kBytes,
       [&](std::string_view key, TimePoint now) {
         const limit::Ask ask{&rule, key, 1};
         grants.OnReply(hasher.Of(0, key), ask, verdict, now);
       });
}

void Flood() {
  constexpr double kPerSecond = 200, kSeconds = 10;
  Mocks mocks;
  const auto gateway = Start(mocks, "{key: route, requests: 200, burst: 20}", nullptr);
  const RouteReport before = Run({Plan(*gateway, kUser, 200, 5s, "before")}).front();
  mocks.Reset();
  LoadPlan flood = Plan(*gateway, kOrder, 0, 10s, "flood");
  flood.connections = 64;
  const auto reports = Run({flood, Plan(*gateway, kUser, 200, 10s, "other")});
  const RouteReport& flooded = reports[0];
  const RouteReport& other = reports[1];
  const auto seen = static_cast<double>(mocks.Count("order", "calls"));
  Print(
      "one route of 200/s as fast as the generator can, 10 s", "the back end at its limit",
      seen <= 1.05 * kPerSecond * kSeconds + 20 + kPerSecond && seen >= 0.9 * kPerSecond * kSeconds,
      Text("%.0f requests/s; the back end saw %.0f/s",
           static_cast<double>(flooded.sent()) / kSeconds, seen / kSeconds));
  Print("another route of the same gateway, 200/s meanwhile", "unharmed",
        other.good() == other.sent(),
        Text("%.2f %% good, p50 %.2f ms; without the flood %.2f ms",
             100 * static_cast<double>(other.good()) / static_cast<double>(other.sent()),
             other.GoodPercentile(50), before.GoodPercentile(50)));
}

void Redis() {
  const Mocks mocks;
  const auto measure = [](const Frontdesk& gateway, const char* what, bool judged) {
    const auto reports = Run({Plan(gateway, kOrder, 200, 5s, Cat("l", what)),
                              Plan(gateway, kUser, 200, 5s, Cat("u", what))});
    const RouteReport& limited = reports[0];
    const double added = limited.GoodPercentile(50) - reports[1].GoodPercentile(50);
    Print(Cat("Redis ", what, ": added by a limit that it counts"), judged ? "< 1 ms" : "",
          (!judged || added < 1) && limited.good() == limited.sent(),
          Text("p50 %+.2f ms, p90 %+.2f ms", added,
               limited.GoodPercentile(90) - reports[1].GoodPercentile(90)));
  };
  RedisServer redis;
  const auto gateway = Start(mocks, "{key: caller, requests: 100000}", &redis);
  measure(*gateway, "at work", false);
  redis.Freeze();
  measure(*gateway, "frozen", true);
  redis.Thaw();
  redis.Kill();
  measure(*gateway, "down", true);
}

}  // namespace
}  // namespace frontdesk

int main(int argc, char** argv) {
  using namespace frontdesk;
  struct Part {
    const char* name;
    void (*run)();
  };
  const Part parts[] = {{"three", Three}, {"keys", AllKeys}, {"flood", Flood}, {"redis", Redis}};
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string_view> wanted(argv + 1, argv + argc);
  for (const std::string_view word : wanted) {
    if (std::any_of(std::begin(parts), std::end(parts),
                    [&](const Part& part) { return word == part.name; })) {
      continue;
    }
    std::fprintf(stderr, "usage: limits [three] [keys] [flood] [redis]\n");
    return 2;
  }
  std::printf("| what | demand | measured |\n| --- | --- | --- |\n");
  for (const Part& part : parts) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), part.name) != wanted.end()) {
      part.run();
    }
  }
  return reached ? 0 : 1;
}
