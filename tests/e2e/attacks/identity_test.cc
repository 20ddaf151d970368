// Attacks on who is calling: a row each, judged at both ends. What the client gets says nothing of
// what was wrong, the access log does, and no back end has seen anything of it.
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "gateway/base/text.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/base64url.h"
#include "tests/e2e/stack.h"
#include "tests/support/jose.h"

namespace frontdesk::e2e {
namespace {

using identity::EncodeBase64Url;
using nlohmann::json;
using testing::JoseKey;
using testing_support::ReadFile;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The issuer's keys: an RSA key that does not sign RS384, one for ECDSA, and one that was
// withdrawn. And that of an issuer whose access tokens say what they are.
struct Keys {
  JoseKey rsa{"RS256", "rsa"}, ec{"ES256", "ec"}, withdrawn{"ES256", "old"},
      stranger{"ES256", "ec"}, typed{"ES256", "typed"};
  std::string Set() const { return Cat(R"({"keys":[)", rsa.Jwk(), ',', ec.Jwk(), "]}"); }
};
const Keys& TheKeys() {
  static const auto* const keys = new Keys();
  return *keys;
}

// Claims that are good; `over` replaces, and with null removes.
json Claims(const json& over = {}) {
  json claims{
      {"iss", "https://idp.example"}, {"aud", "shop"},          {"sub", "user-7"}, {"iat", Now()},
      {"exp", Now() + 600},           {"scope", "orders.read"}, {"tenant", "acme"}};
  for (const auto& [name, value] : over.items()) {
    claims[name] = value;
    if (value.is_null()) claims.erase(name);
  }
  return claims;
}

std::string Good(const json& over = {}) { return TheKeys().ec.Token(Claims(over).dump()); }
// With members of the header besides alg and kid.
std::string WithHeader(const std::string& header) {
  return TheKeys().ec.Sign(header, Claims().dump());
}

// A token of the issuer whose tokens must have a type; `type` is more of its header.
std::string Typed(const std::string& type) {
  return TheKeys().typed.Sign(Cat(R"({"alg":"ES256","kid":"typed")", type, "}"),
                              Claims({{"iss", "https://typed.example"}}).dump());
}

struct Row {
  const char* name;
  HeaderList headers;
  std::string reason;  // in the access log
  std::string query = "";
};

HeaderList Bearer(const std::string& token) { return {{"authorization", Cat("Bearer ", token)}}; }

std::vector<Row> TokenRows() {
  const Keys& keys = TheKeys();
  const std::string good = Good();
  const std::string input = good.substr(0, good.rfind('.'));
  const std::string claims = Claims().dump();
  const auto parts = [&](const std::string& header, const std::string& signature) {
    return Cat(EncodeBase64Url(header), '.', EncodeBase64Url(claims), '.', signature);
  };
  // The RSA key's public text as an HMAC secret: what a library that trusts `alg` would compare.
  const JoseKey hmac("HS256", "rsa");
  const std::string zero(64, '\0');
  return {
      {"Nothing", {}, "CREDENTIAL_MISSING"},
      {"AlgNone", Bearer(parts(R"({"alg":"none","kid":"ec"})", "")), "TOKEN_ALGORITHM"},
      {"AlgNoneInCapitals", Bearer(parts(R"({"alg":"NONE","kid":"ec"})", "")), "TOKEN_ALGORITHM"},
      {"AlgNoneMixed", Bearer(parts(R"({"alg":"nOnE","kid":"ec"})", "")), "TOKEN_ALGORITHM"},
      {"HmacWithThePublicKey", Bearer(hmac.Token(claims)), "TOKEN_KEY_UNKNOWN"},
      {"AnotherAlgorithmOfTheKey", Bearer(keys.rsa.Sign(R"({"alg":"PS256","kid":"rsa"})", claims)),
       "TOKEN_KEY_UNKNOWN"},
      {"AnotherHashOfTheKey", Bearer(keys.rsa.Sign(R"({"alg":"RS384","kid":"rsa"})", claims)),
       "TOKEN_KEY_UNKNOWN"},
      {"SignedByAStranger", Bearer(keys.stranger.Token(claims)), "TOKEN_SIGNATURE"},
      {"WithdrawnKey", Bearer(keys.withdrawn.Token(claims)), "TOKEN_KEY_UNKNOWN"},
      {"ZeroSignature", Bearer(Cat(input, '.', EncodeBase64Url(zero))), "TOKEN_SIGNATURE"},
      {"NoSignature", Bearer(Cat(input, '.')), "TOKEN_SIGNATURE"},
      {"LongSignature", Bearer(Cat(good, "AA")), "TOKEN_SIGNATURE"},
      {"RsaSignatureCut", Bearer([&] {
         const std::string token = keys.rsa.Token(claims);
         return token.substr(0, token.size() - 2);
       }()),
       "TOKEN_SIGNATURE"},
      {"ChangedClaims",
       Bearer(Cat(good.substr(0, good.find('.')), '.',
                  EncodeBase64Url(Claims({{"sub", "admin"}}).dump()),
                  good.substr(good.rfind('.')))),
       "TOKEN_SIGNATURE"},
      {"NoType", Bearer(Typed("")), "TOKEN_TYPE"},
      {"AnotherType", Bearer(Typed(R"(,"typ":"JWT")")), "TOKEN_TYPE"},
      {"TypeOfAnIdToken", Bearer(Typed(R"(,"typ":"id+jwt")")), "TOKEN_TYPE"},
      {"TypeThatBeginsSo", Bearer(Typed(R"(,"typ":"at+jwt;x")")), "TOKEN_TYPE"},
      {"KidOfAPath", Bearer(WithHeader(R"({"alg":"ES256","kid":"../../../etc/passwd"})")),
       "TOKEN_KEY_UNKNOWN"},
      {"KidOfSql", Bearer(WithHeader(R"({"alg":"ES256","kid":"ec' OR 1=1 --"})")),
       "TOKEN_KEY_UNKNOWN"},
      {"KidWithNul", Bearer(WithHeader(R"({"alg":"ES256","kid":"ec\u0000"})")),
       "TOKEN_KEY_UNKNOWN"},
      {"KidOfTenKilobytes",
       Bearer(WithHeader(Cat(R"({"alg":"ES256","kid":")", std::string(10 << 10, 'k'), "\"}"))),
       "TOKEN_TOO_LONG"},
      {"KidOfAKilobyte",
       Bearer(WithHeader(Cat(R"({"alg":"ES256","kid":")", std::string(1 << 10, 'k'), "\"}"))),
       "TOKEN_KID"},
      {"OwnKeyInTheToken",
       Bearer(keys.stranger.Sign(
           Cat(R"({"alg":"ES256","kid":"ec","jwk":)", keys.stranger.Jwk(), "}"), claims)),
       "TOKEN_SIGNATURE"},
      {"OwnCertificateInTheToken",
       Bearer(keys.stranger.Sign(R"({"alg":"ES256","kid":"ec","x5c":["AAAA"]})", claims)),
       "TOKEN_SIGNATURE"},
      {"CriticalExtension", Bearer(WithHeader(R"({"alg":"ES256","kid":"ec","crit":["x"],"x":1})")),
       "TOKEN_CRITICAL_HEADER"},
      {"UnencodedPayload",
       Bearer(WithHeader(R"({"alg":"ES256","kid":"ec","b64":false,"crit":["b64"]})")),
       "TOKEN_CRITICAL_HEADER"},
      {"Encrypted", Bearer(Cat(EncodeBase64Url(R"({"alg":"dir","enc":"A256GCM"})"), "..AA.AA.AA")),
       "TOKEN_MALFORMED"},
      {"NamesTwiceInTheHeader", Bearer(WithHeader(R"({"alg":"none","alg":"ES256","kid":"ec"})")),
       "TOKEN_HEADER"},
      {"NamesTwiceInTheClaims",
       Bearer(keys.ec.Token(claims.substr(0, claims.size() - 1) + R"(,"sub":"admin"})")),
       "TOKEN_CLAIMS"},
      {"Padding", Bearer(Cat(input, '=', good.substr(good.rfind('.')))), "TOKEN_MALFORMED"},
      {"FourParts", Bearer(Cat(good, ".AA")), "TOKEN_MALFORMED"},
      {"NoToken", Bearer("x"), "TOKEN_MALFORMED"},
      {"NineKilobytes", Bearer(std::string(9 << 10, 'x')), "TOKEN_TOO_LONG"},
      {"NoExpiry", Bearer(Good({{"exp", nullptr}})), "TOKEN_WITHOUT_EXPIRY"},
      {"Expired", Bearer(Good({{"exp", Now() - 61}})), "TOKEN_EXPIRED"},
      {"ExpiryAsText", Bearer(Good({{"exp", Cat(Now() + 600)}})), "TOKEN_TIME"},
      {"ExpiryWithFraction", Bearer(Good({{"exp", 1e12 + 0.5}})), "TOKEN_TIME"},
      {"ExpiryOfAllTime", Bearer(Good({{"exp", 1e30}})), "TOKEN_TIME"},
      {"ExpiryBelowZero", Bearer(Good({{"exp", -1}})), "TOKEN_TIME"},
      {"NotYetValid", Bearer(Good({{"nbf", Now() + 120}})), "TOKEN_NOT_YET_VALID"},
      {"FromTheFuture", Bearer(Good({{"iat", Now() + 120}})), "TOKEN_FROM_THE_FUTURE"},
      {"NoIssuer", Bearer(Good({{"iss", nullptr}})), "TOKEN_ISSUER"},
      {"AnotherIssuer", Bearer(Good({{"iss", "https://evil.example"}})), "TOKEN_ISSUER"},
      {"NoAudience", Bearer(Good({{"aud", nullptr}})), "TOKEN_AUDIENCE"},
      {"ForSomebodyElse", Bearer(Good({{"aud", {"bank", "mail"}}})), "TOKEN_AUDIENCE"},
      {"NoSubject", Bearer(Good({{"sub", nullptr}})), "TOKEN_SUBJECT"},
      {"HeaderInTheSubject", Bearer(Good({{"sub", "user-7\r\nx-admin: 1"}})), "TOKEN_SUBJECT"},
      {"TwoAuthorizations",
       {{"authorization", Cat("Bearer ", good)}, {"authorization", Cat("Bearer ", good)}},
       "CREDENTIALS_TWICE"},
      {"HeaderAndQuery", Bearer(good), "CREDENTIALS_TWICE", Cat("?access_token=", good)},
      {"HeaderAndCookie",
       {{"authorization", Cat("Bearer ", good)}, {"cookie", Cat("session=", good)}},
       "CREDENTIALS_TWICE"},
      {"HeaderAndApiKey",
       {{"authorization", Cat("Bearer ", good)}, {"x-api-key", "robot-key"}},
       "CREDENTIALS_TWICE"},
      {"HeaderAndQuerySpeltOtherwise", Bearer(good), "CREDENTIALS_TWICE",
       Cat("?access%5Ftoken=", good)},
      {"QueryAlone", {}, "CREDENTIAL_MISSING", Cat("?access_token=", good)},
      {"QueryAloneSpeltOtherwise", {}, "CREDENTIAL_MISSING", Cat("?%61ccess%5ftoken=", good)},
      {"JsonSerialisation",
       Bearer(R"({"payload":"e30","protected":"eyJhbGciOiJub25lIn0","signature":"AA"})"),
       "CREDENTIAL_MALFORMED"},
      {"WhitespaceInTheToken", Bearer(Cat(input, " ", good.substr(good.rfind('.')))),
       "CREDENTIAL_MALFORMED"},
      {"SignatureInDer",
       Bearer(Cat(input, '.', EncodeBase64Url(std::string("\x30\x06\x02\x01\x01\x02\x01\x01", 8)))),
       "TOKEN_SIGNATURE"},
      {"CookieTwice", {{"cookie", Cat("session=", good, "; session=x")}}, "CREDENTIALS_TWICE"},
      {"TwoSpaces", {{"authorization", Cat("Bearer  ", good)}}, "CREDENTIAL_MALFORMED"},
      {"NoSpace", {{"authorization", Cat("Bearer", good)}}, "CREDENTIAL_SCHEME"},
      {"ListOfTokens",
       {{"authorization", Cat("Bearer ", good, ", Bearer ", good)}},
       "CREDENTIAL_MALFORMED"},
      {"AnotherScheme", {{"authorization", "Basic cm9vdDpyb290"}}, "CREDENTIAL_SCHEME"},
      {"UnknownApiKey", {{"x-api-key", "guess"}}, "API_KEY_UNKNOWN"},
      {"HashAsApiKey",
       {{"x-api-key", "b2cfb5518f033861ee2dd12be0f7c0b95c23d0b8d1f4c32c8a788f77bc8a52be"}},
       "API_KEY_UNKNOWN"},
      {"NamedByAHeader", {{"x-user-id", "admin"}}, "CREDENTIAL_MISSING"},
  };
}

// One gateway for all rows, with an issuer, API keys and a cookie.
class IdentityAttacks : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mocks_ = new Mocks();
    const std::string jwks = WriteTempFile("jwks.json", TheKeys().Set());
    const std::string keys =
        WriteTempFile("keys.json",
                      // Of "robot-key", and of one whose owner shops, too.
                      Cat(R"({"keys":[{"sub":"robot","scope":"orders.read","sha256":")", kRobot,
                          R"("},{"sub":"user-3","claims":{"tenant":"acme"},"sha256":")",
                          ToHex(identity::HashOfApiKey("user-key")), "\"}]}"));
    log_ = WriteTempFile("access.log", "");
    GatewayOptions options;
    options.caller = "";
    options.extra =
        Cat("log: {file: ", log_,
            "}\nauth:\n  cookie: session\n  shared_subjects: true\n  api_keys: {file: ", keys,
            "}\n  claim_metadata: [{claim: tenant, key: x-tenant}]\n"
            "  providers:\n    idp: {issuer: 'https://idp.example', audiences: [shop], jwks_file: ",
            jwks,
            "}\n    typed: {issuer: 'https://typed.example', audiences: [shop], type: at+jwt, "
            "jwks_file: ",
            WriteTempFile("typed.json", TheKeys().typed.Set()),
            "}\n"
            "methods:\n"
            "  shop.order.v1.Orders/GetOrder: {auth: {scopes: [orders.read]}, "
            "request_headers: [x-a, x-user-id-2]}\n"
            "  shop.review.v1.Reviews/CreateReview: {idempotency: {}}\n"
            "  shop.review.v1.Reviews/GetSummary: {limit: [{key: caller, requests: 3, per: 1h}]}\n"
            "  shop.review.v1.Reviews/ListByOrder: {limit: [{key: claim, of: tenant, requests: 3, "
            "per: 1h}]}\n"
            "  shop.inventory.v1.Inventory/GetStock: {auth: {access: optional, weakens: true}}\n"
            "  shop.user.v1.Users/GetUser: {auth: {roles: [admin]}}\n");
    gateway_ = new Frontdesk(*mocks_, options);
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete mocks_;
  }

  static RawResponse Get(std::string_view target, const HeaderList& headers) {
    return Fetch(gateway_->port(), "GET", target, headers);
  }
  // The log's line of the request with this id.
  static json LogLine(const std::string& id) {
    json found;
    EXPECT_TRUE(Eventually([&] {
      std::istringstream lines(ReadFile(log_));
      for (std::string line; std::getline(lines, line);) {
        json one = json::parse(line, nullptr, false);
        if (one.is_object() && one.value("request_id", "") == id) found = std::move(one);
      }
      return !found.is_null();
    })) << id;
    return found;
  }

  // What `printf %s robot-key | sha256sum` prints.
  static constexpr char kRobot[] =
      "b2cfb5518f033861ee2dd12be0f7c0b95c23d0b8d1f4c32c8a788f77bc8a52be";
  static Mocks* mocks_;
  static Frontdesk* gateway_;
  static std::string log_;
};
Mocks* IdentityAttacks::mocks_ = nullptr;
Frontdesk* IdentityAttacks::gateway_ = nullptr;
std::string IdentityAttacks::log_;

