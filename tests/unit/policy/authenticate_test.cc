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
                 const CredentialPlaces& places = {"x-api-key", "session"}) {
  http::Request request;
  request.method = "GET";
  for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
  request.query = query;
  const auto found = FindCredential(request, places);
  if (!found.ok()) return std::string(Std(found.status().message()));
  switch (found->kind) {
    case Credential::Kind::kNone:
      return "none";
    case Credential::Kind::kToken:
      return Cat("token ", found->text);
    case Credential::Kind::kApiKey:
      return Cat("key ", found->text);
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
    EXPECT_EQ(found->from_cookie, from_cookie) << header.value;
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
      {{{"cookie", "a=b; session=t; c=d"}}, "token t"},
      {{{"cookie", "session=t"}, {"cookie", "session=u"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t; session=t"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t"}, {"authorization", "Bearer a"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "session=t"}, {"x-api-key", "k"}}, "CREDENTIALS_TWICE"},
      {{{"cookie", "Session=t; sessions=u; xsession=v; session"}}, "none"},
      {{{"cookie", ";;; =; session="}}, "token "},
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
  for (const char* query : {"%61ccess_token=a", "x=%20&access%5ftoken=a", "access_token=%61"}) {
    EXPECT_EQ(Find({{"authorization", "Bearer a"}}, query), "CREDENTIALS_TWICE") << query;
    EXPECT_TRUE(HasTokenInQuery(query)) << query;
  }
  EXPECT_FALSE(HasTokenInQuery("a=%20&%61ccess_token&my_access_token=b&access_token%3D=%zz=c"));
  EXPECT_EQ(HideTokens("/a?%61ccess_token=eyJ.x&b=1&&access%5Ftoken=x%"),
            "/a?%61ccess_token=...&b=1&&access%5Ftoken=...");
  EXPECT_EQ(HideTokens("/a"), "/a");
  EXPECT_EQ(HideTokens(""), "");
  EXPECT_EQ(HideTokens("/a?access_token=eyJ.x&b=1&access_token="),
            "/a?access_token=...&b=1&access_token=...");
  // Where the operator's file names no such places.
  EXPECT_EQ(Find({{"x-api-key", "k"}, {"cookie", "session=t"}}, "", {}), "none");
}

class AuthenticateTest : public ::testing::Test {
 protected:
  AuthenticateTest() {
    AuthSettings::Provider provider;
    provider.name = "idp";
    provider.rules = {.issuer = "https://idp", .audiences = {"shop"}};
    provider.file = testing_support::WriteTempFile("jwks.json", key_.Set());
    settings_.providers.push_back(provider);
    settings_.api_keys = std::make_shared<const identity::ApiKeys>(
        identity::ApiKeys::Parse(Cat(R"({"keys":[{"sub":"robot","sha256":")",
                                     ToHex(identity::HashOfApiKey("secret")), R"("}]})"),
                                 {}, 1)
            .value());
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
          settings_, [] { return kNow; }, upstream::MakeRandom, 1);
      authenticator_->Start();
      EXPECT_TRUE(!wait_ || authenticator_->WaitForKeys(std::chrono::seconds(30)));
    }
    http::Request request;
    request.method = "GET";
    for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
    testing_support::NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop_);
    exchange.route = &route_;
    const absl::Status status = Authenticate(exchange, settings_, *authenticator_);
    if (status.ok()) {
      EXPECT_EQ(exchange.refused_credential, "");
      EXPECT_EQ(exchange.call.identity == nullptr, exchange.call.caller_sub.empty());
      return exchange.call.caller_sub.empty() ? "nobody" : exchange.call.caller_sub;
    }
    // Whatever was wrong: the client is told the same.
    if (status.code() == absl::StatusCode::kUnauthenticated) {
      EXPECT_EQ(frontdesk::ReasonOf(status), "CALLER_UNKNOWN");
      EXPECT_EQ(frontdesk::HeadersOf(status), "WWW-Authenticate: Bearer\r\n");
      EXPECT_EQ(status.message(), "this address needs to know who is calling");
    } else {
      EXPECT_EQ(frontdesk::ReasonOf(status), "AUTH_UNAVAILABLE");
    }
    EXPECT_EQ(exchange.call.caller_sub, "");
    return Cat('<', exchange.refused_credential, '>');
  }
  static http::Header Bearer(const std::string& text) { return {"authorization", text}; }

  const testing::JoseKey key_{"ES256"};
  AuthSettings settings_;
  contract::Method method_;
  route::Route route_;
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
}

TEST_F(AuthenticateTest, WhereNobodyCanProveAnything) {
  settings_ = AuthSettings();
  route_.auth.access = Access::kOptional;
  EXPECT_EQ(Run({Bearer("Bearer x"), Bearer("y")}), "nobody");
  settings_.development_caller = identity::MakeIdentity("me");
  EXPECT_EQ(Run({Bearer("Bearer x")}), "me");
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

}  // namespace
}  // namespace frontdesk::policy
