// Fetching keys: when, from where, and what stays when it fails. Servers are real ones on loopback.
#include "gateway/identity/key_source.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/fetcher.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/signing_key.h"
#include "gateway/identity/url.h"
#include "tests/support/jose.h"

namespace frontdesk::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::JoseKey;

std::string Text(const absl::Status& status) { return std::string(Std(status.message())); }

TEST(FetchUrl, SaysWhereKeysMayBe) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"https://idp.example/jwks", "https://idp.example:443/jwks"},
      {"https://IDP.example:8443/a?b=c", "https://idp.example:8443/a?b=c"},
      {"https://idp.example", "https://idp.example:443/"},
      {"https://idp.example?x", "https://idp.example:443/?x"},
      {"https://[2001:db8::1]/k", "https://[2001:db8::1]:443/k"},
      {"https://10.1.2.3/k", "https://10.1.2.3:443/k"},
      {"http://127.0.0.1:8081/k", "http://127.0.0.1:8081/k"},
      {"http://localhost/k", "http://localhost:80/k"},
      {"http://[::1]:81/k", "http://[::1]:81/k"},
      {"http://idp.example/k",
       "must begin with https://: what comes over plain HTTP anybody may have written"},
      {"http://127.evil.example/k",
       "must begin with https://: what comes over plain HTTP anybody may have written"},
      {"ftp://idp.example/k", "must begin with https://"},
      {"file:///etc/passwd", "must begin with https://"},
      {"//idp.example/k", "must begin with https://"},
      {"https://user:pw@idp.example/k", "must have no user"},
      {"https://idp.example/k#f", "must have no fragment"},
      {"https:///k", "has no host"},
      {"https://idp..example/k", "has no host"},
      {"https://idp.example:/k", "has no port behind its colon"},
      {"https://idp.example:0/k", "has no port behind its colon"},
      {"https://idp.example:65536/k", "has no port behind its colon"},
      {"https://[::1/k", "has an address without its bracket"},
      {"https://idp.example/a b", "has characters that no URL has"},
      {"https://idp.example\r\n/", "has characters that no URL has"},
      // The clouds' own servers for secrets, and addresses that mean nothing.
      {"https://169.254.169.254/latest", "is an address that no key server has"},
      {"https://[fe80::1]/", "is an address that no key server has"},
      {"https://2852039166/latest", "has no host"},
      {"https://0xa9fea9fe/latest", "has no host"},
      {"https://0251.0376.0251.0376/latest", "has no host"},
      {"https://169.254.43518./latest", "has no host"},
      {"https://[::ffff:169.254.169.254]/", "is an address that no key server has"},
      {"https://0.0.0.0/", "is an address that no key server has"},
      {"https://224.0.0.1/", "is an address that no key server has"},
      {"https://[::]/", "is an address that no key server has"},
  };
  for (const auto& [text, verdict] : rows) {
    const auto url = ParseFetchUrl(text);
    EXPECT_EQ(url.ok() ? url->ToString() : Text(url.status()), verdict) << text;
  }
}

// What a name may be made to point to.
TEST(FetchUrl, AddressesAreLookedAt) {
  EXPECT_TRUE(IsForbiddenAddress("127.0.0.1", false));
  EXPECT_FALSE(IsForbiddenAddress("127.0.0.1", true));
  EXPECT_TRUE(IsForbiddenAddress("::1", false));
  EXPECT_TRUE(IsForbiddenAddress("::ffff:127.0.0.1", false));
  EXPECT_TRUE(IsForbiddenAddress("169.254.169.254", true));
  EXPECT_TRUE(IsForbiddenAddress("fe80::1%eth0", true));
  EXPECT_FALSE(IsForbiddenAddress("192.168.1.1", false));
  EXPECT_FALSE(IsForbiddenAddress("2001:db8::1", false));
}

// A server on loopback whose answers a test says.
class Server {
 public:
  Server() {
    http_.set_keep_alive_max_count(1);
    http_.Get("/redirect", [](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("/keys");
    });
    http_.Get("/keys", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("the keys", "application/json");
    });
    http_.Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(2000, 'x'), "application/json");
    });
    http_.Get("/drip", [this](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain", [this](size_t, httplib::DataSink& sink) {
        std::unique_lock lock(mutex_);
        stop_.wait_for(lock, milliseconds(20), [&] { return stopping_; });
        return !stopping_ && sink.write("x", 1);
      });
    });
    http_.Post("/introspect", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(Cat(request.body, ' ', request.get_header_value("Authorization")),
                           "application/json");
    });
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) std::this_thread::yield();
  }
  ~Server() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    http_.stop();
    thread_.join();
  }
  FetchSettings Settings(const std::string& target) const {
    FetchSettings settings;
    settings.url = ParseFetchUrl(Cat("http://127.0.0.1:", port_, target)).value();
    settings.most_bytes = 1000;
    return settings;
  }
  std::string Get(const std::string& target) const {
    Fetcher fetcher(Settings(target));
    const auto text = fetcher.Get();
    return text.ok() ? *text : Text(text.status());
  }
  std::string At(const std::string& target) const {
    return Cat("http://127.0.0.1:", port_, target);
  }

 private:
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  httplib::Server http_;
  int port_ = 0;
  std::thread thread_;
};

