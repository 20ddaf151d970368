// Clients within TLS, over real sockets: those that are right, those that are wrong, and those that
// never end what they began.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/tls/credentials.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/process.h"
#include "tests/support/request_text.h"
#include "tests/support/tls_client.h"
#include "tests/unit/http/test_server.h"

namespace frontdesk::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::Eventually;
using testing_support::Issued;
using testing_support::RawClient;
using testing_support::RawResponse;
using testing_support::TlsClient;
using testing_support::TlsOptions;

// The client's random, which everything else of a hello is around.
const std::string kHalfHello =
    std::string("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11) + std::string(32, 'r');

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    const Issued first = authority_.Issue({.common_name = "default", .dns = {"localhost"}});
    const Issued second = authority_.Issue({.common_name = "shop", .dns = {"*.shop.example"}});
    settings_.certificates = {{first.WriteCert(), first.WriteKey()},
                              {second.WriteCert(), second.WriteKey()}};
  }

  TestServer& Serve(const ServerLimits& limits = ServerLimits(),
                    Duration handshake_timeout = std::chrono::seconds(10)) {
    credentials_ = tls::Credentials::OfServer("listen", settings_, keys_);
    EXPECT_TRUE(credentials_->Load().ok());
    server_ = std::make_unique<TestServer>(limits, credentials_.get(), handshake_timeout);
    return *server_;
  }
  bool WaitForHandshakes(const std::string& outcome, double count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (server_->handshakes(outcome) < count) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return server_->handshakes(outcome) == count;
  }

  const Authority authority_;
  const std::shared_ptr<tls::TicketKeys> keys_ = std::make_shared<tls::TicketKeys>();
  tls::ServerSettings settings_;
  std::shared_ptr<tls::Credentials> credentials_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(TlsTest, RequestsAreAnswered) {
  TestServer& server = Serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), {.ca_pem = authority_.pem(),
                                     .min_version = version,
                                     .max_version = version,
                                     .protocols = "\x02h2\x08http/1.1"});
    ASSERT_TRUE(client.secure()) << client.error();
    EXPECT_EQ(client.protocol(), "http/1.1");
    client.Send(Get("/a") + Get("/b") + Get("/big?100000") + Get("/stream?5"));
    EXPECT_EQ(client.Read()->body, "hello /a");
    EXPECT_EQ(client.Read()->body, "hello /b");
    EXPECT_EQ(client.Read()->body, std::string(100000, 'b'));
    EXPECT_EQ(client.Read()->body.size(), size_t{5 * 64 << 10});
    const std::string body(300000, 'x');
    client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
    EXPECT_EQ(client.Read()->body, body);
    client.Send("GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.Read()->body, "hello /c");
    EXPECT_TRUE(client.AtEnd());
    EXPECT_TRUE(client.got_goodbye()) << "that was all, and not what somebody left of it";
  }
  EXPECT_EQ(server.handler().seen().scheme, "https");
  EXPECT_EQ(server.handler().seen().certificate, "");
  EXPECT_EQ(server.handshakes("full"), 2);
}

TEST_F(TlsTest, RecordsOfAnySize) {
  TestServer& server = Serve();
  TlsClient client(server.port(), {.record_bytes = 512});
  const std::string body(200000, 'y');
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + body);
  EXPECT_EQ(client.Read()->body, body);
  EXPECT_TRUE(client.SendInPieces(Get("/slow"), 1)) << "a record for each byte";
  EXPECT_EQ(client.Read()->body, "hello /slow");
}

// Everything that a slow reader does not take waits here, and not all of it.
TEST_F(TlsTest, SlowReadersHoldUpTheirOwnAnswersOnly) {
  TestServer& server = Serve();
  TlsClient slow(server.port());
  slow.Send(Get("/stream?400"));
  TlsClient other(server.port());
  other.Send(Get("/a"));
  EXPECT_EQ(other.Read()->body, "hello /a");
  EXPECT_TRUE(server.handler().WaitFor([](const Seen& seen) { return seen.written > 0; }));
  EXPECT_LT(server.handler().seen().written, uint64_t{400 * 64 << 10});
  EXPECT_EQ(slow.Read()->body.size(), size_t{400 * 64 << 10});
}

