// Attacks on those who vouch for callers, and on what they say: keys that are fetched, tokens that
// their issuer is asked about, clients' certificates. A gateway with all of them, judged at both
// ends.
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "gateway/base/text.h"
#include "gateway/identity/api_keys.h"
#include "tests/e2e/stack.h"
#include "tests/support/certificates.h"
#include "tests/support/jose.h"
#include "tests/support/tls_client.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::JoseKey;
using testing_support::Authority;
using testing_support::Issued;
using testing_support::ReadFile;
using testing_support::TlsClient;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kOrderAndToken[] = "/api/v1/orders/order-1?access%5Ftoken=x";
constexpr char kUser[] = "/api/v1/users/user-1";

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Of somebody whom the issuer `idp` vouches for.
std::string ClaimsOf(const std::string& sub) {
  return json{
      {"iss", "idp"}, {"aud", "shop"}, {"sub", sub}, {"exp", Now() + 600}, {"scope", "orders.read"}}
      .dump();
}

// An issuer on loopback: its keys, and what it says about opaque tokens; and a stranger's keys.
class Issuer {
 public:
  Issuer() {
    http_.Get("/keys", [this](const httplib::Request&, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ++fetches_;
      response.status = status_;
      if (status_ == 302) response.set_header("Location", "http://169.254.169.254/latest");
      response.set_content(keys_, "application/json");
    });
    http_.Get("/evil", [this](const httplib::Request&, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ++evil_fetches_;
      response.set_content(evil_keys_, "application/json");
    });
    http_.Post("/introspect", [this](const httplib::Request& request, httplib::Response& response) {
      std::unique_lock lock(mutex_);
      const std::string token = request.get_param_value("token");
      ++asked_[token];
      order_.push_back(token);
      changed_.wait(lock, [this] { return !held_; });
      const bool knows_us = request.get_header_value("Authorization") == "Basic ZGVzazpzM2NyZXQ=";
      const auto answer = answers_.find(token);
      const auto status = statuses_.find(token);
      response.status = !knows_us ? 401 : status == statuses_.end() ? 200 : status->second;
      response.set_content(answer == answers_.end() ? R"({"active":false})" : answer->second,
                           "application/json");
    });
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
  }
  ~Issuer() {
    Hold(false);
    http_.stop();
    thread_.join();
  }

  void SetKeys(const std::string& keys, int status = 200) {
    const std::lock_guard lock(mutex_);
    keys_ = keys;
    status_ = status;
  }
  void SetEvilKeys(const std::string& keys) {
    const std::lock_guard lock(mutex_);
    evil_keys_ = keys;
  }
  void Say(const std::string& token, const std::string& answer, int status = 200) {
    const std::lock_guard lock(mutex_);
    answers_[token] = answer;
    statuses_[token] = status;
  }
  int asked(const std::string& token) {
    const std::lock_guard lock(mutex_);
    return asked_[token];
  }
  // Answers about tokens come once they are no longer held.
  void Hold(bool held) {
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
    }
    changed_.notify_all();
  }
  // The tokens that were asked about so far.
  std::vector<std::string> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  int fetches() {
    const std::lock_guard lock(mutex_);
    return fetches_;
  }
  int evil_fetches() {
    const std::lock_guard lock(mutex_);
    return evil_fetches_;
  }
  std::string At(std::string_view path) const { return Cat("http://127.0.0.1:", port_, path); }

 private:
  std::mutex mutex_;
  std::string keys_;
  int status_ = 200;
  int fetches_ = 0;
  std::string evil_keys_;
  int evil_fetches_ = 0;
  std::map<std::string, std::string> answers_;
  std::map<std::string, int> statuses_;
  std::map<std::string, int> asked_;
  std::vector<std::string> order_;
  bool held_ = false;
  std::condition_variable changed_;
  httplib::Server http_;
  int port_ = 0;
  std::thread thread_;
};

