// The whole house with TLS in front and behind, and the tools that people have as clients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_client.h"
#include "tests/support/tls_terminator.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::Issued;
using testing_support::Process;
using testing_support::TlsClient;
using testing_support::TlsOptions;
using testing_support::TlsTerminator;

constexpr char kOrder[] = "/api/v1/orders/order-1";

// A gateway with a certificate for localhost in files that a test may replace.
class Secure {
 public:
  Secure() { WriteCertificate("first"); }

  std::string Yaml(const std::string& more = "") const {
    return Cat(
        "listen:\n  address: 127.0.0.1:0\n  workers: 4\n  tls:\n    certificates: [{cert_file: ",
        cert_file, ", key_file: ", key_file, "}]\n", more);
  }
  void WriteCertificate(const std::string& name) {
    const Issued issued = authority.Issue({.common_name = name, .dns = {"localhost"}});
    Replace(cert_file, issued.cert_pem);
    Replace(key_file, issued.key_pem);
  }
  static void Replace(const std::string& file, const std::string& text) {
    std::ofstream(file + ".new") << text;
    std::rename((file + ".new").c_str(), file.c_str());
  }

  const Authority authority;
  const std::string ca_file = authority.WritePem();
  const std::string cert_file = testing_support::WriteTempFile("listen.pem", "");
  const std::string key_file = testing_support::WriteTempFile("listen.key", "");
};

// The demo's configuration, with another section `listen`.
std::string WithListen(const std::string& yaml, const std::string& listen) {
  return Cat(listen, yaml.substr(yaml.find("admin:")));
}

// All of stdout, line by line.
std::string OutputOf(std::vector<std::string> command) {
  Process process(std::move(command));
  std::string out;
  while (const std::optional<std::string> line = process.ReadLine(milliseconds(20000))) {
    out += *line + '\n';
  }
  process.Wait(milliseconds(20000));
  return out;
}

std::string Config(const Mocks& mocks, const Secure& secure, const std::string& more = "",
                   const GatewayOptions& options = {}) {
  return testing_support::WriteTempFile("tls.yaml",
                                        WithListen(DemoConfig(mocks, options), secure.Yaml(more)));
}

TEST(Tls, ToolsThatPeopleHave) {
  Mocks mocks;
  Secure secure;
  Frontdesk gateway(Config(mocks, secure));
  const std::string at = Cat("https://localhost:", gateway.port(), kOrder);
  const std::string to = Cat("localhost:", gateway.port(), ":127.0.0.1");
  EXPECT_THAT(
      OutputOf({"/usr/bin/curl", "-sS", "--noproxy", "*", "--resolve", to, "--cacert",
                secure.ca_file, "-w", "\n%{http_version} %{http_code} %{ssl_verify_result}\n", at}),
      HasSubstr("\n1.1 200 0\n"));
  EXPECT_THAT(OutputOf({"/usr/bin/curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w",
                        "%{http_code}\n", Cat("http://127.0.0.1:", gateway.port(), kOrder)}),
              HasSubstr("400"));
  EXPECT_THAT(
      OutputOf(
          {"/bin/sh", "-c",
           Cat("printf 'GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' "
               "| openssl s_client -connect 127.0.0.1:",
               gateway.port(), " -servername localhost -CAfile ", secure.ca_file,
               " -alpn h2,http/1.1 -ign_eof 2>&1")}),
      ::testing::AllOf(HasSubstr("Verify return code: 0 (ok)"),
                       HasSubstr("ALPN protocol: http/1.1"), HasSubstr("HTTP/1.1 200")));
  // Four workers, of which any may get the next connection: one key for all tickets.
  TlsOptions options{.ca_pem = secure.authority.pem()};
  int resumed = 0;
  for (int i = 0; i < 20; ++i) {
    TlsClient client(gateway.port(), options);
    client.Send(RequestText("GET", kOrder));
    const auto response = client.Read();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->Header("strict-transport-security"), "max-age=31536000");
    resumed += client.resumed();
    options.resume = client.session();
  }
  EXPECT_EQ(resumed, 19);
  EXPECT_EQ(gateway.Metric("frontdesk_tls_handshakes_total{outcome=\"resumed\"}"), 19);
}