TEST_F(IdentityAttacks, AreAllAnsweredAlikeAndReachNobody) {
  mocks_->Reset();
  std::string first;
  for (const Row& row : TokenRows()) {
    HeaderList headers = row.headers;
    headers.emplace_back("x-request-id", Cat("row-", row.name));
    const RawResponse response = Get(Cat(kOrder, row.query), headers);
    EXPECT_EQ(response.status, 401) << row.name << response.body;
    EXPECT_EQ(response.Header("www-authenticate"), "Bearer") << row.name;
    EXPECT_EQ(ReasonOf(response), "CALLER_UNKNOWN") << row.name;
    // One answer for all, but for the request's own id.
    std::string body = response.body;
    const size_t id = body.find(Cat("row-", row.name));
    ASSERT_NE(id, std::string::npos) << body;
    body.erase(id, 4 + std::string(row.name).size());
    if (first.empty()) first = body;
    EXPECT_EQ(body, first) << row.name;
    const json line = LogLine(Cat("row-", row.name));
    EXPECT_EQ(line.value("reason", ""), row.reason) << row.name;
    EXPECT_EQ(line.value("caller", ""), "") << row.name;
  }
  EXPECT_EQ(mocks_->Count("order", "calls"), 0u);
  // No token, and no part of one, is in the log.
  EXPECT_EQ(ReadFile(log_).find("eyJ"), std::string::npos);
}

