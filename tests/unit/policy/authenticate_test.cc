// Who is calling, and whether they may: credentials as they come, and what is asked of callers.
#include "gateway/policy/authenticate.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/signing_key.h"
#include "gateway/policy/authorize.h"
#include "gateway/policy/credential.h"
#include "gateway/upstream/random.h"
#include "tests/support/jose.h"
#include "tests/support/no_body.h"
#include "tests/support/process.h"

namespace frontdesk::policy {
namespace {

using Access = route::Route::Auth::Access;
using HeaderRows = std::vector<http::Header>;

constexpr identity::UnixTime kNow{std::chrono::seconds(1'700'000'000)};

std::string Find(const HeaderRows& headers, std::string_view query = "",
                 const CredentialPlaces& places = {"x-api-key", "session"},
                 const tls::Certificate* certificate = nullptr) {
  http::Request request;
  request.method = "GET";
  request.peer_certificate = certificate;
  for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
  request.query = query;
  const auto found = FindCredential(request, places);
  if (!found.ok()) return std::string(Std(found.status().message()));
  switch (found->kind) {
    case Credential::Kind::kNone:
      return "none";
    case Credential::Kind::kToken:
      return Cat("token ", found->text);
    case Credential::Kind::kSession:
      return Cat("session ", found->text);
    case Credential::Kind::kApiKey:
      return Cat("key ", found->text);
    case Credential::Kind::kCertificate:
      return Cat("certificate ", found->certificate->common_name);
  }
  return "";
}

// Browsers send cookies along whoever asks, which is looked at by CheckCsrf().
TEST(Credentials, ThatComeInACookieSaySo) {
  const CredentialPlaces places = {"x-api-key", "session"};
  const std::pair<http::Header, bool> rows[] = {{{"cookie", "session=t"}, true},
                                                {{"cookie", "other=t"}, false},
                                                {{"authorization", "Bearer t"}, false},
                                                {{"x-api-key", "k"}, false}};
  for (const auto& [header, from_cookie] : rows) {
    http::Request request;
    request.method = "POST";
    request.headers.Add(header.name, header.value);
    const auto found = FindCredential(request, places);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->kind == Credential::Kind::kSession, from_cookie) << header.value;
  }
}

TEST(Credentials, AreOneOrNone) {
  const std::vector<std::pair<HeaderRows, std::string>> rows = {
      {{}, "none"},
      {{{"authorization", "Bearer a.b.c"}}, "token a.b.c"},
      {{{"authorization", "bearer a.b.c"}}, "token a.b.c"},
      {{{"authorization", "BEARER a.b.c"}}, "token a.b.c"},
      {{{"authorization", "Bearer  a.b.c"}}, "CREDENTIAL_MALFORMED"},
      {{{"authorization", "Bearer\ta.b.c"}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "Bearer a.b.c d"}}, "CREDENTIAL_MALFORMED"},
      {{{"authorization", "Bearer a.b.c,Bearer d"}}, "CREDENTIAL_MALFORMED"},
      {{{"authorization", "Bearer"}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "Bearer "}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", ""}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "a.b.c"}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "Bearera.b.c"}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "Basic dXNlcjpwdw=="}}, "CREDENTIAL_SCHEME"},
      {{{"authorization", "Bearer a"}, {"authorization", "Bearer a"}}, "CREDENTIALS_TWICE"},
      {{{"authorization", "Bearer a"}, {"authorization", ""}}, "CREDENTIALS_TWICE"},
      {{{"x-api-key", "k"}}, "key k"},
      {{{"x-api-key", "k"}, {"x-api-key", "l"}}, "CREDENTIALS_TWICE"},
      {{{"x-api-key", "k"}, {"authorization", "Bearer a"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "a=b; session=t; c=d"}}, "session t"},
      {{{"cookie", "session=t"}, {"cookie", "session=u"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t; session=t"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t"}, {"authorization", "Bearer a"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t"}, {"x-api-key", "k"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "Session=t; sessions=u; xsession=v; session"}}, "none"},
      {{{"cookie", ";;; =; session="}}, "session "},
  };
  for (const auto& [headers, verdict] : rows) {
    EXPECT_EQ(Find(headers), verdict)
        << (headers.empty() ? "" : std::string(headers[0].value)) << headers.size();
  }
  // In a query tokens end up in logs: they are never taken, and never beside another one.
  EXPECT_EQ(Find({}, "access_token=a"), "none");
  EXPECT_EQ(Find({{"authorization", "Bearer a"}}, "access_token=a"), "CREDENTIALS_TWICE");
  EXPECT_EQ(Find({{"authorization", "Bearer a"}}, "x=1&access_token=a"), "CREDENTIALS_TWICE");
  EXPECT_EQ(Find({{"authorization", "Bearer a"}}, "my_access_token=a"), "token a");
  for (const char* spelt : {"access%5Ftoken=a", "%61ccess_token=a", "x&access%5ftoken",
                            "a=b&"
                            "%61%63%63%65%73%73%5f%74%6f%6b%65%6e="}) {
    EXPECT_EQ(Find({{"authorization", "Bearer a"}}, spelt), "CREDENTIALS_TWICE") << spelt;
  }
  for (const char* other :
       {"access%255Ftoken=a", "access_token%=a", "access_token%5=a", "access_tok%65n%00=a",
        "Access_token=a", "access_toke", "=access_token"}) {
    EXPECT_EQ(Find({{"authorization", "Bearer a"}}, other), "token a") << other;
  }
  EXPECT_EQ(HideTokens("/a?x&access%5Ftoken=eyJ.x&b=access_token"),
            "/a?x&access%5Ftoken=...&b=access_token");
  EXPECT_EQ(HideTokens("/access_token=a?b&"), "/access_token=a?b&");
  EXPECT_EQ(HideTokens("/a?access_token=eyJ.x&b=1&access_token="),
            "/a?access_token=...&b=1&access_token=...");
  // Where the operator's file names no such places.
  EXPECT_EQ(Find({{"x-api-key", "k"}, {"cookie", "session=t"}}, "", {}), "none");
}

TEST(Credentials, ACertificateIsOne) {
  using Certificates = CredentialPlaces::Certificates;
  const tls::Certificate certificate{.common_name = "phone"};
  const auto find = [&](const HeaderRows& headers, Certificates place, bool has = true,
                        std::string_view query = "") {
    const CredentialPlaces places{"x-api-key", "session", place};
    const std::string found = Find(headers, query, places, has ? &certificate : nullptr);
    return found;
  };
  const HeaderRows token = {{"authorization", "Bearer a"}}, key = {{"x-api-key", "k"}},
                   session = {{"cookie", "session=t"}};
  EXPECT_EQ(find({}, Certificates::kIgnored), "none");
  EXPECT_EQ(find({}, Certificates::kIgnored, true, "access_token=x"), "none");
  EXPECT_EQ(find(token, Certificates::kIgnored), "token a");
  for (const auto place :
       {Certificates::kAlone, Certificates::kBesideToken, Certificates::kBindToken}) {
    EXPECT_EQ(find({}, place), "certificate phone");
    EXPECT_EQ(find({}, place, false), "none");
    EXPECT_EQ(find({}, place, true, "a=b&access%5Ftoken=x"), "CREDENTIALS_TWICE");
    EXPECT_EQ(find({}, place, false, "access_token=x"), "none");
    EXPECT_EQ(find(key, place, false), "key k");
    EXPECT_EQ(find({{"authorization", "Basic x"}}, place), "CREDENTIAL_SCHEME");
    EXPECT_EQ(find({{"authorization", "Bearer a"}, {"x-api-key", "k"}}, place),
              "CREDENTIALS_TWICE");
  }
  for (const HeaderRows& headers : {token, key, session}) {
    EXPECT_EQ(find(headers, Certificates::kAlone), "CREDENTIALS_TWICE");
  }
  EXPECT_EQ(find(token, Certificates::kAlone, false), "token a");
  EXPECT_EQ(find(token, Certificates::kBesideToken), "token a");
  EXPECT_EQ(find(token, Certificates::kBesideToken, false), "token a");
  EXPECT_EQ(find(session, Certificates::kBesideToken), "session t");
  EXPECT_EQ(find(key, Certificates::kBesideToken), "key k");
  EXPECT_EQ(find(token, Certificates::kBindToken), "token a");
  EXPECT_EQ(find(token, Certificates::kBindToken, false), "CERTIFICATE_MISSING");
  EXPECT_EQ(find(session, Certificates::kBindToken, false), "CERTIFICATE_MISSING");
}

class AuthenticateTest : public ::testing::Test {
 protected:
  AuthenticateTest() {
    AuthSettings::Provider provider;
    provider.name = "idp";
    provider.rules = {.issuer = "https://idp", .audiences = {"shop"}};
    provider.file = testing_support::WriteTempFile("jwks.json", key_.Set());
    settings_.providers.push_back(provider);
    settings_.api_keys.emplace().file = testing_support::WriteTempFile(
        "keys.json", Cat(R"({"keys":[{"sub":"robot","sha256":")",
                         ToHex(identity::HashOfApiKey("secret")), R"("}]})"));
    settings_.places = {"x-api-key", "session"};
    method_.needs_caller = false;
    route_.method = &method_;
    route_.auth.access = Access::kRequired;
  }

  std::string Token(const std::string& sub = "ada", int64_t exp = 1'700'000'300) const {
    return key_.Token(
        Cat(R"({"iss":"https://idp","aud":"shop","sub":")", sub, R"(","exp":)", exp, '}'));
  }

  // The caller's sub, or the HTTP view of the refusal and what the log says.
  std::string Run(const HeaderRows& headers) {
    if (!authenticator_) {
      authenticator_.emplace(
          settings_, [] { return kNow; }, upstream::MakeRandom, 1, upstream::DnsSettings());
      authenticator_->Start();
      EXPECT_TRUE(!wait_ || authenticator_->WaitForKeys(std::chrono::seconds(30)));
    }
    http::Request request;
    request.method = "GET";
    request.peer_address = peer_;
    request.authority = authority_;
    request.peer_certificate = certificate_;
    for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
    testing_support::NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop_);
    exchange.route = &route_;
    const absl::Status status = Authenticate(exchange, settings_, *authenticator_);
    if (status.ok()) {
      EXPECT_EQ(exchange.refused_credential, "");
      return exchange.call.identity ? exchange.call.identity->sub : "nobody";
    }
    // Whatever was wrong: the client is told the same.
    if (status.code() == absl::StatusCode::kUnauthenticated) {
      EXPECT_EQ(frontdesk::ReasonOf(status), "CALLER_UNKNOWN");
      EXPECT_EQ(frontdesk::HeadersOf(status), "WWW-Authenticate: Bearer\r\n");
      EXPECT_EQ(status.message(), "this address needs to know who is calling");
    } else {
      EXPECT_EQ(frontdesk::ReasonOf(status), "AUTH_UNAVAILABLE");
    }
    EXPECT_EQ(exchange.call.identity, nullptr);
    return Cat('<', exchange.refused_credential, '>');
  }
  static http::Header Bearer(const std::string& text) { return {"authorization", text}; }

  const testing::JoseKey key_{"ES256"};
  AuthSettings settings_;
  contract::Method method_;
  route::Route route_;
  std::string peer_ = "127.0.0.1";
  std::string authority_;
  const tls::Certificate* certificate_ = nullptr;
  bool wait_ = true;
  Loop loop_;
  std::optional<Authenticator> authenticator_;
};

TEST_F(AuthenticateTest, TellsWhoItIs) {
  const std::string good = Cat("Bearer ", Token());
  const std::string old = Cat("Bearer ", Token("ada", 1'600'000'000));
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  EXPECT_EQ(Run({{"x-api-key", "secret"}}), "robot");
  const std::string cookie = Cat("session=", Token("bob"));
  EXPECT_EQ(Run({{"cookie", cookie}}), "bob");
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
  EXPECT_EQ(Run({Bearer(old)}), "<TOKEN_EXPIRED>");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "<TOKEN_MALFORMED>");
  EXPECT_EQ(Run({{"x-api-key", "guess"}}), "<API_KEY_UNKNOWN>");
  EXPECT_EQ(Run({Bearer(good), Bearer(good)}), "<CREDENTIALS_TWICE>");
  EXPECT_EQ(Run({Bearer(good), {"x-api-key", "secret"}}), "<CREDENTIALS_TWICE>");
}

TEST_F(AuthenticateTest, OptionalTakesNobodyButNoBadCredential) {
  route_.auth.access = Access::kOptional;
  EXPECT_EQ(Run({}), "nobody");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "<TOKEN_MALFORMED>");
  EXPECT_EQ(Run({Bearer("Basic x")}), "<CREDENTIAL_SCHEME>");
  const std::string good = Cat("Bearer ", Token());
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  // Its request is filled from the caller.
  method_.needs_caller = true;
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
}

TEST_F(AuthenticateTest, PublicLooksAtNothing) {
  route_.auth.access = Access::kPublic;
  const std::string good = Cat("Bearer ", Token());
  for (const HeaderRows& headers : std::vector<HeaderRows>{
           {}, {Bearer(good)}, {Bearer("Bearer x")}, {Bearer(good), Bearer(good)}}) {
    EXPECT_EQ(Run(headers), "nobody");
  }
}

TEST_F(AuthenticateTest, TheDevelopmentCallerIsWhoBringsNothing) {
  settings_.development_caller = identity::MakeIdentity("me");
  EXPECT_EQ(Run({}), "me");
  const std::string good = Cat("Bearer ", Token());
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "<TOKEN_MALFORMED>");
  // On this machine.
  for (const std::string_view peer : {"::1", "::ffff:127.0.0.1", "127.1.2.3"}) {
    peer_ = peer;
    EXPECT_EQ(Run({}), "me") << peer;
  }
  for (const std::string_view peer : {"10.0.0.1", "1.127.0.0", "::2", "::ffff:10.0.0.1", ""}) {
    peer_ = peer;
    EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>") << peer;
    EXPECT_EQ(Run({Bearer(good)}), "ada") << peer;
  }
}

// Any name may be made to point to this machine, and then a browser takes a page of it for ours.
TEST_F(AuthenticateTest, TheDevelopmentCallerAsksThisMachine) {
  settings_.development_caller = identity::MakeIdentity("me");
  const std::string good = Cat("Bearer ", Token());
  for (const std::string_view authority :
       {"", "localhost", "LocalHost:8080", "127.0.0.1", "127.3.2.1:80", "[::1]", "[::1]:8080",
        "[::ffff:127.0.0.1]:1"}) {
    authority_ = authority;
    EXPECT_EQ(Run({}), "me") << authority;
  }
  for (const std::string_view authority :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "xlocalhost", "localhost.",
        "127.0.0.1.evil.example", "127.1", "2130706433", "0.0.0.0", "128.0.0.1", "[::]", "[::2]:80",
        "[::ffff:10.0.0.1]", "localhost:x", "a@localhost", "localhost, evil"}) {
    authority_ = authority;
    EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>") << authority;
    EXPECT_EQ(Run({Bearer(good)}), "ada") << authority;
  }
  route_.auth.access = Access::kOptional;
  authority_ = "evil.example";
  EXPECT_EQ(Run({}), "nobody");
}

// What is asked for by name is not there without being brought.
TEST_F(AuthenticateTest, TheDevelopmentCallerBringsNothing) {
  settings_.development_caller = identity::MakeIdentity("me");
  route_.auth.credentials = Credential::Bit(Credential::Kind::kToken);
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
  route_.auth.credentials = 0;
  route_.auth.providers = {"idp"};
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
  route_.auth.providers.clear();
  EXPECT_EQ(Run({}), "me");
}

TEST_F(AuthenticateTest, KeysThatLieAboutAreForThisMachine) {
  const auto key = identity::SigningKey::Make().value();
  settings_.providers[0].file = testing_support::WriteTempFile("key.json", key.ToJwk());
  settings_.providers[0].file_is_signing_key = true;
  const std::string good =
      Cat("Bearer ",
          key.Sign(R"({"iss":"https://idp","aud":"shop","sub":"ada","exp":1700000300})").value());
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  peer_ = "10.0.0.1";
  EXPECT_EQ(Run({Bearer(good)}), "<TOKEN_FOR_LOOPBACK>");
}

TEST_F(AuthenticateTest, WhereNobodyCanProveAnything) {
  settings_ = AuthSettings();
  route_.auth.access = Access::kOptional;
  EXPECT_EQ(Run({Bearer("Bearer x"), Bearer("y")}), "nobody");
  settings_.development_caller = identity::MakeIdentity("me");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "me");
  route_.auth.credentials = Credential::Bit(Credential::Kind::kToken);
  EXPECT_EQ(Run({}), "me");
}

TEST_F(AuthenticateTest, ACertificateSaysWho) {
  const tls::Certificate certificate{.uris = {"spiffe://shop/orders"}, .not_after = kNow};
  const tls::Certificate other{.uris = {"spiffe://evil/orders"}, .not_after = kNow};
  const tls::Certificate over{.uris = {"spiffe://shop/orders"},
                              .not_after = kNow - std::chrono::seconds(1)};
  settings_.certificates.emplace().rules.push_back(
      {.from = identity::CertificateRules::From::kUri, .prefix = "spiffe://shop/"});
  settings_.places.certificates = CredentialPlaces::Certificates::kAlone;
  const std::string good = Cat("Bearer ", Token());
  certificate_ = &certificate;
  EXPECT_EQ(Run({}), "spiffe://shop/orders");
  EXPECT_EQ(Run({Bearer(good)}), "<CREDENTIALS_TWICE>");
  settings_.places.certificates = CredentialPlaces::Certificates::kBesideToken;
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "<TOKEN_MALFORMED>") << "it is not fallen back on";
  settings_.places.certificates = CredentialPlaces::Certificates::kBindToken;
  EXPECT_EQ(Run({Bearer(good)}), "<TOKEN_OF_ANOTHER_CERTIFICATE>");
  certificate_ = &other;
  EXPECT_EQ(Run({}), "<CERTIFICATE_UNKNOWN>");
  certificate_ = &over;
  EXPECT_EQ(Run({}), "<CERTIFICATE_EXPIRED>") << "though its connection is still open";
  certificate_ = nullptr;
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
}

TEST_F(AuthenticateTest, ABoundTokenEndsWithItsCertificate) {
  settings_.certificates.emplace();
  settings_.places.certificates = CredentialPlaces::Certificates::kBindToken;
  const std::string bound = Cat(
      "Bearer ",
      key_.Token(Cat(
          R"({"iss":"https://idp","aud":"shop","sub":"ada","exp":1700000300,"cnf":{"x5t#S256":")",
          identity::EncodeBase64Url(std::string(32, '\x11')), R"("}})")));
  tls::Certificate certificate{.fingerprint = std::string(64, '1'), .not_after = kNow};
  certificate_ = &certificate;
  EXPECT_EQ(Run({Bearer(bound)}), "ada");
  certificate.not_after -= std::chrono::seconds(1);
  EXPECT_EQ(Run({Bearer(bound)}), "<CERTIFICATE_EXPIRED>") << "though its connection is still open";
  certificate.fingerprint = std::string(64, '2');
  EXPECT_EQ(Run({Bearer(bound)}), "<TOKEN_OF_ANOTHER_CERTIFICATE>");
}

TEST_F(AuthenticateTest, AMethodMaySayWhatItTakes) {
  using Kind = Credential::Kind;
  const tls::Certificate certificate{.uris = {"spiffe://shop/orders"}, .not_after = kNow};
  settings_.certificates.emplace().rules.push_back(
      {.from = identity::CertificateRules::From::kUri});
  settings_.places.certificates = CredentialPlaces::Certificates::kAlone;
  const std::string good = Cat("Bearer ", Token());
  const std::string cookie = Cat("session=", Token());
  struct Way {
    Kind kind;
    HeaderRows headers;
    const tls::Certificate* certificate;
    std::string caller;
  };
  const std::vector<Way> ways = {
      {Kind::kToken, {Bearer(good)}, nullptr, "ada"},
      {Kind::kSession, {{"cookie", cookie}}, nullptr, "ada"},
      {Kind::kApiKey, {{"x-api-key", "secret"}}, nullptr, "robot"},
      {Kind::kCertificate, {}, &certificate, "spiffe://shop/orders"},
  };
  for (const Way& wanted : ways) {
    for (const Way& brought : ways) {
      certificate_ = brought.certificate;
      route_.auth.credentials = 0;
      EXPECT_EQ(Run(brought.headers), brought.caller);
      route_.auth.credentials = Credential::Bit(wanted.kind);
      EXPECT_EQ(Run(brought.headers),
                wanted.kind == brought.kind ? brought.caller : "<CREDENTIAL_KIND>");
    }
  }
  certificate_ = nullptr;
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
  route_.auth.credentials = Credential::Bit(Kind::kToken) | Credential::Bit(Kind::kApiKey);
  EXPECT_EQ(Run({Bearer(good)}), "ada");
  EXPECT_EQ(Run({{"x-api-key", "secret"}}), "robot");
  EXPECT_EQ(Run({{"cookie", cookie}}), "<CREDENTIAL_KIND>");
}

TEST_F(AuthenticateTest, KeysThatAreNotThereYet) {
  settings_.providers[0].file = "/nowhere";
  wait_ = false;
  const std::string good = Cat("Bearer ", Token());
  EXPECT_EQ(Run({Bearer(good)}), "<KEYS_UNAVAILABLE>");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "<TOKEN_MALFORMED>");
  EXPECT_EQ(Run({}), "<CREDENTIAL_MISSING>");
}

TEST(Authorize, AsksForAllThatTheRouteNames) {
  identity::Identity caller;
  caller.sub = "ada";
  caller.scopes = {"orders.read", "orders.write"};
  caller.roles = {"ops"};
  caller.claims = identity::ParseJson(
                      R"({"tenant":"acme","age":7,"vip":true,"groups":["a","b"],"none":null,
                          "org":{"plan":"gold"}})")
                      .value();
  using Claims = std::vector<route::Route::Auth::Claim>;
  struct Row {
    std::vector<std::string> scopes, any_scope, roles;
    Claims claims;
    std::string verdict;
  };
  const std::vector<Row> rows = {
      {{}, {}, {}, {}, "OK"},
      {{"orders.read"}, {}, {}, {}, "OK"},
      {{"orders.read", "orders.write"}, {}, {}, {}, "OK"},
      {{"orders.read", "admin"}, {}, {}, {}, "SCOPE_MISSING"},
      {{"orders"}, {}, {}, {}, "SCOPE_MISSING"},
      {{"ORDERS.READ"}, {}, {}, {}, "SCOPE_MISSING"},
      {{}, {"admin", "orders.write"}, {}, {}, "OK"},
      {{}, {"admin"}, {}, {}, "SCOPE_MISSING"},
      {{}, {}, {"admin", "ops"}, {}, "OK"},
      {{}, {}, {"admin"}, {}, "ROLE_MISSING"},
      {{"orders.read"}, {}, {"admin"}, {}, "ROLE_MISSING"},
      {{"admin"}, {}, {"admin"}, {}, "SCOPE_MISSING"},
      {{}, {}, {}, {{"tenant", {"other", "acme"}}}, "OK"},
      {{}, {}, {}, {{"tenant", {}}}, "OK"},
      {{}, {}, {}, {{"tenant", {"other"}}}, "CLAIM_MISSING"},
      {{}, {}, {}, {{"missing", {}}}, "CLAIM_MISSING"},
      {{}, {}, {}, {{"none", {}}}, "CLAIM_MISSING"},
      {{}, {}, {}, {{"age", {"7"}}, {"vip", {"true"}}}, "OK"},
      {{}, {}, {}, {{"age", {"7"}}, {"vip", {"false"}}}, "CLAIM_MISSING"},
      {{}, {}, {}, {{"groups", {"b"}}}, "OK"},
      {{}, {}, {}, {{"groups", {"c"}}}, "CLAIM_MISSING"},
      {{}, {}, {}, {{"org.plan", {"gold"}}}, "OK"},
      {{}, {}, {}, {{"org", {"gold"}}}, "CLAIM_MISSING"},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    route::Route::Auth auth;
    auth.scopes = rows[i].scopes;
    auth.any_scope = rows[i].any_scope;
    auth.roles = rows[i].roles;
    auth.claims = rows[i].claims;
    const absl::Status status = Authorize(auth, &caller);
    EXPECT_EQ(status.ok() ? "OK" : frontdesk::ReasonOf(status), rows[i].verdict) << i;
    const bool denied = status.code() == absl::StatusCode::kPermissionDenied;
    EXPECT_EQ(denied, !status.ok());
    EXPECT_EQ(Authorize(auth, nullptr).ok(), !auth.asks()) << i;
  }
}

