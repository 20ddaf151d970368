// Handshakes in memory: our side against OpenSSL's own, as it likes to be or not.
#include "gateway/tls/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/support/certificates.h"

namespace frontdesk::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::CertificateSpec;
using testing_support::Issued;
using Outcome = Session::Outcome;

KeyPairFiles Files(const Issued& issued) { return {issued.WriteCert(), issued.WriteKey()}; }

std::shared_ptr<const Context> ServerContext(const ServerSettings& settings, TicketKeys& keys) {
  auto made = MakeServerContext(settings, keys);
  EXPECT_TRUE(made.ok()) << made.status();
  return *made;
}

std::shared_ptr<const Context> ClientContext(const ClientSettings& settings) {
  auto made = MakeClientContext(settings);
  EXPECT_TRUE(made.ok()) << made.status();
  return *made;
}

// Bytes from one to the other, as many as there are.
void Carry(Session& from, Session& to, std::string& pending) {
  pending = std::string(from.output());
  from.Sent(pending.size());
  to.Feed(pending);
}

// Until both are through or one has failed.
void Shake(Session& client, Session& server) {
  std::string to_server, to_client;
  for (int round = 0; round < 10; ++round) {
    const Outcome ours = client.Handshake();
    Carry(client, server, to_server);
    const Outcome theirs = server.Handshake();
    Carry(server, client, to_client);
    char none[1];
    size_t bytes = 0;
    if (client.established()) client.Read(none, 1, bytes);  // tickets
    if (server.established() && client.established()) return;
    if (ours == Outcome::kFailed || theirs == Outcome::kFailed) {
      client.Handshake();
      client.Read(none, 1, bytes);  // a late alert
      server.Handshake();
      return;
    }
  }
}

std::string Receive(Session& session, Outcome* end = nullptr) {
  std::string all;
  char bytes[4096];
  size_t got = 0;
  Outcome outcome;
  while ((outcome = session.Read(bytes, sizeof bytes, got)) == Outcome::kBytes) {
    all.append(bytes, got);
  }
  if (end) *end = outcome;
  return all;
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest()
      : issued_(authority_.Issue(
            {.dns = {"localhost", "*.shop.example"}, .addresses = {"127.0.0.1"}})) {
    server_.certificates = {Files(issued_)};
    server_.protocols = {"h2"};
    client_.ca_file = authority_.WritePem();
  }

  Authority authority_;
  Issued issued_;
  TicketKeys keys_;
  ServerSettings server_;
  ClientSettings client_;
};

TEST_F(SessionTest, BytesGoBothWays) {
  const auto server = Session::Server(ServerContext(server_, keys_));
  const auto client = Session::Client(ClientContext(client_), "localhost", nullptr);
  Shake(*client, *server);
  ASSERT_TRUE(client->established()) << client->error();
  ASSERT_TRUE(server->established()) << server->error();
  EXPECT_EQ(client->protocol(), "h2");
  EXPECT_EQ(server->version(), "TLSv1.3");
  EXPECT_EQ(server->server_name(), "localhost");
  EXPECT_FALSE(server->peer_certificate());
  EXPECT_THAT(client->peer_certificate()->dns, ElementsAre("localhost", "*.shop.example"));

  const std::string large(1 << 20, 'x');
  std::string pending;
  EXPECT_TRUE(client->Write("hello"));
  EXPECT_TRUE(client->Write(large));
  EXPECT_TRUE(client->Write(""));
  Carry(*client, *server, pending);
  EXPECT_EQ(Receive(*server), "hello" + large);
  EXPECT_TRUE(server->Write("world"));
  server->Goodbye();
  Carry(*server, *client, pending);
  Outcome end;
  EXPECT_EQ(Receive(*client, &end), "world");
  EXPECT_EQ(end, Outcome::kEnd);
}