class IssuerAttacks : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mocks_ = new Mocks();
    issuer_ = new Issuer();
    issuer_->SetKeys(Key().Set());
    authority_ = new Authority();
    log_ = WriteTempFile("access.log", "");
    const Issued own = authority_->Issue({.dns = {"localhost"}});
    const std::string keys =
        WriteTempFile("keys.json", Cat(R"({"keys":[{"sub":"ada","scope":"orders.read","sha256":")",
                                       ToHex(identity::HashOfApiKey("robot-key")), "\"}]}"));
    GatewayOptions options;
    options.caller = "";
    options.extra = Cat(
        "log: {file: ", log_, "}\nauth:\n  api_keys: {file: ", keys,
        ", subject_prefix: 'key:'}\n  client_certificates:\n    subject_prefix: 'cert:'\n"
        "    rules: [{from: uri, prefix: 'spiffe://shop/', scopes: [orders.read]}]\n"
        "  claim_metadata: [{claim: tenant, key: x-tenant}]\n  providers:\n"
        "    idp: {issuer: idp, audiences: [shop], subject_prefix: 'user:', refresh_interval: 1s, "
        "jwks_url: '",
        issuer_->At("/keys"),
        "'}\n    partner:\n      audiences: [shop]\n      subject_prefix: 'partner:'\n"
        "      introspection: {url: '",
        issuer_->At("/introspect"),
        "', client_id: desk, client_secret_file: ", WriteTempFile("secret", "s3cret\n"),
        ", inactive_ttl: 60s, timeout: 20s}\n",
        "methods:\n  shop.order.v1.Orders/GetOrder: {auth: {scopes: [orders.read]}}\n"
        "  shop.user.v1.Users/GetUser: {auth: {credentials: [certificate]}}\n");
    const std::string yaml = DemoConfig(*mocks_, options);
    const std::string listen = Cat(
        "listen:\n  address: 127.0.0.1:0\n  workers: 2\n  tls:\n    certificates: [{cert_file: ",
        own.WriteCert(), ", key_file: ", own.WriteKey(),
        "}]\n    client_auth: optional\n    client_ca_file: ", authority_->WritePem(), "\n");
    gateway_ =
        new Frontdesk(WriteTempFile("issuer.yaml", Cat(listen, yaml.substr(yaml.find("admin:")))));
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete authority_;
    delete issuer_;
    delete mocks_;
  }
  void SetUp() override { mocks_->Reset(); }

  static const JoseKey& Key() {
    static const auto* const key = new JoseKey("ES256", "one");
    return *key;
  }
  static std::string Jwt(const std::string& sub, const JoseKey& key = Key()) {
    return key.Token(ClaimsOf(sub));
  }
  static std::string Active(const std::string& sub, const json& over = {}) {
    json answer{{"active", true}, {"sub", sub}, {"aud", "shop"}, {"scope", "orders.read"}};
    for (const auto& [name, value] : over.items()) answer[name] = value;
    return answer.dump();
  }
  // What becomes of a GET with these header lines, by whoever has this certificate.
  static RawResponse Get(std::string_view target, const HeaderList& headers,
                         const Issued& certificate = {}) {
    TlsClient client(gateway_->port(), {.certificate = certificate});
    std::string request = Cat("GET ", target, " HTTP/1.1\r\nhost: localhost\r\n");
    for (const auto& [name, value] : headers) request += Cat(name, ": ", value, "\r\n");
    client.Send(request + "\r\n");
    return client.Read().value_or(RawResponse());
  }
  static HeaderList Bearer(const std::string& token) {
    return {{"authorization", Cat("Bearer ", token)}};
  }
  // The name under which the last caller has arrived, or "".
  static std::string Arrived(const std::string& service) {
    const std::string all = mocks_->Arrivals(service).dump();
    for (const char* prefix : {"user:", "partner:", "key:", "cert:"}) {
      const size_t at = all.find(Cat('"', prefix));
      if (at != std::string::npos) return all.substr(at + 1, all.find('"', at + 1) - at - 1);
    }
    return "";
  }
  // The reason in the log's line of the request with this id.
  static std::string Logged(const std::string& id) {
    std::string reason;
    EXPECT_TRUE(Eventually([&] {
      std::istringstream lines(ReadFile(log_));
      for (std::string line; std::getline(lines, line);) {
        const json one = json::parse(line, nullptr, false);
        if (!one.is_object() || one.value("request_id", "") != id) continue;
        reason = one.value("reason", "");
        return true;
      }
      return false;
    })) << id;
    return reason;
  }

  static Mocks* mocks_;
  static Issuer* issuer_;
  static Authority* authority_;
  static Frontdesk* gateway_;
  static std::string log_;
};
Mocks* IssuerAttacks::mocks_ = nullptr;
Issuer* IssuerAttacks::issuer_ = nullptr;
Authority* IssuerAttacks::authority_ = nullptr;
Frontdesk* IssuerAttacks::gateway_ = nullptr;
std::string IssuerAttacks::log_;

