// The operator's side: clients never reach it, it gives nothing away, and nobody but the operator
// says where the gateway goes or where it listens.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"
#include "tests/support/jose.h"

namespace frontdesk::e2e {
namespace {

using testing_support::ReadFile;
using testing_support::WriteTempFile;

constexpr const char* kPages[] = {"/",        "/healthz",   "/health",       "/readyz",
                                  "/metrics", "/upstreams", "/certificates", "/version"};
// What admin listeners of others have, and this one has not.
constexpr const char* kElsewhere[] = {
    "/debug/pprof/", "/debug",          "/config_dump",      "/config", "/env",
    "/admin",        "/logging",        "/server",           "/stats",  "/clusters",
    "/heapdump",     "/actuator/env",   "/runtime",          "/memory", "/trace",
    "/quitquitquit", "/shutdown",       "/reload",           "/drain",  "/../etc/passwd",
    "//metrics",     "/%2e%2e/metrics", "/metrics/../config"};
constexpr char kKey[] = "robot-key-that-is-secret";
constexpr char kToken[] = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzZWNyZXQifQ.c2VjcmV0";

// With keys, so that there is something to give away, and an issuer, so that tokens are looked at.
std::string WithSecrets(const std::string& log) {
  return Cat(
      "log: {file: ", log, "}\nauth:\n  shared_subjects: true\n  cookie: session\n  api_keys: {file: ",
      // Of kKey.
      WriteTempFile("keys.json", R"({"keys":[{"sub":"robot","sha256":")"
                                 "6078999ad7bfb9a30714af479c37b393eecc3e3ea58ab7b8f821e2c083ff59f9"
                                 "\"}]}"),
      "}\n  providers:\n    idp: {issuer: 'https://idp.example', audiences: [shop], jwks_file: ",
      WriteTempFile("jwks.json", Cat(R"({"keys":[)", testing::JoseKey("ES256", "ec").Jwk(), "]}")),
      "}\n");
}

class Operator : public ::testing::Test {
 protected:
  Operator() : log_(WriteTempFile("access.log", "")), echo_(WithSecrets(log_)) {}

  uint16_t admin() { return echo_.gateway().admin(); }
  RawResponse FromAdmin(const std::string& request) {
    RawClient client(admin());
    client.Send(request);
    return client.Read().value_or(RawResponse());
  }

  const std::string log_;
  Echo echo_;
};

// Asked for at the public address by every name that it may have.
TEST_F(Operator, IsNotToBeFoundAtThePublicAddress) {
  const std::string there = Cat("127.0.0.1:", admin());
  std::vector<std::string> requests;
  for (const char* page : kPages) {
    // Those that are the gateway's own answer are its health, and say nothing else.
    if (std::string_view(page).ends_with("z") || std::string_view(page) == "/health") continue;
    const std::string get = Cat("GET ", page, " HTTP/1.1\r\nhost: ");
    requests.push_back(Cat(get, "localhost\r\n\r\n"));
    requests.push_back(Cat(get, there, "\r\n\r\n"));
    requests.push_back(Cat("GET http://", there, page, " HTTP/1.1\r\nhost: ", there, "\r\n\r\n"));
    requests.push_back(Cat("GET /", page, " HTTP/1.1\r\nhost: ", there, "\r\n\r\n"));
    requests.push_back(Cat("GET /admin", page, " HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    requests.push_back(Cat("GET //admin", page, " HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    requests.push_back(Cat("GET /path/..", page, " HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    requests.push_back(Cat("GET /..;", page, " HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    requests.push_back(Cat(get, "localhost\r\nx-forwarded-host: ", there, "\r\nx-original-url: ",
                           page, "\r\nforwarded: host=", there, "\r\n\r\n"));
  }
  requests.push_back(Cat("CONNECT ", there, " HTTP/1.1\r\nhost: ", there,
                         "\r\n\r\nGET /metrics HTTP/1.1\r\nhost: ", there, "\r\n\r\n"));
  requests.push_back(Cat("OPTIONS * HTTP/1.1\r\nhost: ", there, "\r\n\r\n"));
  for (const std::string& request : requests) {
    SCOPED_TRACE(request);
    RawClient client(echo_.port());
    client.Send(request);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->status == 204 || response->status == 400 || response->status == 404 ||
                response->status == 405)
        << response->status;
    EXPECT_EQ(response->body.find("frontdesk_"), std::string::npos) << response->body;
    EXPECT_EQ(response->body.find("\"pages\""), std::string::npos) << response->body;
  }
  EXPECT_EQ(echo_.calls(), 0);
}

