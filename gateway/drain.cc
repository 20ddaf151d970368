#include "gateway/drain.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk {
namespace {

using std::chrono::milliseconds;

// How long a connection may be open at the end before its request is here.
constexpr milliseconds kFirstRequest{500};
// What the last handshakes may take before the port closes: a round trip of a far client.
constexpr milliseconds kHandshake{300};

}  // namespace

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int WaitForSignal(const sigset_t& signals, Duration patience) {
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(patience).count();
  const timespec timeout{static_cast<time_t>(nanos / 1000000000),
                         static_cast<long>(nanos % 1000000000)};
  return std::max(0, sigtimedwait(&signals, nullptr, &timeout));
}

bool StopIsPending() {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

std::string StuckWorkers(Workers& workers) {
  std::string stuck;
  for (size_t i = 0; i < workers.size(); ++i) {
    if (!workers[i]->AskConnections(milliseconds(500))) stuck += Cat("worker ", i, " is stuck; ");
  }
  return stuck;
}

void Drain(Workers& workers, const http::ConnectionShare& connections, Shared& shared) {
  const config::Snapshot& snapshot = *shared.snapshot;
  const sigset_t signals = StopSignals();
  observe::LogInfo("draining");
  const bool was_ready = shared.ready.exchange(false);
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().Drain(); });
  if (was_ready) WaitForSignal(signals, snapshot.drain_grace);
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().StopNewcomers(); });
  std::this_thread::sleep_for(kHandshake);  // a second signal waits: this is short
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().StopAccepting(); });
  // Each answers after it has stopped accepting: from now on connections only become fewer.
  const std::string stuck = StuckWorkers(workers);
  if (!stuck.empty()) observe::LogError(stuck);
  const TimePoint limit = Clock::now() + snapshot.drain_timeout;
  // What goes on without a client was started by a connection: it is counted before that one ends.
  const auto busy = [&] { return connections.total() > 0 || shared.detached > 0; };
  while (busy() && Clock::now() < limit) {
    for (auto& worker : workers) {
      worker->Post([](Worker& w) { w.listener().CloseIdle(kFirstRequest); });
    }
    if (WaitForSignal(signals, milliseconds(20))) break;
  }
  for (auto& worker : workers) worker->Stop();
  for (auto& worker : workers) worker->Join();
}

}  // namespace frontdesk