// One name that several give out is several callers, and none of them makes up another's.
TEST_F(IssuerAttacks, NobodyIsCalledLikeAnotherOnesCustomer) {
  issuer_->Say("opaque-ada", Active("ada"));
  const Issued certificate =
      authority_->Issue({.common_name = "ada", .uris = {"spiffe://shop/ada"}});
  const struct {
    HeaderList headers;
    Issued certificate;
    std::string caller;
  } rows[] = {
      {Bearer(Jwt("ada")), {}, "user:ada"},
      {Bearer("opaque-ada"), {}, "partner:ada"},
      {{{"x-api-key", "robot-key"}}, {}, "key:ada"},
      {{}, certificate, "cert:spiffe://shop/ada"},
      {Bearer(Jwt("partner:ada")), {}, "user:partner:ada"},
  };
  for (const auto& row : rows) {
    mocks_->Reset();
    const RawResponse response = Get(kOrder, row.headers, row.certificate);
    EXPECT_EQ(response.status, 200) << row.caller << response.body;
    EXPECT_EQ(Arrived("order"), row.caller);
  }
}

TEST_F(IssuerAttacks, OpaqueTokensAreWhatTheirIssuerSays) {
  const struct {
    const char* token;
    std::string answer;
    int status;
    std::string reason;  // in the log
  } rows[] = {
      {"unknown", R"({"active":false})", 401, "TOKEN_INACTIVE"},
      {"not-quite", R"({"active":"true","sub":"ada","aud":"shop"})", 503,
       "INTROSPECTION_UNREADABLE"},
      {"good", Active("bob"), 200, ""},
      {"of-others", Active("ada", {{"aud", "bank"}}), 401, "TOKEN_AUDIENCE"},
      {"ended", Active("ada", {{"exp", Now() - 100}}), 401, "TOKEN_EXPIRED"},
      {"nobody", Active(""), 401, "TOKEN_SUBJECT"},
      {"splits", Active("ada\r\nx-user-id: admin"), 401, "TOKEN_SUBJECT"},
      {"no-scope", Active("ada", {{"scope", "openid"}}), 403, "SCOPE_MISSING"},
      {"twice", R"({"active":false,"active":true,"sub":"ada","aud":"shop"})", 503,
       "INTROSPECTION_UNREADABLE"},
      {"form&token=good", Active("ada"), 401, "TOKEN_MALFORMED"},
      {"%67ood", Active("ada"), 401, "TOKEN_MALFORMED"},
  };
  for (const auto& row : rows) {
    mocks_->Reset();
    issuer_->Say(row.token, row.answer);
    HeaderList headers = Bearer(row.token);
    headers.emplace_back("x-request-id", Cat("opaque-", &row - rows));
    const RawResponse response = Get(kOrder, headers);
    EXPECT_EQ(response.status, row.status) << row.token << response.body;
    EXPECT_EQ(response.Header("retry-after").empty(), row.status != 503) << row.token;
    EXPECT_EQ(mocks_->Count("order", "calls"), row.status == 200 ? 1u : 0u) << row.token;
    if (row.status == 401) {
      EXPECT_EQ(response.Header("www-authenticate"), "Bearer");
    }
    if (row.status != 200) {
      EXPECT_EQ(Logged(std::string(headers.back().second)), row.reason) << row.token;
      EXPECT_EQ(response.body.find("INTROSPECTION"), std::string::npos) << response.body;
      EXPECT_EQ(response.body.find("127.0.0.1"), std::string::npos) << response.body;
    }
  }
  EXPECT_EQ(issuer_->asked("good"), 1);
  EXPECT_EQ(issuer_->asked("form&token=good"), 0);
  // Remembered, both.
  EXPECT_EQ(Get(kOrder, Bearer("good")).status, 200);
  EXPECT_EQ(Get(kOrder, Bearer("unknown")).status, 401);
  EXPECT_EQ(issuer_->asked("good"), 1);
  EXPECT_EQ(issuer_->asked("unknown"), 1);
}