TEST_F(TlsTest, TheNameChoosesTheCertificate) {
  TestServer& server = Serve();
  const std::pair<const char*, const char*> rows[] = {
      {"localhost", "default"}, {"a.shop.example", "shop"},     {"A.SHOP.example", "shop"},
      {"", "default"},          {"unknown.example", "default"}, {"a.b.shop.example", "default"}};
  for (const auto& [name, subject] : rows) {
    TlsClient client(server.port(), {.server_name = name});
    EXPECT_EQ(client.server_subject(), subject) << name;
    client.Send(Get("/a"));
    EXPECT_EQ(client.Read()->body, "hello /a") << name;
  }
}

TEST_F(TlsTest, WhoIsRefused) {
  TestServer& server = Serve();
  struct Row {
    const char* name;
    TlsOptions options;
    const char* says;
    const char* outcome;
  };
  const Row rows[] = {
      {"TLS 1.0",
       {.min_version = TLS1_VERSION, .max_version = TLS1_VERSION},
       "protocol version",
       "version"},
      {"TLS 1.1",
       {.min_version = TLS1_1_VERSION, .max_version = TLS1_1_VERSION},
       "protocol version",
       "version"},
      {"CBC",
       {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256"},
       "handshake failure",
       "cipher"},
      {"no forward secrecy",
       {.max_version = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"},
       "handshake failure",
       "cipher"},
      {"anonymous",
       {.max_version = TLS1_2_VERSION, .ciphers = "AECDH-AES128-SHA"},
       "handshake failure",
       "cipher"},
      {"only h2", {.protocols = "\x02h2"}, "no application protocol", "alpn"},
      {"an authority that it does not know",
       {.ca_pem = Authority("Other").pem()},
       "certificate verify failed",
       "refused_by_peer"},
  };
  std::map<std::string, double> counts;
  for (const Row& row : rows) {
    TlsClient client(server.port(), row.options);
    client.Send(Get("/a"));
    EXPECT_FALSE(client.Read()) << row.name;
    EXPECT_THAT(client.error(), HasSubstr(row.says)) << row.name;
    EXPECT_TRUE(WaitForHandshakes(row.outcome, ++counts[row.outcome])) << row.name;
  }
  EXPECT_EQ(server.handler().seen().started, 0u);
  settings_.min_version = tls::Version::kTls13;
  TestServer& strict = Serve();
  EXPECT_FALSE(TlsClient(strict.port(), {.max_version = TLS1_2_VERSION}).secure());
  EXPECT_TRUE(TlsClient(strict.port()).secure());
}

TEST_F(TlsTest, PlainRequestsAreToldSo) {
  TestServer& server = Serve();
  for (const char* method : {"GET", "POST", "OPTIONS", "PATCH"}) {
    RawClient client(server.port());
    client.Send(std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto response = client.Read();
    ASSERT_TRUE(response) << method;
    EXPECT_EQ(response->status, 400) << method;
    EXPECT_EQ(response->body, "TLS_REQUIRED") << method;
    EXPECT_EQ(response->Header("connection"), "close") << method;
    EXPECT_TRUE(client.AtEnd()) << method;
  }
  EXPECT_EQ(server.handshakes("plain_http"), 4);
  EXPECT_EQ(server.handler().seen().started, 0u);
}

TEST_F(TlsTest, GarbageIsClosed) {
  TestServer& server = Serve();
  std::string huge("\x16\x03\x01\xff\xff", 5);
  huge += std::string(100000, 'h');
  for (const std::string& bytes : {std::string(100, '\0'), std::string("hello\r\n\r\n"), huge,
                                   std::string("\x17\x03\x03\x00\x05hello", 10)}) {
    RawClient client(server.port());
    client.Send(bytes);
    // At most an alert, then the end.
    EXPECT_LE(client.ReadToEnd().size(), 7u);
    EXPECT_FALSE(client.was_reset());
  }
  EXPECT_EQ(server.handler().seen().started, 0u);
  TlsClient good(server.port());
  good.Send(Get("/a"));
  EXPECT_EQ(good.Read()->body, "hello /a");
}

TEST_F(TlsTest, StalledHandshakesAreGivenUp) {
  TestServer& server = Serve(ServerLimits(), milliseconds(1000));
  RawClient silent(server.port()), half(server.port()), cut(server.port());
  half.Send(kHalfHello);
  cut.Send(kHalfHello);
  cut.ShutdownWrite();
  EXPECT_LE(cut.ReadToEnd().size(), 7u);
  EXPECT_TRUE(silent.AtEnd());
  EXPECT_TRUE(half.AtEnd());
  EXPECT_TRUE(WaitForHandshakes("timeout", 2));
  EXPECT_TRUE(WaitForHandshakes("cut", 1));
  EXPECT_EQ(server.connections(), 0u);
  // The time of the handshake is not that of what follows.
  TlsClient good(server.port());
  std::this_thread::sleep_for(milliseconds(1500));  // longer than that time
  good.Send(Get("/a"));
  EXPECT_EQ(good.Read()->body, "hello /a");
}

TEST_F(TlsTest, ManyStalledHandshakesLeaveRoomForOthers) {
  ServerLimits limits;
  limits.connections = 101;
  TestServer& server = Serve(limits);
  std::vector<std::unique_ptr<RawClient>> stalled;
  for (int i = 0; i < 100; ++i) {
    stalled.push_back(std::make_unique<RawClient>(server.port()));
    stalled.back()->Send(kHalfHello);
  }
  for (int i = 0; i < 3; ++i) {
    TlsClient good(server.port());
    good.Send(Get("/a"));
    EXPECT_EQ(good.Read()->body, "hello /a");
    good.Close();
  }
  // Whoever shakes hands counts: the next two have to wait for room.
  TlsClient last(server.port());
  EXPECT_TRUE(last.secure());
  std::thread waiting([&] {
    TlsClient late(server.port());
    EXPECT_TRUE(late.secure());
  });
  EXPECT_EQ(server.connections(), 101u);
  stalled.clear();
  waiting.join();
}

TEST_F(TlsTest, ManyHandshakesAtOnceAllSucceed) {
  TestServer& server = Serve();
  TlsClient before(server.port());
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        TlsClient client(server.port());
        client.Send(Get("/a"));
        const auto response = client.Read();
        if (response && response->body == "hello /a") ++good;
      }
    });
  }
  for (int n = 0; n < 20; ++n) {
    before.Send(Get("/b"));
    EXPECT_EQ(before.Read()->body, "hello /b");
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 80);
}