TEST_F(SessionTest, EveryCutOfTheBytesGivesTheSame) {
  for (const size_t size : {1, 3, 5, 100}) {
    const auto server = Session::Server(ServerContext(server_, keys_));
    const auto client = Session::Client(ClientContext(client_), "localhost", nullptr);
    std::string got;
    const auto drip = [&](Session& from, Session& to) {
      const std::string bytes(from.output());
      from.Sent(bytes.size());
      for (size_t at = 0; at < bytes.size(); at += size) {
        to.Feed(std::string_view(bytes).substr(at, size));
        if (!to.established()) to.Handshake();
        if (to.established()) got += Receive(to);
      }
    };
    client->Handshake();
    drip(*client, *server);
    drip(*server, *client);
    drip(*client, *server);
    drip(*server, *client);
    ASSERT_TRUE(server->established() && client->established()) << size;
    client->Write("in pieces");
    drip(*client, *server);
    EXPECT_EQ(got, "in pieces");
  }
}

TEST_F(SessionTest, ClientsCheckServers) {
  const Authority stranger("Stranger");
  struct Row {
    const char* name;
    const Authority& signer;
    CertificateSpec spec;
    const char* host;
    std::string server_name;
    Trouble trouble;
    const char* says;
  };
  const std::chrono::hours day{24};
  const Row rows[] = {
      {"exact name", authority_, {.dns = {"a.example"}}, "a.example", "", Trouble::kNone, ""},
      {"case", authority_, {.dns = {"A.example"}}, "a.EXAMPLE", "", Trouble::kNone, ""},
      {"wildcard", authority_, {.dns = {"*.a.example"}}, "x.a.example", "", Trouble::kNone, ""},
      {"configured name",
       authority_,
       {.dns = {"orders"}},
       "127.0.0.1",
       "orders",
       Trouble::kNone,
       ""},
      {"address", authority_, {.addresses = {"127.0.0.1"}}, "127.0.0.1", "", Trouble::kNone, ""},
      {"IPv6", authority_, {.addresses = {"::1"}}, "::1", "", Trouble::kNone, ""},
      {"wrong name",
       authority_,
       {.dns = {"b.example", "c.example"}},
       "a.example",
       "",
       Trouble::kPeer,
       "the server's certificate is for b.example, c.example, not for a.example"},
      {"two labels",
       authority_,
       {.dns = {"*.a.example"}},
       "x.y.a.example",
       "",
       Trouble::kPeer,
       "not for x.y.a.example"},
      {"part of a label",
       authority_,
       {.dns = {"x*.a.example"}},
       "xy.a.example",
       "",
       Trouble::kPeer,
       "not for"},
      {"wrong address",
       authority_,
       {.addresses = {"127.0.0.2"}},
       "127.0.0.1",
       "",
       Trouble::kPeer,
       "is for 127.0.0.2, not for 127.0.0.1"},
      {"name instead of address",
       authority_,
       {.dns = {"127.0.0.1"}},
       "127.0.0.1",
       "",
       Trouble::kPeer,
       "not for"},
      {"expired",
       authority_,
       {.dns = {"a.example"}, .valid_from = -2 * day, .valid_for = day},
       "a.example",
       "",
       Trouble::kPeer,
       "expired at 20"},
      {"too early",
       authority_,
       {.dns = {"a.example"}, .valid_from = day},
       "a.example",
       "",
       Trouble::kPeer,
       "is valid only from 20"},
      {"unknown authority",
       stranger,
       {.dns = {"a.example"}},
       "a.example",
       "",
       Trouble::kPeer,
       "is of an unknown authority: CN=Stranger"},
      {"a client's",
       authority_,
       {.dns = {"a.example"}, .usage = "clientAuth"},
       "a.example",
       "",
       Trouble::kPeer,
       "may not be used as a server's"},
  };
  for (const Row& row : rows) {
    ServerSettings settings = server_;
    settings.certificates = {Files(row.signer.Issue(row.spec))};
    ClientSettings ours = client_;
    ours.server_name = row.server_name;
    const auto server = Session::Server(ServerContext(settings, keys_));
    const auto client = Session::Client(ClientContext(ours), row.host, nullptr);
    Shake(*client, *server);
    EXPECT_EQ(client->established(), row.trouble == Trouble::kNone) << row.name << client->error();
    EXPECT_EQ(client->trouble(), row.trouble) << row.name;
    EXPECT_THAT(client->error(), HasSubstr(row.says)) << row.name;
    if (row.trouble != Trouble::kNone) {
      EXPECT_EQ(server->trouble(), Trouble::kRefused) << row.name << server->error();
    }
  }
}