// A token that claims to be of an issuer whose keys are here is judged by these, whatever somebody
// else would say about it, and shown to nobody; one that nobody here can judge is asked about.
TEST_F(IssuerAttacks, SignedTokensAreShownToNobodyElse) {
  const JoseKey stranger("ES256", "one");
  const std::string claims = Cat(R"("aud":"shop","sub":"ada","exp":)", Now() + 600, '}');
  const struct {
    const char* name;
    std::string token;
    bool asked;
  } rows[] = {
      {"forged", Jwt("ada", stranger), false},
      {"unknown key", Jwt("ada", JoseKey("ES256", "two")), false},
      {"not signed", Key().Sign(R"({"alg":"none"})", Cat(R"({"iss":"idp",)", claims)), false},
      {"two issuers", Key().Token(Cat(R"({"iss":"idp","iss":"partner",)", claims)), false},
      {"no claims", Key().Token("ada"), false},
      {"too long", Key().Token(Cat(R"({"x":")", std::string(9000, 'x'), "\"}")), false},
      {"of the partner", stranger.Token(Cat(R"({"iss":"partner",)", claims)), true},
      {"without an issuer", stranger.Token(Cat("{", claims)), true},
      {"no JWT", "two.dots.only", true},
  };
  for (const auto& row : rows) {
    issuer_->Say(row.token, Active("bob", {{"iss", "https://partner"}}));
    mocks_->Reset();
    for (int i = 0; i < 2; ++i) {
      const RawResponse response = Get(kOrder, Bearer(row.token));
      EXPECT_EQ(response.status, row.asked ? 200 : 401) << row.name << response.body;
    }
    EXPECT_EQ(issuer_->asked(row.token), row.asked ? 1 : 0) << row.name;
    EXPECT_EQ(Arrived("order"), row.asked ? "partner:bob" : "") << row.name;
  }
  const std::string good = Jwt("ada");
  EXPECT_EQ(Get(kOrder, Bearer(good)).status, 200);
  EXPECT_EQ(issuer_->asked(good), 0);
}

// Tokens that an issuer chokes on are their sender's trouble and nobody else's.
TEST_F(IssuerAttacks, NobodySwitchesIntrospectionOff) {
  const std::pair<int, int> rows[] = {{400, 401}, {403, 401}, {500, 503}, {200, 503}};
  for (const auto& [says, gets] : rows) {
    for (int i = 0; i < 7; ++i) {
      const std::string token = Cat("choke-", says, '-', i);
      issuer_->Say(token, says == 200 ? std::string(70 << 10, ' ') : "no", says);
      EXPECT_EQ(Get(kOrder, Bearer(token)).status, gets) << token;
    }
    const std::string good = Cat("good-beside-", says);
    issuer_->Say(good, Active("bob"));
    EXPECT_EQ(Get(kOrder, Bearer(good)).status, 200) << says;
  }
}