TEST_F(IdentityAttacks, WhoIsGoodIsLetInAndNamed) {
  for (const auto& [headers, who] : std::vector<std::pair<HeaderList, std::string>>{
           {Bearer(Good()), "user-7"},
           {Bearer(TheKeys().rsa.Token(Claims().dump())), "user-7"},
           {Bearer(Good({{"aud", {"bank", "shop"}}, {"sub", "user-8"}})), "user-8"},
           {{{"cookie", Cat("a=b; session=", Good({{"sub", "user-9"}}))}}, "user-9"},
           {Bearer(Typed(R"(,"typ":"at+jwt")")), "user-7"},
           {Bearer(Typed(R"(,"typ":"application/AT+JWT")")), "user-7"},
           {{{"x-api-key", "robot-key"}}, "robot"}}) {
    mocks_->Reset();
    const RawResponse response = Get(kOrder, headers);
    EXPECT_EQ(response.status, 200) << who << response.body;
    const json arrivals = mocks_->Arrivals("order");
    ASSERT_EQ(arrivals.size(), 1u);
    EXPECT_NE(arrivals.dump().find(who), std::string::npos) << arrivals.dump();
    EXPECT_EQ(arrivals.dump().find("eyJ"), std::string::npos) << arrivals.dump();
  }
}

