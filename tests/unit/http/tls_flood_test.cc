// Clients that ask TLS for what it has to answer, and never read the answers.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/tls/credentials.h"
#include "tests/support/certificates.h"
#include "tests/support/request_text.h"
#include "tests/support/tls12_records.h"
#include "tests/unit/http/test_server.h"

namespace frontdesk::http {
namespace {

using testing_support::Authority;
using testing_support::Issued;
using testing_support::Tls12Records;
using testing_support::TlsClient;

// What the kernel keeps on its way, both ways, and some more.
constexpr size_t kMostTaken = 20 << 20;
constexpr size_t kFlood = 40 << 20;
// A hello that asks for new keys, as short as it may be to be refused.
constexpr std::string_view kHello("\x01\x00\x00\x00", 4);

class TlsFloodTest : public ::testing::Test {
 protected:
  TlsFloodTest() {
    const Authority authority;
    const Issued issued = authority.Issue({.common_name = "default", .dns = {"localhost"}});
    settings_.certificates = {{issued.WriteCert(), issued.WriteKey()}};
    credentials_ = tls::Credentials::OfServer("listen", settings_, keys_);
    EXPECT_TRUE(credentials_->Load().ok());
    ServerLimits limits;
    limits.send_timeout = std::chrono::milliseconds(300);
    server_ = std::make_unique<TestServer>(limits, credentials_.get());
  }

  // How much of what `next` makes the server takes before it ends the connection; kFlood when it
  // takes all.
  static size_t Flood(int socket, const std::function<std::string()>& next) {
    size_t taken = 0;
    while (taken < kFlood) {
      const std::string bytes = next();
      size_t sent = 0;
      while (sent < bytes.size()) {
        const ssize_t now = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (now <= 0) return taken + sent;
        sent += static_cast<size_t>(now);
      }
      taken += sent;
    }
    return taken;
  }
  void ExpectOthersServed() {
    TlsClient other(server_->port());
    other.Send(Get("/a"));
    const auto response = other.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "hello /a");
  }

  const std::shared_ptr<tls::TicketKeys> keys_ = std::make_shared<tls::TicketKeys>();
  tls::ServerSettings settings_;
  std::shared_ptr<tls::Credentials> credentials_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(TlsFloodTest, HellosWhoseRefusalsNobodyReads) {
  struct Row {
    const char* name;
    std::string first;      // of data, before the flood
    std::string with_each;  // of data, behind each hello
  };
  const Row rows[] = {
      {"between requests", "", ""},
      {"within a body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n", "b"},
      {"behind an answer that nobody reads", Get("/big?30000000"), ""},
  };
  for (const Row& row : rows) {
    TlsClient client(server_->port(), Tls12Records::Options());
    ASSERT_TRUE(client.secure()) << client.error();
    client.ReceiveBuffer(64 << 10);
    Tls12Records records(client);
    const auto hellos = [&] {
      std::string bytes;
      for (int i = 0; i < 500; ++i) {
        bytes += records.Seal(Tls12Records::kHandshake, kHello);
        if (!row.with_each.empty()) bytes += records.Seal(Tls12Records::kData, row.with_each);
      }
      return bytes;
    };
    const int socket = SSL_get_fd(client.ssl());
    if (!row.first.empty()) {
      const std::string first = records.Seal(Tls12Records::kData, row.first);
      ASSERT_EQ(::send(socket, first.data(), first.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(first.size()));
    }
    EXPECT_LT(Flood(socket, hellos), kMostTaken) << row.name;
    ExpectOthersServed();
  }
}

TEST_F(TlsFloodTest, HellosAreRefusedAndTheConnectionGoesOn) {
  TlsClient client(server_->port(), Tls12Records::Options());
  ASSERT_TRUE(client.secure()) << client.error();
  Tls12Records records(client);
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += records.Seal(Tls12Records::kHandshake, kHello);
  bytes +=
      records.Seal(Tls12Records::kData, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const int socket = SSL_get_fd(client.ssl());
  ASSERT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  // Sealed records: a kind of five bytes, whose last two are the length.
  std::string came(64 << 10, '\0');
  size_t size = 0;
  for (ssize_t got; (got = ::recv(socket, came.data() + size, came.size() - size, 0)) > 0;) {
    size += static_cast<size_t>(got);
  }
  int alerts = 0, data = 0;
  for (size_t at = 0; at + 5 <= size;) {
    if (came[at] == Tls12Records::kAlert) ++alerts;
    if (came[at] == Tls12Records::kData) ++data;
    at += 5 + (static_cast<unsigned char>(came[at + 3]) << 8U) +
          static_cast<unsigned char>(came[at + 4]);
  }
  EXPECT_EQ(alerts, 101) << "a refusal for each, and the goodbye";
  EXPECT_EQ(data, 1);
}

TEST_F(TlsFloodTest, KeyUpdatesWhoseAnswersNobodyReads) {
  TlsClient client(server_->port());
  ASSERT_TRUE(client.secure()) << client.error();
  client.ReceiveBuffer(64 << 10);
  // OpenSSL sends one at a time, so that this is slow: a socket that takes nothing ends it.
  const int socket = SSL_get_fd(client.ssl());
  const timeval patience{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  size_t updates = 0;
  constexpr size_t kMost = 1'000'000;
  while (updates < kMost) {
    if (SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED) != 1) break;
    if (SSL_do_handshake(client.ssl()) != 1) break;
    ++updates;
  }
  EXPECT_LT(updates, kMost);
  ExpectOthersServed();
}

}  // namespace
}  // namespace frontdesk::http