TEST_F(IssuerAttacks, CertificatesAreOneCredential) {
  const Issued good = authority_->Issue({.common_name = "x", .uris = {"spiffe://shop/orders"}});
  const Issued unnamed = authority_->Issue({.common_name = "spiffe://shop/orders"});
  const Issued two = authority_->Issue({.uris = {"spiffe://shop/a", "spiffe://shop/b"}});
  const Issued elsewhere = authority_->Issue({.uris = {"spiffe://shop.evil/orders"}});
  const Issued forged = Authority().Issue({.uris = {"spiffe://shop/orders"}});
  const struct {
    const char* name;
    const char* target;
    HeaderList headers;
    Issued certificate;
    int status;
    std::string reason;
  } rows[] = {
      {"good", kOrder, {}, good, 200, ""},
      {"demanded", kUser, {}, good, 200, ""},
      {"a-token-instead", kUser, Bearer(Jwt("ada")), {}, 401, "CREDENTIAL_KIND"},
      {"a-key-instead", kUser, {{"x-api-key", "robot-key"}}, {}, 401, "CREDENTIAL_KIND"},
      {"nothing", kUser, {}, {}, 401, "CREDENTIAL_MISSING"},
      {"and-a-token", kOrder, Bearer(Jwt("ada")), good, 401, "CREDENTIALS_TWICE"},
      {"and-a-key", kOrder, {{"x-api-key", "robot-key"}}, good, 401, "CREDENTIALS_TWICE"},
      {"and-a-token-in-the-query", kOrderAndToken, {}, good, 401, "CREDENTIALS_TWICE"},
      {"without-a-name", kOrder, {}, unnamed, 401, "CERTIFICATE_UNKNOWN"},
      {"two-names", kOrder, {}, two, 401, "CERTIFICATE_AMBIGUOUS"},
      {"another-domain", kOrder, {}, elsewhere, 401, "CERTIFICATE_UNKNOWN"},
      {"another-authority", kOrder, {}, forged, 0, ""},
  };
  for (const auto& row : rows) {
    mocks_->Reset();
    HeaderList headers = row.headers;
    headers.emplace_back("x-request-id", Cat("cert-", row.name));
    // What a proxy would send of a certificate is a header like others.
    headers.emplace_back("x-forwarded-client-cert", "URI=spiffe://shop/admin");
    const RawResponse response = Get(row.target, headers, row.certificate);
    EXPECT_EQ(response.status, row.status) << row.name << response.body;
    const bool user = row.target == kUser;
    EXPECT_EQ(mocks_->Count(user ? "user" : "order", "calls"), row.status == 200 ? 1u : 0u)
        << row.name;
    if (row.status == 401) {
      EXPECT_EQ(Logged(Cat("cert-", row.name)), row.reason);
    }
    if (row.status == 200) {
      EXPECT_EQ(Arrived(user ? "user" : "order"), "cert:spiffe://shop/orders");
    }
  }
}

// A browser that has a certificate shows it to whatever a page of another site asks for, too.
TEST_F(IssuerAttacks, AnotherSitesPageHasNobodysCertificate) {
  const Issued good = authority_->Issue({.common_name = "x", .uris = {"spiffe://shop/ada"}});
  const std::string own = "https://localhost", evil = "https://evil.example";
  const struct {
    const char* name;
    HeaderList headers;
    bool taken;
  } rows[] = {
      {"no browser", {}, true},
      {"own page", {{"sec-fetch-site", "same-origin"}, {"origin", own}}, true},
      {"own page, old browser", {{"origin", own}}, true},
      {"own page, no Origin", {{"referer", Cat(own, "/me")}}, true},
      {"typed in", {{"sec-fetch-site", "none"}}, true},
      {"form", {{"sec-fetch-site", "cross-site"}, {"origin", evil}}, false},
      {"form without an Origin", {{"sec-fetch-site", "cross-site"}}, false},
      {"neighbour", {{"sec-fetch-site", "same-site"}, {"origin", "https://b.localhost"}}, false},
      {"old browser", {{"origin", evil}}, false},
      {"referer alone", {{"referer", Cat(evil, "/https://localhost/")}}, false},
      {"sandbox", {{"origin", "null"}}, false},
      {"without TLS, so anybody's", {{"origin", "http://localhost"}}, false},
      {"another port", {{"origin", Cat(own, ":8443")}}, false},
      {"two", {{"origin", own}, {"origin", evil}}, false},
      {"says both", {{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "cross-site"}}, false},
      {"and a cookie", {{"cookie", "a=b"}, {"origin", evil}}, false},
  };
  const auto patch = [](const HeaderList& headers, const Issued& certificate) {
    TlsClient client(gateway_->port(), {.certificate = certificate});
    client.Send(RequestText("PATCH", kUser, headers, R"({"displayName":"Ada"})"));
    return client.Read().value_or(RawResponse());
  };
  uint64_t calls = 0;
  for (const auto& row : rows) {
    const RawResponse response = patch(row.headers, good);
    EXPECT_EQ(response.status, row.taken ? 200 : 403) << row.name << response.body;
    EXPECT_EQ(ReasonOf(response), row.taken ? "" : "CROSS_SITE") << row.name;
    calls += row.taken ? 1 : 0;
    EXPECT_EQ(mocks_->Count("user", "calls"), calls) << row.name;
    // Reading changes nothing, and other sites' pages can't read the answer.
    const RawResponse read = Get(kOrder, row.headers, good);
    EXPECT_EQ(read.status, 200) << row.name << read.body;
    EXPECT_EQ(read.Count("access-control-allow-origin"), 0u) << row.name;
  }
  EXPECT_EQ(Arrived("user"), "cert:spiffe://shop/ada");
  // No browser sends a token by itself, and a page without a certificate speaks for nobody.
  const HeaderList cross = {{"sec-fetch-site", "cross-site"}, {"origin", evil}};
  HeaderList token = Bearer(Jwt("ada"));
  token.insert(token.end(), cross.begin(), cross.end());
  EXPECT_EQ(patch(token, {}).status, 200);
  EXPECT_EQ(patch(cross, {}).status, 401);
  EXPECT_EQ(mocks_->Count("user", "calls"), calls + 1);
}