// The same person by another credential, where the file says that it is: no second quota, and no
// second order.
TEST_F(IdentityAttacks, AnotherCredentialIsNobodyElse) {
  mocks_->Reset();
  const json ada = {{"sub", "user-3"}, {"tenant", "acme"}};
  const std::vector<HeaderList> ways = {
      Bearer(Good(ada)),
      {{"x-api-key", "user-key"}},
      {{"cookie", Cat("session=", Good(ada))}, {"origin", "http://localhost"}}};
  for (const char* target :
       {"/api/v1/products/product-1/reviews:summary", "/api/v1/orders/order-1/reviews"}) {
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(Get(target, ways[i % ways.size()]).status, i < 3 ? 200 : 429) << target << i;
    }
    EXPECT_EQ(Get(target, Bearer(Good({{"sub", "user-1"}, {"tenant", "other"}}))).status, 200);
  }
  const uint64_t before = mocks_->Count("review", "calls");
  EXPECT_EQ(before, 8u);
  for (size_t i = 0; i < ways.size(); ++i) {
    HeaderList headers = ways[i];
    headers.emplace_back("idempotency-key", "key-1");
    const RawResponse response =
        Fetch(gateway_->port(), "POST", "/api/v1/products/product-1/reviews", headers,
              R"({"userId":"user-1","stars":5,"text":"good"})");
    EXPECT_EQ(response.status, 201) << i << response.body;
    EXPECT_EQ(response.Count("idempotency-replayed"), i == 0 ? 0u : 1u) << i;
  }
  EXPECT_EQ(mocks_->Count("review", "calls"), before + 1);
}