TEST_F(Operator, ShowsItsPagesToThisMachineAndChangesNothing) {
  const std::string host = Cat("host: 127.0.0.1:", admin(), "\r\n");
  for (const char* page : kPages) {
    EXPECT_EQ(FromAdmin(Cat("GET ", page, " HTTP/1.1\r\n", host, "\r\n")).status, 200) << page;
    // A page of somebody else's in a browser on this machine, whose name was made to point here.
    EXPECT_EQ(FromAdmin(Cat("GET ", page, " HTTP/1.1\r\nhost: evil.example\r\n\r\n")).status, 403)
        << page;
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
      const RawResponse response =
          FromAdmin(Cat(method, ' ', page, " HTTP/1.1\r\n", host, "content-length: 2\r\n\r\n{}"));
      EXPECT_EQ(response.status, 405) << method << page;
      EXPECT_EQ(response.Header("access-control-allow-origin"), "");
    }
  }
  for (const char* page : kElsewhere) {
    for (const char* method : {"GET", "POST"}) {
      const RawResponse response =
          FromAdmin(Cat(method, ' ', page, " HTTP/1.1\r\n", host, "content-length: 0\r\n\r\n"));
      EXPECT_EQ(response.status, 404) << method << page << response.body;
    }
  }
  // Nothing of what was sent behind a request is another one.
  RawClient client(admin());
  client.Send(Cat("POST /nothing HTTP/1.1\r\n", host,
                  "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                  "GET /metrics HTTP/1.1\r\n",
                  host, "\r\n"));
  EXPECT_EQ(client.ReadToEnd().find("frontdesk_"), std::string::npos);
  EXPECT_EQ(Json(echo_.Fetch("GET", "/healthz"))["status"], "SERVING");
}

// Whatever clients prove who they are with, and wherever they put it.
TEST_F(Operator, TokensAreNowhereToBeRead) {
  const std::string form = Cat("access_token=", kToken);
  for (const std::string& target :
       {std::string("/query?text=a"), Cat("/query?text=a&", form), Cat("/nowhere?", form),
        Cat("/query?", form, "&text=a"), Cat("/query?%61ccess_token=", kToken)}) {
    for (const HeaderList& headers :
         std::vector<HeaderList>{{{"authorization", Cat("Bearer ", kToken)}},
                                 {{"authorization", Cat("bearer  ", kToken)}},
                                 {{"authorization", Cat("Basic ", kToken)}},
                                 {{"x-api-key", kKey}},
                                 {{"cookie", Cat("session=", kToken)}},
                                 {{"x-api-key", kKey}, {"host", "again"}}}) {
      const RawResponse response = echo_.Fetch("GET", target, headers);
      if (response.status == 200) {
        EXPECT_EQ(Foreign(echo_.last()), "x-user-id ");
      } else {
        EXPECT_GE(response.status, 400) << target;
      }
      EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
      EXPECT_EQ(response.body.find("eyJ"), std::string::npos) << response.body;
    }
  }
  const std::string last = "the-last-one";
  echo_.Fetch("GET", "/nowhere", {{"x-request-id", last}});
  ASSERT_TRUE(Eventually([&] { return ReadFile(log_).find(last) != std::string::npos; }));
  std::string all = ReadFile(log_) + echo_.gateway().process().Stderr();
  for (const char* page : kPages) all += Fetch(admin(), "GET", page).body;
  for (const char* secret : {"eyJ", "c2VjcmV0", kKey}) {
    EXPECT_EQ(all.find(secret), std::string::npos)
        << all.substr(all.find(secret) < 300 ? 0 : all.find(secret) - 300, 600);
  }
  EXPECT_EQ(echo_.calls(), 1);
}

// By "check", and by "serve" where it is asked for: they look at a file alike, and a start takes
// time.
void ExpectRefused(const std::string& yaml, std::string_view says, bool serve = false) {
  const std::string file = WriteTempFile("refused.yaml", yaml);
  const auto [code, out] = RunVerb({serve ? "serve" : "check", "-c", file});
  EXPECT_EQ(code, 1) << yaml << out;
  EXPECT_NE(out.find(says), std::string::npos) << out;
}

