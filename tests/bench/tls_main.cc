// What TLS costs a listener: processor time of its loop per request, plain and within TLS, and per
// handshake, in full and resumed.
//
//   tls [SECONDS]
//
// Server and client are threads of this process; only the server's thread is counted, so that the
// figures hold on a busy machine, too. A core does 1,000,000 / (us per handshake) of them a second.
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/http/listener.h"
#include "gateway/tls/credentials.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_client.h"

namespace {

using namespace frontdesk;  // NOLINT(google-build-using-namespace)
using testing_support::Authority;
using testing_support::CertificateSpec;
using testing_support::Issued;
using testing_support::RawClient;
using testing_support::TlsClient;
using testing_support::TlsOptions;

constexpr int kRounds = 5;

// "/N" is answered with N bytes.
class Bytes final : public http::Handler {
 public:
  Task<void> Handle(http::Incoming incoming) override {
    const size_t size =
        std::strtoul(std::string(incoming.request.path.substr(1)).c_str(), nullptr, 10);
    body_.resize(size, 'x');
    incoming.reply.Send(head_, body_);
    co_return;
  }
  void Refuse(const absl::Status&, const http::Request&, http::ReplySink& reply) override {
    reply.Send(head_, "refused");
  }

 private:
  http::ResponseHead head_;
  std::string body_;
};

class Server {
 public:
  explicit Server(tls::Credentials* credentials)
      : share_(1, 1000), listener_(loop_, handler_, http::ServerLimits(), share_, 0) {
    if (credentials) listener_.Secure(*credentials, std::chrono::seconds(10));
    if (!listener_.Open("127.0.0.1", 0).ok()) std::abort();
    thread_ = std::thread(
        [this] { loop_.RunUntil([this] { return stopping_ && listener_.connections() == 0; }); });
  }
  ~Server() {
    loop_.Post([this] {
      listener_.Abort();
      stopping_ = true;
    });
    thread_.join();
  }
  uint16_t port() const { return listener_.port(); }
  double CpuMicroseconds() {
    clockid_t clock;
    timespec time{};
    pthread_getcpuclockid(thread_.native_handle(), &clock);
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  }

 private:
  Loop loop_;
  http::ConnectionShare share_;
  Bytes handler_;
  http::Listener listener_;
  bool stopping_ = false;
  std::thread thread_;
};

// Server's time per call of `work`, the median of some rounds.
double Cost(Server& server, double seconds, const std::function<void()>& work) {
  for (int i = 0; i < 20; ++i) work();
  std::vector<double> costs;
  for (int round = 0; round < kRounds; ++round) {
    const auto end = Clock::now() + std::chrono::duration_cast<Duration>(
                                        std::chrono::duration<double>(seconds / kRounds));
    const double before = server.CpuMicroseconds();
    size_t count = 0;
    for (; Clock::now() < end; ++count) work();
    costs.push_back((server.CpuMicroseconds() - before) / static_cast<double>(count));
  }
  std::sort(costs.begin(), costs.end());
  return costs[kRounds / 2];
}

double Request(Server& server, RawClient& client, double seconds, size_t bytes) {
  const std::string request = "GET /" + std::to_string(bytes) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  return Cost(server, seconds, [&] {
    client.Send(request);
    const auto response = client.Read();
    if (!response || response->body.size() != bytes) std::abort();
  });
}

// With one request, so that both sides are through.
double Handshake(Server& server, double seconds, bool resume) {
  TlsOptions options;
  return Cost(server, seconds, [&] {
    TlsClient client(server.port(), options);
    if (!client.secure() || (resume && options.resume && !client.resumed())) std::abort();
    client.Send("GET /10 HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!client.Read()) std::abort();
    if (resume) options.resume = client.session();
  });
}

double Connection(Server& server, double seconds) {
  return Cost(server, seconds, [&] {
    RawClient client(server.port());
    client.Send("GET /10 HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!client.Read()) std::abort();
  });
}

std::shared_ptr<tls::Credentials> Credentials(const Authority& authority, int rsa_bits) {
  CertificateSpec spec;
  spec.dns = {"localhost"};
  spec.rsa_bits = rsa_bits;
  const Issued issued = authority.Issue(spec);
  std::string folder = (std::filesystem::temp_directory_path() / "tls_bench_XXXXXX").string();
  if (!mkdtemp(folder.data())) std::abort();
  const tls::KeyPairFiles files{folder + "/cert.pem", folder + "/key.pem"};
  std::ofstream(files.cert_file) << issued.cert_pem;
  std::ofstream(files.key_file) << issued.key_pem;
  tls::ServerSettings settings;
  settings.certificates = {files};
  auto made = tls::Credentials::OfServer("listen", settings, std::make_shared<tls::TicketKeys>());
  const bool good = made->Load().ok();
  std::filesystem::remove_all(folder);
  if (!good) std::abort();
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  const Authority authority;
  const auto ecdsa = Credentials(authority, 0);
  const auto rsa = Credentials(authority, 2048);
  Server plain(nullptr), secure(ecdsa.get()), with_rsa(rsa.get());

  std::printf("server's CPU us per request\n");
  for (const size_t bytes : {size_t{200}, size_t{64} << 10, size_t{1} << 20}) {
    RawClient raw(plain.port());
    TlsClient within(secure.port());
    const double before = Request(plain, raw, seconds, bytes);
    const double after = Request(secure, within, seconds, bytes);
    std::printf("  %8zu bytes  plain %8.2f   TLS %8.2f   +%.2f\n", bytes, before, after,
                after - before);
  }
  const double connect = Connection(plain, seconds);
  std::printf("server's CPU us per connection with one request\n  plain    %8.1f\n", connect);
  const std::pair<const char*, Server*> servers[] = {{"P-256", &secure}, {"RSA 2048", &with_rsa}};
  for (const auto& [name, server] : servers) {
    const double full = Handshake(*server, seconds, false);
    const double resumed = Handshake(*server, seconds, true);
    std::printf("  %-8s full %8.1f (%.0f/s a core)   resumed %8.1f (%.0f/s a core)\n", name, full,
                1e6 / full, resumed, 1e6 / resumed);
  }
  return 0;
}