TEST_F(SessionTest, ServersCheckClients) {
  const Authority stranger("Stranger");
  const Authority below("Below", authority_);
  const std::chrono::hours day{24};
  struct Row {
    const char* name;
    ClientAuth auth;
    const Authority* signer;  // null: no certificate
    CertificateSpec spec;
    Trouble trouble;
    const char* says;
  };
  const CertificateSpec good{.common_name = "phone-7", .uris = {"spiffe://shop/phone"}};
  const Row rows[] = {
      {"none asked", ClientAuth::kNone, nullptr, {}, Trouble::kNone, ""},
      {"none asked, one there", ClientAuth::kNone, &stranger, good, Trouble::kNone, ""},
      {"optional, none", ClientAuth::kOptional, nullptr, {}, Trouble::kNone, ""},
      {"optional", ClientAuth::kOptional, &authority_, good, Trouble::kNone, ""},
      {"optional, bad", ClientAuth::kOptional, &stranger, good, Trouble::kPeer,
       "unknown authority"},
      {"required, none",
       ClientAuth::kRequired,
       nullptr,
       {},
       Trouble::kNoPeer,
       "the client has no certificate"},
      {"required", ClientAuth::kRequired, &authority_, good, Trouble::kNone, ""},
      {"expired",
       ClientAuth::kRequired,
       &authority_,
       {.common_name = "old", .valid_from = -2 * day, .valid_for = day},
       Trouble::kPeer,
       "the client's certificate (CN=old,O=Frontdesk Tests) expired at"},
      {"too early",
       ClientAuth::kRequired,
       &authority_,
       {.valid_from = day},
       Trouble::kPeer,
       "is valid only from"},
      {"stranger", ClientAuth::kRequired, &stranger, good, Trouble::kPeer, "unknown authority"},
      {"without its chain", ClientAuth::kRequired, &below, good, Trouble::kPeer,
       "unknown authority"},
      {"a server's",
       ClientAuth::kRequired,
       &authority_,
       {.usage = "serverAuth"},
       Trouble::kPeer,
       "may not be used as a client's"},
  };
  for (const Row& row : rows) {
    ServerSettings settings = server_;
    settings.client_auth = row.auth;
    settings.client_ca_file = authority_.WritePem();
    ClientSettings ours = client_;
    if (row.signer) ours.key_pair = Files(row.signer->Issue(row.spec));
    const auto server = Session::Server(ServerContext(settings, keys_));
    const auto client = Session::Client(ClientContext(ours), "localhost", nullptr);
    Shake(*client, *server);
    EXPECT_EQ(server->established(), row.trouble == Trouble::kNone) << row.name;
    EXPECT_EQ(server->trouble(), row.trouble) << row.name << server->error();
    EXPECT_THAT(server->error(), HasSubstr(row.says)) << row.name;
    const bool known = row.trouble == Trouble::kNone && row.signer && row.auth != ClientAuth::kNone;
    EXPECT_EQ(server->peer_certificate().has_value(), known) << row.name;
    if (!known) continue;
    const Certificate peer = *server->peer_certificate();
    EXPECT_EQ(peer.subject, "CN=phone-7,O=Frontdesk Tests");
    EXPECT_THAT(peer.uris, ElementsAre("spiffe://shop/phone"));
    EXPECT_EQ(peer.fingerprint.size(), 64u);
    EXPECT_FALSE(peer.is_expired(std::chrono::system_clock::now()));
  }
}