// Whatever a client sends under the names of identity, in any spelling: ours is what arrives.
TEST_F(IdentityAttacks, NobodyNamesHimself) {
  for (const char* name : {"x-user-id", "X-User-Id", "X_User_Id", "X.User.Id", "x-user-id-bin",
                           "x_user_id_bin", "grpc-metadata-x-user-id", "Grpc-Metadata-X-User-Id",
                           "x-tenant", "X_Tenant", "x.tenant", "x-tenant-bin"}) {
    mocks_->Reset();
    HeaderList headers = Bearer(Good());
    headers.emplace_back(name, "ZXZpbA");
    headers.emplace_back(name, "evil");
    const RawResponse response = Get(kOrder, headers);
    const std::string arrivals = mocks_->Arrivals("order").dump();
    if (response.status == 200) {
      EXPECT_NE(arrivals.find("user-7"), std::string::npos) << name << arrivals;
      EXPECT_NE(arrivals.find("acme"), std::string::npos) << name << arrivals;
    } else {
      EXPECT_EQ(response.status, 400) << name << response.body;
    }
    EXPECT_EQ(arrivals.find("evil"), std::string::npos) << name << arrivals;
    EXPECT_EQ(arrivals.find("ZXZpbA"), std::string::npos) << name << arrivals;
  }
  // Named as meant for the next hop only, it still is set.
  mocks_->Reset();
  HeaderList headers = Bearer(Good());
  headers.emplace_back("connection", "x-user-id, authorization, x-tenant");
  EXPECT_EQ(Get(kOrder, headers).status, 200);
  EXPECT_NE(mocks_->Arrivals("order").dump().find("user-7"), std::string::npos);
}

