// Back ends behind TLS, by both transports: whom they are believed to be, and what is said of those
// who are not.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <fstream>
#include <sstream>

#include "gateway/tls/credentials.h"
#include "gateway/upstream/channel.h"
#include "gateway/upstream/health_check.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/stderr_pipe.h"
#include "tests/support/tls_terminator.h"
#include "tests/unit/upstream/connections.h"
#include "tests/unit/upstream/grpc_server.h"

namespace frontdesk::upstream {
namespace {

using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::CertificateSpec;
using testing_support::Issued;
using testing_support::TlsTerminator;
using testing_support::TlsTerminatorOptions;

class UpstreamTls : public Connections, public ::testing::WithParamInterface<TransportKind> {
 protected:
  UpstreamTls()
      : backend_([](const ServedCall& call) {
          ServedAnswer answer;
          answer.messages = {call.request};
          return answer;
        }) {
    client_.ca_file = authority_.WritePem();
    settings_.connect_timeout = milliseconds(2000);
    settings_.first_backoff = milliseconds(10);
  }

  TlsTerminatorOptions Options(const CertificateSpec& spec = {.addresses = {"127.0.0.1"}}) const {
    return {.certificate = authority_.Issue(spec)};
  }
  std::unique_ptr<Transport> Secure(const std::string& address) {
    settings_.tls = tls::Credentials::OfClient("upstream orders", client_);
    return Another(address);
  }
  // With the same credentials.
  std::unique_ptr<Transport> Another(const std::string& address) {
    settings_.transport = GetParam();
    return MakeTransport(loop_, settings_, TargetOf(address), random_, owner_);
  }
  // A call's end, or why there is no connection.
  absl::Status Call(Transport& transport) {
    if (GetParam() == TransportKind::kH2 && WaitForRoom(loop_, transport) == Readiness::kFailing) {
      return transport.last_failure();
    }
    Record record;
    const auto call = Start(transport, record);
    RunUntilDone(record);
    if (record.status.ok()) {
      EXPECT_EQ(record.messages, std::vector<std::string>{"hello"});
    }
    return record.status;
  }
  static bool is_h2() { return GetParam() == TransportKind::kH2; }

  const Authority authority_;
  GrpcServer backend_;
  tls::ClientSettings client_;
};

INSTANTIATE_TEST_SUITE_P(, UpstreamTls, ::testing::Values(TransportKind::kH2, TransportKind::kGrpc),
                         [](const auto& row) {
                           return row.param == TransportKind::kH2 ? "H2" : "Grpc";
                         });

TEST_P(UpstreamTls, CallsAreCarried) {
  TlsTerminator server(backend_.address(), Options());
  const auto transport = Secure(server.address());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Call(*transport).ok()) << transport->last_failure();
  EXPECT_EQ(server.full() + server.resumed(), 1) << "over one connection";
  EXPECT_EQ(server.client(), "");
  // Large ones, in many records.
  WaitForRoom(loop_, *transport);
  Record record;
  const std::string large(1 << 20, 'x');
  const auto call = Start(*transport, record, large);
  RunUntilDone(record);
  EXPECT_EQ(record.messages, std::vector<std::string>{large});
}

TEST_P(UpstreamTls, WhoIsNotBelieved) {
  const Authority stranger("Stranger");
  const std::chrono::hours day{24};
  const CertificateSpec good{.addresses = {"127.0.0.1"}};
  struct Row {
    const char* name;
    TlsTerminatorOptions options;
    std::string server_name;
    const char* says;
  };
  const Row rows[] = {
      {"expired", Options({.addresses = {"127.0.0.1"}, .valid_from = -2 * day, .valid_for = day}),
       "", "expired at 20"},
      {"too early", Options({.addresses = {"127.0.0.1"}, .valid_from = day}), "",
       "valid only from"},
      {"unknown authority",
       {.certificate = stranger.Issue(good)},
       "",
       "of an unknown authority: CN=Stranger"},
      {"wrong address", Options({.addresses = {"127.0.0.2"}}), "",
       "is for 127.0.0.2, not for 127.0.0.1"},
      {"wrong name", Options({.dns = {"payments"}}), "orders", "is for payments, not for orders"},
      {"without HTTP/2",
       {.certificate = authority_.Issue(good), .protocol = ""},
       "",
       "does not offer HTTP/2 (ALPN h2)"},
      {"old",
       {.certificate = authority_.Issue(good),
        .more = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION); }},
       "",
       "no TLS version in common with the server"},
      {"without ciphers of ours",
       {.certificate = authority_.Issue(good),
        .more =
            [](SSL_CTX* context) {
              SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
              SSL_CTX_set_cipher_list(context, "AES128-SHA");
            }},
       "",
       "refused: "},
      {"wants a certificate",
       {.certificate = authority_.Issue(good), .client_ca_pem = authority_.pem()},
       "",
       "certificate required"},
  };
  for (const Row& row : rows) {
    TlsTerminator server(backend_.address(), row.options);
    client_.server_name = row.server_name;
    const auto transport = Secure(server.address());
    const absl::Status status = Call(*transport);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << row.name << status;
    if (!is_h2()) continue;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says)) << row.name;
    EXPECT_EQ(ReasonOf(status), "UPSTREAM_UNREACHABLE") << row.name;
    EXPECT_TRUE(WasNeverSent(status)) << row.name;
  }
  client_.server_name = "";
  // One that speaks no TLS at all, and one that says nothing.
  const auto plain = Secure(backend_.address());
  const absl::Status status = Call(*plain);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  ScriptedH2Server silent([](ScriptedConnection& c, int) { c.WaitForEnd(); });
  if (is_h2()) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("does not speak TLS"));
    settings_.connect_timeout = milliseconds(200);
    const auto transport = Secure(silent.address());
    EXPECT_THAT(std::string(Call(*transport).message()),
                HasSubstr("no TLS handshake within the time"));
  }
}