TEST_F(TlsTest, SessionsAreResumedAcrossNewCertificates) {
  TestServer& server = Serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsOptions options{.min_version = version, .max_version = version};
    for (int i = 0; i < 3; ++i) {
      TlsClient client(server.port(), options);
      client.Send(Get("/a"));
      EXPECT_EQ(client.Read()->body, "hello /a");
      EXPECT_EQ(client.resumed(), i > 0) << version;
      options.resume = client.session();
    }
    // The same files, read anew: other contexts, the same keys for tickets.
    const Issued fresh = authority_.Issue({.common_name = "fresh", .dns = {"localhost"}});
    std::ofstream(settings_.certificates[0].cert_file) << fresh.cert_pem;
    std::ofstream(settings_.certificates[0].key_file) << fresh.key_pem;
    credentials_->Refresh(true);
    TlsClient client(server.port(), options);
    EXPECT_TRUE(client.resumed()) << version;
    EXPECT_EQ(TlsClient(server.port()).server_subject(), "fresh");
  }
}

TEST_F(TlsTest, OpenConnectionsSurviveNewCertificates) {
  TestServer& server = Serve();
  TlsClient client(server.port());
  client.Send(Get("/a"));
  EXPECT_EQ(client.Read()->body, "hello /a");
  const Issued fresh = authority_.Issue({.common_name = "fresh", .dns = {"localhost"}});
  std::ofstream(settings_.certificates[0].cert_file) << fresh.cert_pem;
  credentials_->Refresh(true);
  EXPECT_EQ(TlsClient(server.port()).server_subject(), "default") << "half of it is no good";
  std::ofstream(settings_.certificates[0].key_file) << fresh.key_pem;
  credentials_->Refresh(true);
  EXPECT_EQ(TlsClient(server.port()).server_subject(), "fresh");
  client.Send(Get("/b"));
  EXPECT_EQ(client.Read()->body, "hello /b");
}