TEST(Authorize, WhatRequestsAreFilledFromIsThere) {
  using contract::FieldType;
  identity::Identity caller;
  caller.claims = identity::ParseJson(R"({"tenant":"acme","age":7,"none":null})").value();
  const std::vector<std::pair<contract::ClaimNeed, bool>> rows = {
      {{"tenant", FieldType::kString, true}, true},
      {{"tenant", FieldType::kString, false}, true},
      {{"other", FieldType::kString, true}, false},
      {{"other", FieldType::kString, false}, true},
      {{"none", FieldType::kString, true}, false},
      {{"none", FieldType::kString, false}, true},
      {{"age", FieldType::kInt32, true}, true},
      // What a field can't hold is nothing that it could do without.
      {{"age", FieldType::kString, true}, false},
      {{"age", FieldType::kString, false}, false},
      {{"tenant", FieldType::kInt64, false}, false},
  };
  for (const auto& [need, allowed] : rows) {
    const absl::Status status = AuthorizeClaims({need}, &caller);
    EXPECT_EQ(status.ok() ? "OK" : frontdesk::ReasonOf(status), allowed ? "OK" : "CLAIM_MISSING")
        << need.claim;
    EXPECT_TRUE(AuthorizeClaims({need}, nullptr).ok()) << "nobody is let in elsewhere, or not";
  }
}

}  // namespace
}  // namespace frontdesk::policy
