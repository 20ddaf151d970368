// CPU of one unary call on the client's side, with a fixed number of calls in flight.
//
//   upstream_bench ADDRESS [IN_FLIGHT] [SECONDS] [h2|grpc] [CONNECTIONS]
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/channels.h"

namespace {

using namespace frontdesk;            // NOLINT(google-build-using-namespace)
using namespace frontdesk::upstream;  // NOLINT(google-build-using-namespace)

double CpuMicroseconds() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

struct Callers {
  Loop loop;
  contract::MethodName method;
  std::string request = std::string(200, 'x');
  bool stop = false;
  size_t calls = 0;
  size_t failures = 0;
  size_t running = 0;
  std::vector<double> microseconds;
};

internal::Detached CallInTurn(Callers& load, Channels& channels) {
  ++load.running;
  const CallOptions options;
  while (!load.stop) {
    Cancellation cancel;
    CallContext context{load.loop, cancel};
    context.deadline = load.loop.Now() + std::chrono::seconds(10);
    const TimePoint start = Clock::now();
    Task<absl::StatusOr<UnaryReply>> call =
        channels.Unary(context, load.method, load.request, options);
    const absl::StatusOr<UnaryReply> reply = co_await std::move(call);
    const std::chrono::duration<double, std::micro> took = Clock::now() - start;
    load.microseconds.push_back(took.count());
    ++load.calls;
    if (!reply.ok() && ++load.failures == 1) {
      std::fprintf(stderr, "%s\n", reply.status().ToString().c_str());
    }
  }
  --load.running;
}

void RunFor(Callers& load, double seconds) {
  const TimePoint end =
      Clock::now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  load.loop.RunUntil([&] { return load.loop.Now() >= end; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s ADDRESS [IN_FLIGHT] [SECONDS] [h2|grpc] [CONNECTIONS]\n",
                 argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int in_flight = argc > 2 ? std::atoi(argv[2]) : 64;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 3;
  UpstreamSettings settings;
  settings.services = {"bench.Service"};
  settings.endpoints = {argv[1]};
  if (argc > 4 && std::string_view(argv[4]) == "grpc") settings.transport = TransportKind::kGrpc;
  if (argc > 5) settings.connections = std::strtoul(argv[5], nullptr, 10);

  Callers load;
  load.method.service = "bench.Service";
  load.method.path = "/bench.Service/Call";
  Clusters clusters({settings}, load.loop.Now());
  Channels channels(
      load.loop, clusters, [] { return 0.5; }, nullptr);
  for (int i = 0; i < in_flight; ++i) CallInTurn(load, channels);
  RunFor(load, 1);  // warm-up
  load.calls = load.failures = 0;
  load.microseconds.clear();
  const double before = CpuMicroseconds();
  RunFor(load, seconds);
  const double cpu = CpuMicroseconds() - before;
  const size_t calls = load.calls;
  load.stop = true;
  load.loop.RunUntil([&] { return load.running == 0; });
  std::sort(load.microseconds.begin(), load.microseconds.end());
  const size_t n = load.microseconds.size();
  std::printf(
      "%.0f calls/s  %.2f CPU us/call  busy %.0f %%  p50 %.0f us  p99 %.0f us  failed %zu\n",
      static_cast<double>(calls) / seconds, cpu / static_cast<double>(calls), cpu / seconds / 1e4,
      load.microseconds[n / 2], load.microseconds[n * 99 / 100], load.failures);
}
