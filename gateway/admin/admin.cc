#include "gateway/admin/admin.h"

#include <httplib.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include "gateway/admin/pages.h"
#include "gateway/base/text.h"
#include "gateway/config/host_port.h"

namespace frontdesk::admin {
namespace {

constexpr size_t kThreads = 4;
constexpr size_t kMaxPayload = 64 << 10;

// The library would set SO_REUSEPORT, with which two gateways share the port and each scrape
// reaches one of them by chance.
void SocketOptions(int socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

class Admin::Server {
 public:
  explicit Server(Sources sources) : sources_(std::move(sources)) {
    // No handler is registered: the library matches them with std::regex, whose stack grows with
    // the path.
    http_.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          Reply(request, response);
          return httplib::Server::HandlerResponse::Handled;
        });
    http_.set_socket_options(SocketOptions);
    http_.set_tcp_nodelay(true);
    // One request per connection: no idle connection holds a thread, and no body that was not read
    // is taken for the next request.
    http_.set_keep_alive_max_count(1);
    http_.set_keep_alive_timeout(1);
    http_.set_read_timeout(1);
    http_.set_write_timeout(5);
    http_.set_payload_max_length(kMaxPayload);
    http_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  }

  ~Server() {
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(const config::HostPort& address) {
    errno = 0;
    if (address.port == 0) {
      const int port = http_.bind_to_any_port(address.host);
      if (port > 0) port_ = static_cast<uint16_t>(port);
    } else if (http_.bind_to_port(address.host, address.port)) {
      port_ = address.port;
    }
    if (port_ == 0) return CannotListen(address, errno);
    thread_ = std::thread([this] { Run(); });
    // The library tells by this alone that stop() will work from now on.
    while (!http_.is_running() && !ended_.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return ended_.load() ? CannotListen(address, 0) : absl::OkStatus();
  }

  uint16_t port() const { return port_; }

 private:
  static absl::Status CannotListen(const config::HostPort& address, int error) {
    const std::string why =
        error == EADDRINUSE
            ? "the address is in use; does another gateway run? Set admin.address to another one"
            : std::generic_category().message(error != 0 ? error : EIO);
    return absl::UnavailableError(
        Absl(Cat("admin: cannot listen on ", address.host, " port ", address.port, ": ", why)));
  }

  void Run() {
    // Signals are the main thread's; the library's threads inherit this.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    http_.listen_after_bind();
    ended_.store(true);
  }

  void Reply(const httplib::Request& request, httplib::Response& response) const {
    Page page = Answer(sources_, request.method, request.path, request.get_header_value("Host"));
    response.status = page.status;
    response.set_header("Cache-Control", "no-store");
    response.set_header("X-Content-Type-Options", "nosniff");
    if (!page.allow.empty()) response.set_header("Allow", page.allow);
    response.set_content(std::move(page.body), page.type);
  }

  const Sources sources_;
  httplib::Server http_;
  uint16_t port_ = 0;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

Admin::Admin(std::unique_ptr<Server> server) : server_(std::move(server)) {}
Admin::~Admin() = default;

uint16_t Admin::port() const { return server_->port(); }

absl::StatusOr<std::unique_ptr<Admin>> Admin::Start(std::string_view address, Sources sources) {
  const auto parsed = config::ParseHostPort(address);
  if (!parsed || !parsed->numeric || !parsed->loopback) {
    return absl::InvalidArgumentError(
        Absl(Cat("admin: expected a loopback address such as 127.0.0.1:9900, got ", address)));
  }
  auto server = std::make_unique<Server>(std::move(sources));
  if (absl::Status started = server->Start(*parsed); !started.ok()) return started;
  return std::unique_ptr<Admin>(new Admin(std::move(server)));
}

}  // namespace frontdesk::admin