TEST_P(UpstreamTls, NamesAndCertificatesOfOurOwn) {
  TlsTerminatorOptions options = Options({.dns = {"orders.internal"}});
  options.client_ca_pem = authority_.pem();
  TlsTerminator server(backend_.address(), options);
  client_.server_name = "orders.internal";
  const Issued ours = authority_.Issue({.common_name = "gateway-1"});
  client_.key_pair = {ours.WriteCert(), ours.WriteKey()};
  const auto transport = Secure(server.address());
  EXPECT_TRUE(Call(*transport).ok()) << transport->last_failure();
  EXPECT_EQ(server.client(), "gateway-1");
  EXPECT_EQ(server.server_name(), "orders.internal");
  // A new one in its place: for new connections.
  const Issued next = authority_.Issue({.common_name = "gateway-2"});
  std::ofstream(client_.key_pair.cert_file) << next.cert_pem;
  std::ofstream(client_.key_pair.key_file) << next.key_pem;
  settings_.tls->Refresh(true);
  server.EndAll(true);
  for (int i = 0; i < 200 && server.client() != "gateway-2"; ++i) (void)Call(*transport);
  EXPECT_EQ(server.client(), "gateway-2");
}

TEST_P(UpstreamTls, FilesThatCannotBeRead) {
  TlsTerminator server(backend_.address(), Options());
  client_.ca_file = "/nowhere/ca.pem";
  const auto transport = Secure(server.address());
  const absl::Status status = Call(*transport);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

// What was in force stays in force, also for connections that are made later.
TEST_P(UpstreamTls, FilesThatAreNoGoodAnyMore) {
  const Authority middle("Middle", authority_);
  Issued ours = middle.Issue({.common_name = "gateway-1"});
  ours.cert_pem += middle.pem();
  client_.key_pair = {ours.WriteCert(), ours.WriteKey()};
  TlsTerminatorOptions options = Options();
  options.client_ca_pem = authority_.pem();
  TlsTerminator server(backend_.address(), options);
  settings_.tls = tls::Credentials::OfClient("upstream orders", client_);
  ASSERT_TRUE(settings_.tls->Load().ok());
  for (const std::string& file :
       {client_.ca_file, client_.key_pair.cert_file, client_.key_pair.key_file}) {
    std::ofstream(file) << "no PEM\n";
    settings_.tls->Refresh(true);
    const auto transport = Another(server.address());
    EXPECT_TRUE(Call(*transport).ok()) << file << transport->last_failure();
  }
  EXPECT_EQ(server.full() + server.resumed(), 3);
  EXPECT_EQ(server.client(), "gateway-1");
}

// Whoever shakes hands, it is the program that speaks.
TEST_P(UpstreamTls, WhatIsSaidIsInTheLogsForm) {
  testing_support::StderrPipe log;
  const Authority stranger("Stranger");
  TlsTerminator server(backend_.address(),
                       {.certificate = stranger.Issue({.addresses = {"127.0.0.1"}})});
  const auto transport = Secure(server.address());
  EXPECT_FALSE(Call(*transport).ok());
  std::istringstream lines(log.ReadSome());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_THAT(line, ::testing::StartsWith(R"({"time":")"));
  }
}

class UpstreamTlsH2 : public UpstreamTls {};
INSTANTIATE_TEST_SUITE_P(, UpstreamTlsH2, ::testing::Values(TransportKind::kH2),
                         [](const auto&) { return "H2"; });

TEST_P(UpstreamTlsH2, SessionsAreResumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsTerminatorOptions options = Options();
    options.more = [version](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); };
    TlsTerminator server(backend_.address(), options);
    settings_.calls_per_connection = 1;
    const auto transport = Secure(server.address());
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(Call(*transport).ok()) << transport->last_failure();
    EXPECT_EQ(server.full(), 1) << version;
    EXPECT_GE(server.resumed(), 3) << version;
  }
}

