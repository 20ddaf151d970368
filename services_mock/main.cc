// services_mock: the back ends of the demo shop. See kUsage for its flags.
#include <signal.h>

#include <chrono>
#include <iostream>
#include <vector>

#include "services_mock/backend.h"
#include "services_mock/control.h"
#include "services_mock/faults.h"
#include "services_mock/flags.h"
#include "services_mock/server.h"

namespace frontdesk::mock {
namespace {

constexpr std::chrono::milliseconds kGrace(300);

int CannotListen(std::string_view who, int port) {
  std::cerr << "services_mock: " << who << " can't listen on 127.0.0.1:" << port << std::endl;
  return 1;
}

int Serve(Flags flags, const sigset_t& ends) {
  World world;
  Faults faults(std::move(flags.faults));
  const auto backends = MakeBackends(world);
  std::vector<std::unique_ptr<Server>> servers;
  std::string ports;
  for (size_t i = 0; i < backends.size(); ++i) {
    const int port = flags.base_port == 0 ? 0 : flags.base_port + static_cast<int>(i);
    if (port > 65535) return CannotListen(backends[i]->name(), port);
    auto server = Server::Start(*backends[i], faults, static_cast<uint16_t>(port));
    if (server == nullptr) return CannotListen(backends[i]->name(), port);
    ports += Cat('"', backends[i]->name(), "\": ", server->port(), ", ");
    servers.push_back(std::move(server));
  }
  const int beside = flags.base_port == 0 ? 0 : flags.base_port - 1;
  const int wanted = flags.control_port >= 0 ? flags.control_port : beside;
  const auto control = Control::Start(world, backends, faults, static_cast<uint16_t>(wanted));
  if (control == nullptr) return CannotListen("control", wanted);

  std::cout << "ready {" << ports << "\"control\": " << control->port() << "}" << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  const auto deadline = std::chrono::system_clock::now() + kGrace;
  for (const auto& server : servers) server->Stop(deadline);
  return 0;
}

}  // namespace
}  // namespace frontdesk::mock

int main(int argc, char** argv) {
  using namespace frontdesk::mock;
  // Blocked before any thread starts, so that only sigwait() sees them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  Flags flags;
  const std::string wrong = ParseFlags({argv + 1, argv + argc}, flags);
  if (flags.help) {
    std::cout << kUsage;
    return 0;
  }
  if (!wrong.empty()) {
    std::cerr << "services_mock: " << wrong << "\n\n" << kUsage;
    return 2;
  }
  return Serve(std::move(flags), ends);
}