TEST(OperatorsFile, TheAdminListenerIsOfThisMachine) {
  const std::string yaml = DemoConfig(nullptr, {});
  constexpr std::string_view kAdmin = "admin:\n  address: 127.0.0.1:0\n";
  const size_t at = yaml.find(kAdmin);
  ASSERT_NE(at, std::string::npos);
  for (const char* address : {"0.0.0.0:0", "'[::]:0'", "10.0.0.1:9900", "192.168.1.1:9900",
                              "169.254.1.1:9900", "'[fe80::1]:9900'", "example.com:9900",
                              "'[::ffff:10.0.0.1]:9900'", "localhost.example:9900"}) {
    std::string wrong = yaml;
    wrong.replace(at, kAdmin.size(), Cat("admin:\n  address: ", address, "\n"));
    ExpectRefused(wrong, "admin.address: ", std::string_view(address) == "0.0.0.0:0");
  }
}

TEST(OperatorsFile, KeysComeFromWhereKeysCanBe) {
  for (const char* url :
       {"http://idp.example/k", "ftp://idp.example/k", "file:///etc/passwd", "https://",
        "https://169.254.169.254/latest/meta-data", "https://[fe80::1]/k", "https://0.0.0.0/k",
        "https://[::ffff:169.254.169.254]/k", "https://user@idp.example/k",
        "https://idp.example@evil.example/k", "https://idp.example#@evil.example/",
        "https://idp.example\\\\@evil.example/", "https://2852039166/k", "https://0xa9fea9fe/k",
        "https://0251.0376.0251.0376/k", "https://169.254.43518/k"}) {
    ExpectRefused(DemoConfig(nullptr, {.caller = "",
                                       .extra = Cat("auth: {providers: {a: {issuer: i, "
                                                    "audiences: [x], jwks_url: \"",
                                                    url, "\"}}}\n")}),
                  "auth.providers.a.jwks_url: ");
  }
  ExpectRefused(
      DemoConfig(nullptr,
                 {.caller = "",
                  .extra = "auth: {allowed_hosts: [idp.example], providers: {a: {issuer: i, "
                           "audiences: [x], jwks_url: 'https://idp.example.evil.example/k'}}}\n"}),
      "is none of auth.allowed_hosts");
}

// A client may name any place in its request: the call goes where the operator's file says.
TEST(OperatorsFile, NobodyElseSaysWhereCallsGo) {
  Echo echo;
  for (const char* host : {"169.254.169.254", "127.0.0.1:9900", "[::1]", "evil.example"}) {
    RawClient client(echo.port());
    client.Send(Cat("GET http://", host, "/path/http:%2F%2F169.254.169.254 HTTP/1.1\r\nhost: ",
                    host, "\r\nx-forwarded-host: evil.example\r\nreferer: http://evil.example\r\n",
                    "origin: http://evil.example\r\n\r\n"));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(Json(*response)["text"], "http://169.254.169.254") << response->body;
    EXPECT_EQ(echo.last().Field(":authority"), echo.backend());
    EXPECT_EQ(Foreign(echo.last()), "");
  }
  EXPECT_EQ(echo.calls(), 4);
}

// What goes wrong behind the gateway is told without saying where or why.
TEST(OperatorsFile, FailuresDoNotSayWhatIsBehind) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.endpoints = {{"user", "127.0.0.1:9"}}});
  const RawResponse down = Fetch(gateway.port(), "GET", "/api/v1/users/user-1");
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(ReasonOf(down), "UPSTREAM_UNREACHABLE");
  mocks.SetFaults("fail=order=INTERNAL");
  const RawResponse failed = Fetch(gateway.port(), "GET", "/api/v1/orders/order-1");
  EXPECT_EQ(failed.status, 500);
  for (const RawResponse& response : {down, failed}) {
    std::string all = response.body;
    for (const auto& [name, value] : response.headers) all += Cat(name, ": ", value, "\n");
    for (const char* never : {"127.0.0.1", ":9", "injected", "gateway/", ".cc", "shop.", "h2",
                              "refused", "errno", "Connection", "frontdesk/"}) {
      EXPECT_EQ(all.find(never), std::string::npos) << never << " in " << all;
    }
  }
}

}  // namespace
}  // namespace frontdesk::e2e
