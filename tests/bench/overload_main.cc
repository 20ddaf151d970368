// What is left of a service when more is asked of it than it can do: goodput and p99 against the
// offered load, through Frontdesk and through nginx, over the same back end of ours with so many
// slots. See overload.sh, which starts both.
//
//   overload --backend PORT --frontdesk PORT --nginx PORT --seconds N --out FILE.svg
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "gateway/base/text.h"
#include "tests/bench/svg_plot.h"
#include "tests/support/light_backend.h"
#include "tests/support/open_load.h"

namespace {

using namespace frontdesk;                   // NOLINT(google-build-using-namespace)
using namespace frontdesk::testing_support;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kSlots = 16;
constexpr milliseconds kService{20};
// A client gives up then.
constexpr seconds kPatience{2};
constexpr double kTimes[] = {0.5, 0.75, 0.9, 1, 1.25, 1.5, 2, 3, 5, 10};

struct Server {
  std::string name;
  std::string colour;
  uint16_t port;
  LoadRoute route;
};

// A gRPC message of one field with an id in it, as nginx passes it on.
LoadRoute GrpcRoute() {
  constexpr std::string_view kPlan = "00-order-100000000";  // as long as every id
  const auto field = static_cast<char>(kPlan.size());
  const auto message = static_cast<char>(kPlan.size() + 2);
  std::string body = {0, 0, 0, 0, message, '\n', field};
  return {.name = "order",
          .target = "/frontdesk.bench.Orders/GetOrder",
          .method = "POST",
          .headers = "content-type: application/grpc\r\nte: trailers\r\n",
          .body = body + "{id}"};
}

// With every slot busy all the time, and nobody waiting in vain.
double Capacity(Loop& loop, const Server& server) {
  const LoadPlan plan{.port = server.port,
                      .routes = {server.route},
                      .length = seconds(3),
                      .connections = 2 * kSlots,
                      .ids = "00"};
  return RunLoad(loop, plan).goodput();
}

struct Options {
  std::map<std::string, int> numbers;
  std::string out;
};

bool Read(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--out") {
      options.out = argv[i + 1];
      continue;
    }
    const char* end = argv[i + 1] + std::strlen(argv[i + 1]);
    const auto [stop, error] = std::from_chars(argv[i + 1], end, options.numbers[name]);
    if (error != std::errc() || stop != end) return false;
  }
  for (const char* name : {"--backend", "--frontdesk", "--nginx", "--seconds"}) {
    if (options.numbers[name] <= 0 || options.numbers[name] > 65535) return false;
  }
  return argc % 2 == 1 && !options.out.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Read(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: overload --backend PORT --frontdesk PORT --nginx PORT --seconds N "
                 "--out FILE.svg\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  LightBackendOptions backend_options;
  backend_options.port = static_cast<uint16_t>(options.numbers["--backend"]);
  backend_options.echo = true;
  backend_options.behaviour.slots = kSlots;
  backend_options.behaviour.delay = kService;
  LightBackend backend(loop, backend_options);

  const Server servers[] = {{"Frontdesk",
                             "#1565c0",
                             static_cast<uint16_t>(options.numbers["--frontdesk"]),
                             {.name = "order", .target = "/orders/{id}"}},
                            {"nginx grpc_pass", "#c62828",
                             static_cast<uint16_t>(options.numbers["--nginx"]), GrpcRoute()}};
  const double capacity = Capacity(loop, servers[0]);
  std::printf("capacity: %.0f/s\n", capacity);
  bench::PlotPanel goodput{.title = "good answers per second", .mark = capacity};
  goodput.mark_name = "what the back end can do";
  bench::PlotPanel latency{.title = "p99 of good answers", .y_unit = " ms", .log_y = true};
  bench::PlotPanel refusal{.title = "p99 of refusals", .y_unit = " ms", .log_y = true};
  std::printf("%-16s %8s %10s %10s %12s %12s %8s\n", "server", "offered", "goodput", "p99 ms",
              "refused", "their p99 ms", "lost");
  int nth = 10;
  for (const Server& server : servers) {
    bench::PlotLine good{server.name, server.colour, {}};
    bench::PlotLine slow = good;
    bench::PlotLine refused = good;
    for (const double times : kTimes) {
      LoadPlan plan{.port = server.port, .routes = {server.route}, .rate = capacity * times};
      plan.length = seconds(options.numbers["--seconds"]);
      plan.poisson = true;
      plan.patience = kPatience;
      plan.connections = 18000;
      plan.ids = Cat(nth++);
      const LoadReport report = RunLoad(loop, plan);
      const RouteReport& route = report["order"];
      const uint64_t refusals = route.failed() - route.lost();
      const double p99 = route.GoodPercentile(99);
      const double refusal_p99 =
          route.Percentile(99, [](const LoadSample& sample) { return sample.status >= 300; });
      std::printf("%-16s %7.2fx %10.0f %10.1f %12llu %12.2f %8llu\n", server.name.c_str(), times,
                  report.goodput(), p99, static_cast<unsigned long long>(refusals), refusal_p99,
                  static_cast<unsigned long long>(route.lost()));
      std::fflush(stdout);
      if (route.crossed > 0) {
        std::fprintf(stderr, "%llu answers of others\n",
                     static_cast<unsigned long long>(route.crossed));
        return 1;
      }
      good.points.emplace_back(times, report.goodput());
      if (p99 > 0) slow.points.emplace_back(times, p99);
      if (refusals > 0) refused.points.emplace_back(times, refusal_p99);
      // What is still queued at the back end is no business of the next one.
      const TimePoint calm = Clock::now() + milliseconds(500);
      struct Wake final : Timer {
        void OnTimer() override {}
      } wake;
      loop.Arm(wake, calm);
      loop.RunUntil([&] { return Clock::now() >= calm; });
    }
    goodput.lines.push_back(good);
    latency.lines.push_back(slow);
    if (!refused.points.empty()) refusal.lines.push_back(refused);
  }
  std::vector<bench::PlotPanel> panels = {goodput, latency};
  if (!refusal.lines.empty()) panels.push_back(refusal);
  std::ofstream file(options.out);
  file << bench::Plot("Overload: 16 slots of 20 ms, clients give up after 2 s",
                      "offered load, in multiples of capacity", panels);
  return file.good() ? 0 : 1;
}