// Tokens that a stranger makes up, as many as he can, while the issuer is slow: they wait behind
// each other, and nobody else behind them.
TEST(IssuerFlood, HonestTokensAreAnsweredAllTheSame) {
  Mocks mocks;
  Issuer issuer;
  GatewayOptions options;
  options.caller = "";
  options.trusted_hops = 1;
  options.extra = Cat(
      "auth: {providers: {partner: {audiences: [shop], introspection: {url: '",
      issuer.At("/introspect"),
      "', client_id: desk, client_secret_file: ", WriteTempFile("secret", "s3cret\n"),
      ", timeout: 30s, max_in_flight: 2, max_pending: 20}}}}\n"
      "methods: {shop.order.v1.Orders/GetOrder: {auth: {scopes: [orders.read]}, timeout: 30s}}\n");
  Frontdesk gateway(mocks, options);
  const auto ask = [&](RawClient& client, const std::string& token, const std::string& from) {
    client.Send(RequestText("GET", kOrder,
                            {{"authorization", Cat("Bearer ", token)}, {"x-forwarded-for", from}}));
  };
  const auto skipped = [&](double wanted) {
    return Eventually([&] {
      return gateway.Metric(
                 "frontdesk_introspections_total{provider=\"partner\",result=\"skipped\"}") ==
             wanted;
    });
  };
  issuer.Hold(true);
  std::deque<RawClient> flood, honest;
  for (int i = 0; i < 60; ++i) {
    // Addresses of one network of IPv6 are one stranger's.
    ask(flood.emplace_back(gateway.port()), Cat("made-up-", i), Cat("2001:db8:0:1::", i + 1));
  }
  // Two are asked about, twenty wait, and the others are told at once.
  ASSERT_TRUE(skipped(38));
  ASSERT_TRUE(Eventually([&] { return issuer.order().size() == 2; }));
  for (int i = 0; i < 4; ++i) {
    issuer.Say(Cat("honest-", i),
               R"({"active":true,"sub":"ada","aud":"shop","scope":"orders.read"})");
    ask(honest.emplace_back(gateway.port()), Cat("honest-", i), Cat("198.51.100.", i + 1));
    ASSERT_TRUE(skipped(39 + i)) << "one of the flood makes room";
  }
  issuer.Hold(false);
  for (RawClient& client : honest) {
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200) << response->body;
  }
  int told = 0, refused = 0;
  for (RawClient& client : flood) {
    const auto response = client.Read();
    ASSERT_TRUE(response);
    told += response->status == 503 ? 1 : 0;
    refused += response->status == 401 ? 1 : 0;
    EXPECT_EQ(response->Header("retry-after").empty(), response->status != 503);
  }
  EXPECT_EQ(told, 42);
  EXPECT_EQ(refused, 18);
  EXPECT_EQ(mocks.Count("order", "calls"), 4u);
  // Behind the two under way, and one of the flood for each of theirs.
  const std::vector<std::string> order = issuer.order();
  ASSERT_EQ(order.size(), 22u);
  const auto last = std::find(order.rbegin(), order.rend(), "honest-3").base() - order.begin();
  EXPECT_LE(last, 2 + 5 + 1) << "of what was waiting";
}