TEST(Fetcher, TakesAnAnswerAndNothingElse) {
  const Server server;
  EXPECT_EQ(server.Get("/keys"), "the keys");
  EXPECT_EQ(server.Get("/redirect"), Cat(server.At("/redirect"), ": answered 302"));
  EXPECT_EQ(server.Get("/none"), Cat(server.At("/none"), ": answered 404"));
  EXPECT_EQ(server.Get("/large"), Cat(server.At("/large"), ": sent more than 1000 bytes"));
  Fetcher form(server.Settings("/introspect"));
  EXPECT_EQ(form.Post("token=a", "me", "pw").value_or("<no>"), "token=a Basic bWU6cHc=");
}

TEST(Fetcher, GivesUpInTime) {
  const Server server;
  FetchSettings settings = server.Settings("/drip");
  settings.time_limit = milliseconds(200);
  Fetcher slow(settings);
  EXPECT_EQ(Text(slow.Get().status()), Cat(server.At("/drip"), ": took too long"));

  settings.time_limit = seconds(100);
  Fetcher stopped(settings);
  std::thread other([&] { stopped.Stop(); });
  EXPECT_FALSE(stopped.Get().ok());
  other.join();
  EXPECT_EQ(Text(stopped.Get().status()), "the program ends");
}

TEST(Fetcher, NobodyThere) {
  std::string at;
  FetchSettings settings;
  {
    const Server server;
    settings = server.Settings("/keys");
    at = server.At("/keys");
  }
  EXPECT_TRUE(Text(Fetcher(settings).Get().status()).starts_with(at));
}

TEST(RefreshSchedule, Goes) {
  RefreshSchedule schedule({});
  const TimePoint start(std::chrono::hours(5));
  EXPECT_LE(schedule.next(), start);
  schedule.OnFailure(start, 0);
  EXPECT_EQ(schedule.next() - start, milliseconds(500));
  schedule.OnFailure(start, 0.999999);
  EXPECT_NEAR(std::chrono::duration<double>(schedule.next() - start).count(), 2, 0.01);
  for (int i = 0; i < 100; ++i) schedule.OnFailure(start, 0);
  EXPECT_NEAR(std::chrono::duration<double>(schedule.next() - start).count(), 30, 0.01);
  schedule.OnSuccess(start);
  EXPECT_EQ(schedule.next() - start, std::chrono::minutes(5));
  EXPECT_FALSE(schedule.OnUnknownKey(start + seconds(29)));
  EXPECT_TRUE(schedule.OnUnknownKey(start + seconds(30)));
  EXPECT_EQ(schedule.next(), start + seconds(30));
  EXPECT_FALSE(schedule.OnUnknownKey(start + seconds(31)));  // due already
}

TEST(KeySource, KeepsTheLastGoodKeys) {
  absl::StatusOr<std::string> answer = absl::UnavailableError("down");
  KeySource source(
      {.name = "idp"}, [&] { return answer; }, [] { return 0.0; });
  TimePoint now(std::chrono::hours(1));
  EXPECT_EQ(source.Step(now), now + milliseconds(500));
  EXPECT_EQ(source.keys(), nullptr);
  EXPECT_EQ(source.status().error, "down");
  EXPECT_EQ(source.epoch(), 0u);
  EXPECT_EQ(source.Step(now + milliseconds(499)), now + milliseconds(500));
  EXPECT_EQ(source.status().fetches, 1u);

  const JoseKey key("ES256", "one");
  answer = key.Set();
  now += seconds(1);
  EXPECT_EQ(source.Step(now), now + std::chrono::minutes(5));
  const auto keys = source.keys();
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(source.status().error, "");
  EXPECT_EQ(source.epoch(), 1u);

  // The same again is no news.
  now += std::chrono::minutes(5);
  source.Step(now);
  EXPECT_EQ(source.epoch(), 1u);
  EXPECT_EQ(source.keys(), keys);

  for (const absl::StatusOr<std::string>& bad : std::vector<absl::StatusOr<std::string>>{
           absl::UnavailableError("down"), std::string("{}"),
           Cat(R"({"keys":[)", key.Jwk(R"(,"use":"enc")"), "]}")}) {
    answer = bad;
    now += std::chrono::minutes(10);
    source.Step(now);
    EXPECT_EQ(source.keys(), keys);
    EXPECT_NE(source.status().error, "");
  }
  EXPECT_EQ(source.status().failures, 3u);
}

TEST(KeySource, FetchesOnItsOwnThread) {
  const JoseKey key("ES256", "one");
  KeySource source(
      {.name = "idp"}, [&] { return key.Set(); }, [] { return 0.0; });
  source.Start();
  EXPECT_TRUE(source.WaitForKeys(seconds(30)));
  EXPECT_EQ(source.status().keys, 1u);
}

TEST(SigningKey, SignsWhatItsSetVerifies) {
  const auto made = SigningKey::Make();
  ASSERT_TRUE(made.ok());
  const auto key = SigningKey::FromJwk(made->ToJwk());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->ToJwk(), made->ToJwk());
  EXPECT_EQ(key->ToPublicKeySet().find("\"d\""), std::string::npos);
  const auto set = KeySet::Parse(key->ToPublicKeySet(), {});
  ASSERT_TRUE(set.ok()) << set.status();
  const auto token = key->Sign(R"({"sub":"ada"})");
  ASSERT_TRUE(token.ok());
  const auto jws = ParseJws(*token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(DecodePayload(*jws).value_or(""), R"({"sub":"ada"})");
  EXPECT_TRUE(CheckSignature(*jws, *set).ok());
  for (const std::string& bad : {std::string("{}"), made->ToPublicKeySet(), std::string("")}) {
    EXPECT_FALSE(SigningKey::FromJwk(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace frontdesk::identity
