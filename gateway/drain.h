// The end of a process: signals that ask for it, and what happens between them and the last answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <csignal>

#include "gateway/http/connection_share.h"
#include "gateway/worker.h"

namespace frontdesk {

// SIGTERM and SIGINT.
sigset_t StopSignals();

// The signal that came before the time was over, or 0. They are blocked in all threads.
int WaitForSignal(const sigset_t& signals, Duration patience);

// One of StopSignals() has come, and WaitForSignal() has not taken it yet.
bool StopIsPending();

using Workers = std::vector<std::unique_ptr<Worker>>;

// Names the workers whose loops do not answer: something on them blocks or never ends. Empty when
// all is well.
std::string StuckWorkers(Workers& workers);

// Not ready at once, so that a balancer looks elsewhere; the port stays open for the grace, unless
// no balancer was ever told to look here; then what is in flight may finish, undos included. A
// second signal ends the present wait. Returns when all workers have ended.
void Drain(Workers& workers, const http::ConnectionShare& connections, Shared& shared);

}  // namespace frontdesk
