// The verb `serve`: from the files to a running gateway, and to its end.
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "gateway/base/spare_memory.h"
#include "gateway/base/text.h"
#include "gateway/observe/log.h"
#include "gateway/server.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

// What may pass after the last word in the log.
constexpr std::chrono::seconds kFreeing{3};

// And SIGHUP, for Server::Reload().
sigset_t AllSignals() {
  sigset_t signals = StopSignals();
  sigaddset(&signals, SIGHUP);
  return signals;
}

int Failed(const absl::Status& status) {
  observe::LogError(Std(status.message()));
  return kFindings;
}

}  // namespace

int Serve(const VerbOptions& options) {
  std::unique_ptr<config::Snapshot> snapshot = CompileOrTell(options);
  if (!snapshot) return kFindings;
  // Blocked before any thread starts, so that only this one is told.
  const sigset_t signals = AllSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Server server(std::move(snapshot), *options.code);
  if (const absl::Status opened = server.Open(); !opened.ok()) return Failed(opened);
  if (server.Start()) std::cout << "ready: serving " << server.Addresses() << std::endl;

  SpareMemory spare_memory;  // of what was read and compiled, and what threads that ended left
  while (true) {
    const int signal = WaitForSignal(signals, SpareMemory::kLook);
    spare_memory.Look();
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) server.Reload(options.config, options.proto_path);
  }
  server.Stop();
  observe::LogInfo("stopped");
  // What is left is to free memory, which threads of gRPC C++ might hold up.
  std::thread([] {
    std::this_thread::sleep_for(kFreeing);
    std::_Exit(kFine);
  }).detach();
  return kFine;
}

}  // namespace frontdesk