TEST_F(TlsTest, CertificatesOfClients) {
  settings_.client_auth = tls::ClientAuth::kRequired;
  settings_.client_ca_file = authority_.WritePem();
  TestServer& server = Serve();
  const std::chrono::hours day{24};
  const Authority stranger("Stranger");
  struct Row {
    const char* name;
    Issued certificate;
    const char* says;  // "" when it is let in
    const char* outcome;
  };
  const Row rows[] = {
      {"none", {}, "certificate required", "no_certificate"},
      {"expired",
       authority_.Issue({.common_name = "old", .valid_from = -2 * day, .valid_for = day}),
       "certificate expired", "bad_certificate"},
      {"stranger", stranger.Issue({.common_name = "stranger"}), "unknown ca", "bad_certificate"},
      {"good", authority_.Issue({.common_name = "phone-7"}), "", "full"},
  };
  for (const Row& row : rows) {
    TlsClient client(server.port(), {.certificate = row.certificate});
    client.Send(Get("/a"));
    const auto response = client.Read();
    EXPECT_EQ(response.has_value(), row.says[0] == '\0') << row.name;
    EXPECT_THAT(client.error(), HasSubstr(row.says)) << row.name;
    // The client may know it first.
    EXPECT_TRUE(Eventually([&] { return server.handshakes(row.outcome) >= 1; })) << row.name;
  }
  EXPECT_EQ(server.handler().seen().certificate, "CN=phone-7,O=Frontdesk Tests");
  EXPECT_EQ(server.handler().seen().started, 1u);
}

TEST_F(TlsTest, NoRenegotiationAndNoEarlyData) {
  TestServer& server = Serve();
  TlsClient client(server.port(), {.max_version = TLS1_2_VERSION});
  client.Send(Get("/a"));
  EXPECT_EQ(client.Read()->body, "hello /a");
  EXPECT_EQ(SSL_renegotiate(client.ssl()), 1);
  SSL_do_handshake(client.ssl());
  client.Send(Get("/b"));
  const auto response = client.Read();
  EXPECT_TRUE(!response || response->body == "hello /b") << "refused by a warning or the end";
  EXPECT_EQ(server.handshakes("full"), 1);
  EXPECT_EQ(SSL_get_current_compression(client.ssl()), nullptr);
  TlsClient modern(server.port());
  modern.Send(Get("/a"));
  EXPECT_EQ(modern.Read()->body, "hello /a");
  EXPECT_EQ(SSL_SESSION_get_max_early_data(modern.session().get()), 0u);
}

TEST_F(TlsTest, KeyUpdatesAreAnsweredAndBounded) {
  TestServer& server = Serve();
  TlsClient client(server.port());
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(SSL_key_update(client.ssl(),
                             i % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED),
              1);
    EXPECT_EQ(SSL_do_handshake(client.ssl()), 1);
  }
  client.Send(Get("/a"));
  EXPECT_EQ(client.Read()->body, "hello /a");
}

// What was cut must be told from what has ended.
TEST_F(TlsTest, EndsTellTheTruth) {
  TestServer& server = Serve();
  TlsClient half(server.port());
  half.Send(Get("/half?abort"));
  const auto response = half.Read();
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->cut);
  EXPECT_FALSE(half.got_goodbye());
  // The other way round: a body that ends with its connection is no whole one.
  TlsClient client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  // Unread tickets make the close a reset, which would overtake the request.
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& seen) { return seen.started == 2; }));
  client.Close();
  EXPECT_TRUE(
      server.handler().WaitFor([](const Seen& s) { return s.failure == "CLIENT_CLOSED_REQUEST"; }));
  TlsClient polite(server.port());
  polite.Send(Get("/wait"));
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& seen) { return seen.started == 3; }));
  polite.Goodbye();
  EXPECT_TRUE(server.handler().WaitFor([](const Seen& seen) { return seen.cancelled == 1; }))
      << "who says goodbye does not wait for an answer";
}

TEST_F(TlsTest, DrainEndsIdleAndStalledOnes) {
  TestServer& server = Serve();
  TlsClient idle(server.port());
  idle.Send(Get("/a"));
  EXPECT_EQ(idle.Read()->body, "hello /a");
  RawClient stalled(server.port());
  stalled.Send(kHalfHello);
  while (server.connections() < 2) std::this_thread::yield();
  bool gone = false;
  while (!gone) {
    server.OnLoop([&] {
      server.listener().StopAccepting();
      server.listener().CloseIdle();
      gone = server.listener().connections() == 0;
    });
  }
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_TRUE(idle.got_goodbye());
  EXPECT_TRUE(stalled.AtEnd());
}

}  // namespace
}  // namespace frontdesk::http