// Behind the body it is too late to be somebody, under whatever name and however it is announced.
TEST_F(IdentityAttacks, TrailersNameNobody) {
  const auto send = [](std::string_view fields, std::string_view trailers) {
    RawClient client(gateway_->port());
    client.Send(Cat("PATCH /api/v1/users/user-5 HTTP/1.1\r\nhost: a\r\n", fields,
                    "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                    "15\r\n{\"displayName\":\"Ada\"}\r\n0\r\n",
                    trailers, "\r\n"));
    return client.Read().value_or(RawResponse());
  };
  const std::string good = Cat("authorization: Bearer ", Good(), "\r\n");
  for (const char* name :
       {"x-user-id", "X_User_Id", "x.user.id", "x-user-id-bin", "grpc-metadata-x-user-id",
        "x-tenant", "X-Tenant", "X_Tenant", "x.tenant", "x-tenant-bin", "x_tenant_bin",
        "grpc-metadata-x-tenant", "x-a", "x-user-id-2", "idempotency-key", "x-api-key", "cookie"}) {
    const std::string trailers = Cat(name, ": evil\r\n", name, ": ZXZpbA\r\n");
    for (const std::string& announced :
         {std::string(), Cat("trailer: ", name, "\r\n"),
          Cat("te: trailers\r\nconnection: te, trailer\r\ntrailer: ", name, "\r\n")}) {
      mocks_->Reset();
      const RawResponse response = send(good + announced, trailers);
      EXPECT_EQ(response.status, 200) << name << response.body;
      const std::string arrivals = mocks_->Arrivals("user").dump();
      EXPECT_NE(arrivals.find("user-7"), std::string::npos) << name << arrivals;
      EXPECT_NE(arrivals.find("acme"), std::string::npos) << name << arrivals;
      EXPECT_EQ(arrivals.find("evil"), std::string::npos) << name << arrivals;
      EXPECT_EQ(arrivals.find("ZXZpbA"), std::string::npos) << name << arrivals;
      EXPECT_EQ(response.body.find("evil"), std::string::npos) << response.body;
    }
  }
  // Nor does a credential count there: a stranger stays one.
  mocks_->Reset();
  for (const std::string& trailer : {good, std::string("x-api-key: robot-key\r\n")}) {
    const RawResponse response = send("", trailer);
    EXPECT_EQ(response.status, 401) << response.body;
    EXPECT_EQ(ReasonOf(response), "CALLER_UNKNOWN");
  }
  EXPECT_EQ(mocks_->Count("user", "calls"), 0u);
}

TEST_F(IdentityAttacks, WhoLacksSomethingIsToldSo) {
  mocks_->Reset();
  RawResponse response = Get(kOrder, Bearer(Good({{"scope", "orders.write order.read"}})));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(ReasonOf(response), "SCOPE_MISSING");
  response = Get(kOrder, Bearer(Good({{"scope", nullptr}, {"scp", {"orders.read"}}})));
  EXPECT_EQ(response.status, 200);
  response = Get("/api/v1/users/user-1", Bearer(Good({{"roles", {"customer"}}})));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(ReasonOf(response), "ROLE_MISSING");
  EXPECT_EQ(Get("/api/v1/users/user-1", Bearer(Good({{"roles", {"admin"}}}))).status, 200);
  EXPECT_EQ(mocks_->Count("order", "calls"), 1u);
  EXPECT_EQ(mocks_->Count("user", "calls"), 1u);
}

// What is open asks for nothing and tells nobody's name, whatever is sent.
TEST_F(IdentityAttacks, PublicMeansPublic) {
  mocks_->Reset();
  for (const HeaderList& headers :
       std::vector<HeaderList>{{}, Bearer("x"), Bearer(Good()), {{"x-user-id", "admin"}}}) {
    EXPECT_EQ(Get("/api/public/products?page_size=1", headers).status, 200);
  }
  const std::string arrivals = mocks_->Arrivals("product").dump();
  for (const char* who : {"user-7", "admin", "x-user-id", "x-tenant"}) {
    EXPECT_EQ(arrivals.find(who), std::string::npos) << arrivals;
  }
  // Other spellings of a path don't open other doors.
  for (const char* path :
       {"/api/public/../v1/orders/order-1", "/api/public/%2e%2e/v1/orders/order-1",
        "/api/v1//orders/order-1", "/api/v1/orders/order-1/", "/api/public/..%2fv1/orders/order-1",
        "/API/v1/orders/order-1"}) {
    EXPECT_NE(Get(path, {}).status, 200) << path;
  }
  EXPECT_EQ(mocks_->Count("order", "calls"), 0u);
}

// Without a credential for nobody in particular; with one that is no good, not at all.
TEST_F(IdentityAttacks, OptionalIsNoExcuse) {
  constexpr char kStock[] = "/api/v1/products/product-1/stock";
  const struct {
    HeaderList headers;
    int status;
    const char* who;
  } rows[] = {
      {{}, 200, ""},
      {{{"x-user-id", "admin"}, {"x_user_id", "admin"}}, 200, ""},
      {Bearer(Good()), 200, "user-7"},
      {Bearer(Good({{"exp", Now() - 600}})), 401, ""},
      {Bearer(TheKeys().stranger.Token(Claims().dump())), 401, ""},
      {{{"x-api-key", "nobody's"}}, 401, ""},
  };
  for (const auto& row : rows) {
    mocks_->Reset();
    const RawResponse response = Get(kStock, row.headers);
    EXPECT_EQ(response.status, row.status) << response.body;
    const std::string arrivals = mocks_->Arrivals("inventory").dump();
    EXPECT_EQ(mocks_->Count("inventory", "calls"), row.status == 200 ? 1u : 0u);
    EXPECT_EQ(arrivals.find("admin"), std::string::npos) << arrivals;
    EXPECT_EQ(arrivals.find("x-user-id") != std::string::npos, row.who[0] != 0) << arrivals;
    EXPECT_NE(arrivals.find(row.who), std::string::npos) << arrivals;
  }
}

// Before a body is read: a refused client is not asked for it.
TEST_F(IdentityAttacks, NoBodyIsReadOfAStranger) {
  mocks_->Reset();
  RawClient client(gateway_->port());
  client.Send(
      "PATCH /api/v1/users/user-1 HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
      "content-length: 1000000\r\ncontent-type: application/json\r\n\r\n");
  const auto response = client.Read();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(mocks_->Count("user", "calls"), 0u);
}

// A gateway does not begin with keys of which one is no good: it neither starts nor passes over it.
TEST(IdentityKeys, ABadSetIsRefusedWhole) {
  const JoseKey good("ES256", "k1"), small("RS256", "small", 1024), secret("HS256", "h");
  const auto set = [](const std::string& keys) { return Cat(R"({"keys":[)", keys, "]}"); };
  struct Bad {
    std::string keys;
    std::string algorithms;
    std::string says;
  };
  const Bad rows[] = {
      {set(Cat(good.Jwk(), ',', small.Jwk())), "", "has a modulus of 1024 bits"},
      {set(Cat(good.Jwk(), ',', JoseKey("ES256", "k2").Jwk(R"(,"use":"enc")"))), "",
       "is for encryption (use: enc)"},
      {set(Cat(good.Jwk(), ',', JoseKey("ES256", "k1").Jwk())), "", "has the kid of another one"},
      {set(Cat(good.Jwk(), ',', secret.Jwk())), "", "is a secret among public keys"},
      {set(good.Jwk(R"(,"d":"AAAA")")), "", "is a private key among public ones"},
      {set(JoseKey("HS512", "h", 256).Jwk()), ", algorithms: [HS512]",
       "has 32 bytes, fewer than the hash"},
      {set(Cat(secret.Jwk(), ',', good.Jwk())), ", algorithms: [HS256]",
       "is no secret, and HMAC is for secrets alone"},
      {set(""), "", "has no keys"},
      {"<html>", "", "is not JSON"},
  };
  for (const Bad& row : rows) {
    const std::string file = WriteTempFile(
        "bad.yaml",
        DemoConfig(nullptr, {.caller = "",
                             .extra = Cat("auth: {providers: {idp: {issuer: i, audiences: [x]",
                                          row.algorithms, ", jwks_file: ",
                                          WriteTempFile("bad.json", row.keys), "}}}\n")}));
    // A start takes time, and looks at the file as "check" does.
    for (const char* verb : {"check", "serve"}) {
      if (std::string_view(verb) == "serve" && &row != rows) continue;
      const auto [code, out] = RunVerb({verb, "-c", file});
      EXPECT_EQ(code, 1) << row.says << out;
      EXPECT_NE(out.find("auth.providers.idp.jwks_file: its keys can't be used: "),
                std::string::npos)
          << out;
      EXPECT_NE(out.find(row.says), std::string::npos) << out;
      EXPECT_EQ(out.find(R"("k":")"), std::string::npos) << "no secret is shown";
    }
  }
}

// The verb: a key that is made once, and tokens that it signs.
TEST(Token, IsSignedForTheDemo) {
  const std::string folder = testing_support::WriteTempFile("folder", "");
  const std::string key = Cat(folder, ".key.json");
  EXPECT_EQ(RunVerb({"token", "--new-key", key}).first, 0);
  const std::string before = ReadFile(key);
  EXPECT_EQ(RunVerb({"token", "--new-key", key}).first, 0);
  EXPECT_EQ(ReadFile(key), before);

  const Mocks mocks;
  GatewayOptions options;
  options.caller = "";
  options.extra =
      Cat("auth: {providers: {demo: {issuer: me, audiences: [shop], signing_key_file: ", key,
          "}}}\nmethods: {shop.order.v1.Orders: {auth: {scopes: [orders.read]}}}\n");
  const std::string config = WriteTempFile("token.yaml", DemoConfig(mocks, options));
  const Frontdesk gateway(config);
  const auto get = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"token", "-c", config, "--sub", "user-3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto [code, token] = RunVerb(arguments);
    EXPECT_EQ(code, 0) << token;
    while (token.ends_with('\n')) token.pop_back();
    return Fetch(gateway.port(), "GET", kOrder, Bearer(token)).status;
  };
  EXPECT_EQ(get({"--scopes", "orders.read x"}), 200);
  EXPECT_EQ(get({}), 403);
  EXPECT_EQ(RunVerb({"token", "-c", config}).first, 2);
  EXPECT_EQ(RunVerb({"token", "-c", config, "--sub", "a", "--life", "x"}).first, 2);
  EXPECT_EQ(RunVerb({"token", "-c", config, "--sub", "a", "--provider", "other"}).first, 1);
}

}  // namespace
}  // namespace frontdesk::e2e