TEST_F(SessionTest, SessionsAreResumed) {
  server_.client_auth = ClientAuth::kOptional;
  server_.client_ca_file = authority_.WritePem();
  client_.key_pair = Files(authority_.Issue({.common_name = "phone-7"}));
  const auto server_context = ServerContext(server_, keys_);
  const auto client_context = ClientContext(client_);
  const auto resumption = std::make_shared<Resumption>();
  const auto connect = [&](const std::shared_ptr<const Context>& ours,
                           const std::shared_ptr<const Context>& theirs) {
    const auto server = Session::Server(theirs);
    const auto client = Session::Client(ours, "localhost", resumption);
    Shake(*client, *server);
    EXPECT_TRUE(server->established()) << server->error();
    EXPECT_EQ(client->resumed(), server->resumed());
    EXPECT_EQ(server->peer_certificate()->common_name, "phone-7") << "also when it is resumed";
    return server->resumed();
  };
  EXPECT_FALSE(connect(client_context, server_context));
  EXPECT_TRUE(connect(client_context, server_context));
  EXPECT_TRUE(connect(client_context, server_context)) << "again, with a ticket of a resumed one";
  EXPECT_TRUE(connect(client_context, ServerContext(server_, keys_))) << "new server certificates";
  EXPECT_FALSE(connect(ClientContext(client_), server_context)) << "new credentials of the client";
  EXPECT_FALSE(connect(client_context, server_context))
      << "whose sessions are not those of the first";
  TicketKeys others;
  EXPECT_FALSE(connect(client_context, ServerContext(server_, others))) << "another process";
  connect(client_context, server_context);
  server_.client_auth = ClientAuth::kRequired;
  EXPECT_FALSE(connect(client_context, ServerContext(server_, keys_))) << "other rules";
}

TEST_F(SessionTest, EndsThatWereCut) {
  const auto server_context = ServerContext(server_, keys_);
  struct Row {
    const char* name;
    bool goodbye;
    Outcome end;
  };
  for (const Row& row :
       {Row{"goodbye", true, Outcome::kEnd}, Row{"cut", false, Outcome::kWouldBlock}}) {
    const auto server = Session::Server(server_context);
    const auto client = Session::Client(ClientContext(client_), "localhost", nullptr);
    Shake(*client, *server);
    client->Write("last");
    if (row.goodbye) client->Goodbye();
    std::string pending;
    Carry(*client, *server, pending);
    Outcome end;
    EXPECT_EQ(Receive(*server, &end), "last");
    EXPECT_EQ(end, row.end) << row.name;
  }
}

TEST_F(SessionTest, WhatIsNoTls) {
  struct Row {
    const char* name;
    std::string bytes;
    Trouble trouble;
  };
  std::string huge = "\x16\x03\x01";
  huge += "\xff\xff" + std::string(70000, 'a');
  const Row rows[] = {
      {"GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Trouble::kPlainHttp},
      {"a method that OpenSSL does not know", "PATCH /x HTTP/1.1\r\n\r\n", Trouble::kPlainHttp},
      {"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Trouble::kPlainHttp},
      {"garbage", std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a", 11), Trouble::kOther},
      {"text", "hello world, is this thing on?", Trouble::kOther},
      {"SSLv2", std::string("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11), Trouble::kVersion},
      {"a record that is too large", huge, Trouble::kOther},
      {"an alert first", std::string("\x15\x03\x01\x00\x02\x02\x28", 7), Trouble::kOther},
      {"data first", std::string("\x17\x03\x03\x00\x05hello", 10), Trouble::kOther},
  };
  for (const Row& row : rows) {
    const auto server = Session::Server(ServerContext(server_, keys_));
    server->Feed(row.bytes);
    Outcome outcome = server->Handshake();
    // Some of it looks like the begin of more.
    if (outcome == Outcome::kWouldBlock) {
      const std::string more(40000, 'z');
      server->Feed(more);
      outcome = server->Handshake();
    }
    EXPECT_EQ(outcome, Outcome::kFailed) << row.name;
    EXPECT_EQ(server->trouble(), row.trouble) << row.name << ": " << server->error();
    EXPECT_NE(server->error(), "") << row.name;
    char byte;
    size_t bytes = 0;
    EXPECT_EQ(server->Read(&byte, 1, bytes), Outcome::kFailed) << row.name;
    EXPECT_FALSE(server->Write("x")) << row.name;
  }
}

}  // namespace
}  // namespace frontdesk::tls