// As many as can be: connections that stay, and new ones, while certificates change again and
// again, to good ones and to bad ones.
TEST(Tls, NewCertificatesLoseNothing) {
  Mocks mocks;
  Secure secure;
  Frontdesk gateway(Config(mocks, secure));
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, failed{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&, i] {
      while (!stop) {
        TlsClient client(gateway.port(), {.ca_pem = secure.authority.pem()});
        // Some stay for long, some for one request.
        for (int n = 0; n < (i % 2 ? 1000 : 1) && !stop; ++n) {
          client.Send(RequestText("GET", kOrder));
          const auto response = client.Read();
          if (!response) {
            ++failed;
            ADD_FAILURE() << "no answer: " << client.error();
            break;
          }
          // A machine that is busy may have refused it.
          EXPECT_THAT(response->status, ::testing::AnyOf(200, 503)) << response->body;
          if (response->status == 200) ++answered;
        }
      }
    });
  }
  const auto serves = [&](const std::string& name) {
    return TlsClient(gateway.port()).server_subject() == name;
  };
  for (int round = 0; round < 5; ++round) {
    const std::string name = Cat("round-", round);
    secure.WriteCertificate(name);
    gateway.process().Signal(SIGHUP);
    EXPECT_TRUE(Eventually([&] { return serves(name); }));
    Secure::Replace(secure.key_file, "garbage");
    gateway.process().Signal(SIGHUP);
    const std::string failures = "frontdesk_tls_reloads_total{for=\"listen\",result=\"failure\"}";
    EXPECT_TRUE(Eventually([&] { return gateway.Metric(failures) == round + 1; }));
    EXPECT_TRUE(serves(name)) << "the old one stays";
  }
  // Without a signal: they are looked at all the time.
  secure.WriteCertificate("watched");
  EXPECT_TRUE(Eventually([&] { return serves("watched"); }));
  const int before = answered;
  EXPECT_TRUE(Eventually([&] { return answered > before + 100; }));
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failed, 0) << gateway.process().Stderr();
  EXPECT_THAT(gateway.process().Stderr(),
              HasSubstr("new certificates are no good, the old ones stay"));
  const nlohmann::json page = Json(Fetch(gateway.admin(), "GET", "/certificates"));
  EXPECT_EQ(page["certificates"][0]["for"], "listen");
  EXPECT_EQ(page["certificates"][0]["failed_reloads"], 5);
  EXPECT_GT(page["certificates"][0]["in_force"][0]["expires_in_s"], 3600);
  const std::string expiry = Cat("frontdesk_tls_certificate_expiry_seconds{for=\"listen\",file=\"",
                                 secure.cert_file, "\"}");
  EXPECT_GT(gateway.Metric(expiry), 3600);
}

TEST(Tls, BackEndsBehindTls) {
  Mocks mocks;
  const Authority authority, other("Other");
  TlsTerminator good(Cat("127.0.0.1:", mocks.port("order")),
                     {.certificate = authority.Issue({.dns = {"orders.internal"}}),
                      .client_ca_pem = authority.pem()});
  TlsTerminator bad(Cat("127.0.0.1:", mocks.port("payment")),
                    {.certificate = other.Issue({.dns = {"orders.internal"}})});
  const Issued ours = authority.Issue({.common_name = "gateway"});
  for (const char* transport : {"h2", "grpc"}) {
    Frontdesk gateway(mocks, {.transport = transport,
                              .extra = "",
                              .endpoints = {{"order", good.address()}, {"payment", bad.address()}},
                              .upstream = {}});
    // Without TLS the back end is none.
    EXPECT_EQ(Fetch(gateway.port(), "GET", kOrder).status, 503) << transport;
    std::string yaml =
        DemoConfig(mocks, {.transport = transport,
                           .endpoints = {{"order", good.address()}, {"payment", bad.address()}}});
    const std::string tls = Cat("    tls: {ca_file: ", authority.WritePem(),
                                ", server_name: orders.internal, cert_file: ", ours.WriteCert(),
                                ", key_file: ", ours.WriteKey(), "}\n");
    for (const char* service : {"shop.order.v1.Orders", "shop.payment.v1.Payments"}) {
      const size_t line = yaml.find('\n', yaml.find(Cat("services: [", service)));
      yaml.insert(line + 1, tls);
    }
    Frontdesk secure(testing_support::WriteTempFile("upstream_tls.yaml", yaml));
    const RawResponse order = Fetch(secure.port(), "GET", kOrder);
    EXPECT_EQ(order.status, 200) << transport << order.body << secure.process().Stderr();
    EXPECT_EQ(good.client(), "gateway");
    const RawResponse payment = Fetch(secure.port(), "GET", "/api/v1/payments/payment-1");
    EXPECT_EQ(payment.status, 503) << transport << payment.body;
    EXPECT_EQ(payment.body.find("authority"), std::string::npos)
        << "nothing of it leaves the house";
    if (std::string(transport) == "h2") {
      EXPECT_THAT(secure.process().Stderr(), HasSubstr("is of an unknown authority: CN=Other"));
    }
  }
}

TEST(Tls, CheckSaysWhatIsWrong) {
  Mocks mocks;
  Secure secure;
  EXPECT_EQ(RunVerb({"check", "-c", Config(mocks, secure)}).first, 0);
  const Issued expired = secure.authority.Issue({.dns = {"localhost"},
                                                 .valid_from = std::chrono::hours(-48),
                                                 .valid_for = std::chrono::hours(24)});
  Secure::Replace(secure.cert_file, expired.cert_pem);
  EXPECT_THAT(RunVerb({"check", "-c", Config(mocks, secure)}).second,
              HasSubstr("is not the key of the certificate"));
  Secure::Replace(secure.key_file, expired.key_pem);
  const auto [code, text] = RunVerb({"check", "-c", Config(mocks, secure)});
  EXPECT_EQ(code, 1);
  EXPECT_THAT(
      text,
      HasSubstr(
          "5:32: listen.tls.certificates[0].cert_file: the certificate of localhost expired at"));
}

}  // namespace
}  // namespace frontdesk::e2e