TEST_P(UpstreamTlsH2, TheSchemeIsHttps) {
  std::string scheme;
  ScriptedH2Server scripted([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    const auto request = c.NextRequest();
    if (!request) return;
    scheme = request->Field(":scheme");
    c.Answer(request->stream, "hello");
  });
  TlsTerminator server(scripted.address(), Options());
  const auto transport = Secure(server.address());
  EXPECT_TRUE(Call(*transport).ok());
  EXPECT_EQ(scheme, "https");
}

// A call whose answer was cut is lost, with a word or without.
TEST_P(UpstreamTlsH2, EndsInTheMiddleOfACall) {
  for (const bool goodbye : {true, false}) {
    std::promise<void> asked;
    ScriptedH2Server scripted([&](ScriptedConnection& c, int) {
      if (!c.Handshake() || !c.NextRequest()) return;
      asked.set_value();
      c.WaitForEnd();
    });
    TlsTerminator server(scripted.address(), Options());
    const auto transport = Secure(server.address());
    WaitForRoom(loop_, *transport);
    Record record;
    const auto call = Start(*transport, record);
    Await(asked.get_future());
    server.EndAll(goodbye);
    RunUntilDone(record);
    EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_RESET") << record.status;
    EXPECT_FALSE(WasNeverSent(record.status));
  }
}

TEST_P(UpstreamTlsH2, HealthChecksGoWithinTls) {
  TlsTerminator server(backend_.address(), Options());
  settings_.tls = tls::Credentials::OfClient("upstream orders", client_);
  std::vector<std::string> troubles;
  EndpointCheck check(
      loop_, settings_, TargetOf(server.address()), random_,
      [&](const EndpointCheck::Outcome& outcome) { troubles.push_back(outcome.trouble); });
  loop_.RunUntil([&] { return !troubles.empty(); });
  EXPECT_EQ(server.full(), 1);
  EXPECT_THAT(troubles[0], ::testing::Not(HasSubstr("TLS")));
}

TEST(HostOfTest, WhatACertificateHasToBeFor) {
  const std::pair<const char*, const char*> rows[] = {
      {"orders.internal:443", "orders.internal"},
      {"orders.internal.:443", "orders.internal"},
      {"127.0.0.1:443", "127.0.0.1"},
      {"[::1]:443", "::1"},
      {"dns:///orders:443", "dns:///orders"},
      {"orders", "orders"},
  };
  for (const auto& [authority, host] : rows) EXPECT_EQ(HostOf(authority), host);
}

// What is said again and again is said once.
TEST(CredentialsLogTest, ComplainsOncePerMinute) {
  testing_support::StderrPipe log;
  const auto credentials = tls::Credentials::OfClient("upstream orders", {});
  TimePoint now = Clock::now();
  for (int i = 0; i < 10; ++i) credentials->Complain("expired", now);
  credentials->Complain("wrong name", now);
  credentials->Complain("wrong name", now + std::chrono::seconds(59));
  credentials->Complain("wrong name", now + std::chrono::seconds(61));
  const std::string text = log.ReadSome();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

}  // namespace
}  // namespace frontdesk::upstream