// No token says where its key is to be found, and a key that is new is taken as soon as a token
// names it: not once in a while, as it would be after others that somebody has made up.
TEST(IssuerKeys, AreFetchedWhereTheyAreAndWhenTheyAreNew) {
  Mocks mocks;
  Issuer issuer;
  const JoseKey one("ES256", "one"), two("ES256", "two"), stranger("ES256", "one");
  issuer.SetKeys(one.Set());
  issuer.SetEvilKeys(stranger.Set());
  GatewayOptions options;
  options.caller = "";
  options.extra = Cat("auth: {providers: {idp: {issuer: idp, audiences: [shop], jwks_url: '",
                      issuer.At("/keys"),
                      "'}}}\nmethods: {shop.order.v1.Orders/GetOrder: {auth: {scopes: "
                      "[orders.read]}}}\n");
  const Frontdesk gateway(mocks, options);
  const auto get = [&](const std::string& token) {
    return Fetch(gateway.port(), "GET", kOrder, {{"authorization", Cat("Bearer ", token)}}).status;
  };
  EXPECT_EQ(get(one.Token(ClaimsOf("ada"))), 200);
  for (const char* where : {"jku", "x5u"}) {
    const std::string header =
        Cat(R"({"alg":"ES256","kid":"one",")", where, "\":\"", issuer.At("/evil"), "\"}");
    EXPECT_EQ(get(stranger.Sign(header, ClaimsOf("ada"))), 401) << where;
    EXPECT_EQ(issuer.fetches(), 1) << where;
  }
  EXPECT_EQ(mocks.Count("order", "calls"), 1u);

  // The keys were fetched when the gateway began, and by themselves will be in five minutes.
  issuer.SetKeys(Cat(R"({"keys":[)", one.Jwk(), ',', two.Jwk(), "]}"));
  EXPECT_EQ(get(two.Token(ClaimsOf("bob"))), 401);
  EXPECT_TRUE(Eventually([&] { return get(two.Token(ClaimsOf("bob"))) == 200; }));
  const auto found = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(get(JoseKey("EdDSA", Cat("made-up-", i)).Token(ClaimsOf("eve"))), 401);
  }
  // One more each half a minute, should all this take so long.
  EXPECT_LE(issuer.fetches(), 2 + (std::chrono::steady_clock::now() - found) / seconds(29));
  EXPECT_EQ(issuer.evil_fetches(), 0);
  EXPECT_EQ(mocks.Count("order", "calls"), 2u);
}

// Last: whatever is done to the issuer's keys, and that they can be withdrawn.
TEST_F(IssuerAttacks, KeysStayTheLastGoodOnes) {
  const auto wait = [&] {
    const int before = issuer_->fetches();
    EXPECT_TRUE(Eventually([&] { return issuer_->fetches() > before; }));
  };
  const std::string metric = "frontdesk_keys{provider=\"idp\"}";
  EXPECT_EQ(gateway_->Metric(metric), 1);
  for (const auto& [keys, status] : std::vector<std::pair<std::string, int>>{
           {"<html>", 200}, {"", 302}, {std::string(2 << 20, 'x'), 200}}) {
    issuer_->SetKeys(keys, status);
    wait();
    EXPECT_EQ(Get(kOrder, Bearer(Jwt(Cat("ada", status, keys.size())))).status, 200) << status;
  }
  EXPECT_EQ(gateway_->Metric(metric), 1);
  const json page = json::parse(Fetch(gateway_->admin(), "GET", "/keys").body);
  EXPECT_EQ(page["keys"][0]["provider"], "idp");
  EXPECT_GT(page["keys"][0]["failures_in_a_row"], 0);
  EXPECT_NE(page["keys"][0]["trouble"], "");
  EXPECT_EQ(page["keys"][1]["provider"], "api_keys");
  const std::string token = Jwt("ada");
  EXPECT_EQ(Get(kOrder, Bearer(token)).status, 200);
  mocks_->Reset();
  issuer_->SetKeys(R"({"keys":[]})");
  EXPECT_TRUE(Eventually([&] { return gateway_->Metric(metric) == 0; }));
  EXPECT_EQ(Get(kOrder, Bearer(token)).status, 401);
  EXPECT_EQ(mocks_->Count("order", "calls"), 0u);
}

}  // namespace
}  // namespace frontdesk::e2e
