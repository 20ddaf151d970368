// Fetching keys: when, from where, and what stays when it fails. Servers are real ones on loopback.
#include "gateway/identity/key_source.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <prometheus/metric_family.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/fetcher.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/key_metrics.h"
#include "gateway/identity/signing_key.h"
#include "gateway/identity/url.h"
#include "tests/support/certificates.h"
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
      // ... behind a translator, or in a tunnel, too.
      {"https://[64:ff9b::169.254.169.254]/", "is an address that no key server has"},
      {"https://[2002:a9fe:a9fe::1]/", "is an address that no key server has"},
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
  for (const bool loopback : {false, true}) {
    for (const char* address :
         {"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::127.0.0.1", "64:ff9b::0.0.0.0",
          "2002:7f00:1::", "2002:a9fe:a9fe::1",
          "2002:e000:1::", "2001:0:4136:e378::", "fd00:ec2::254", "fec0::1", "ff02::1"}) {
      EXPECT_TRUE(IsForbiddenAddress(address, loopback)) << address;
    }
    for (const char* address : {"64:ff9b::8.8.8.8", "2002:808:808::1", "fd12::1", "2001:1::1"}) {
      EXPECT_FALSE(IsForbiddenAddress(address, loopback)) << address;
    }
  }
}

// For tests whose servers are on this machine.
absl::StatusOr<std::vector<std::string>> ThisMachine(const std::string&, const Patience&) {
  return std::vector<std::string>{"127.0.0.1"};
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
    // A binding would not do: clang 14 keeps none in a lambda.
    for (const auto& answer :
         std::vector<std::pair<int, std::string>>{{400, "<html>"},
                                                  {400, R"({"error":"invalid_request"})"},
                                                  {400, R"({"error":"invalid_client"})"},
                                                  {400, R"({"error":"unauthorized_client"})"},
                                                  {400, std::string(2000, 'x')},
                                                  {401, ""},
                                                  {403, "no"},
                                                  {413, ""},
                                                  {429, ""},
                                                  {500, ""}}) {
      http_.Post(Cat("/", answer.first, "/", answer.second.size()),
                 [answer](const httplib::Request&, httplib::Response& response) {
                   response.status = answer.first;
                   response.set_content(answer.second, "application/json");
                 });
    }
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
    Fetcher fetcher(Settings(target), ThisMachine);
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
  Fetcher form(server.Settings("/introspect"), ThisMachine);
  EXPECT_EQ(form.Post("token=a", "me:pw").value_or("<no>"), "token=a Basic bWU6cHc=");
}

// Whose fault it is that there is no answer.
TEST(Fetcher, FailuresAreSomebodys) {
  using Code = absl::StatusCode;
  const Server server;
  const std::tuple<const char*, Code, const char*> rows[] = {
      {"/400/6", Code::kInvalidArgument, "answered 400"},
      {"/400/27", Code::kInvalidArgument, "answered 400"},
      {"/400/26", Code::kPermissionDenied, "answered 400 (invalid_client)"},
      {"/400/31", Code::kPermissionDenied, "answered 400 (unauthorized_client)"},
      {"/400/2000", Code::kInvalidArgument, "answered 400"},
      {"/401/0", Code::kPermissionDenied, "answered 401"},
      {"/403/2", Code::kPermissionDenied, "answered 403"},
      {"/413/0", Code::kInvalidArgument, "answered 413"},
      {"/429/0", Code::kUnavailable, "answered 429"},
      {"/500/0", Code::kUnavailable, "answered 500"},
      {"/404/0", Code::kUnavailable, "answered 404"},
  };
  for (const auto& [target, code, text] : rows) {
    const auto status = Fetcher(server.Settings(target), ThisMachine).Post("a=b", "").status();
    EXPECT_EQ(status.code(), code) << target;
    EXPECT_EQ(Text(status), Cat(server.At(target), ": ", text));
  }
  EXPECT_EQ(Fetcher(server.Settings("/large"), ThisMachine).Get().status().code(),
            Code::kResourceExhausted);
}

// A name may have an address that is not there, and none of those it has may be another's.
TEST(Fetcher, LooksAtEveryAddress) {
  const Server server;
  FetchSettings settings = server.Settings("/keys");
  settings.url.host = "localhost";
  std::vector<std::string> addresses = {"127.0.0.77", "127.0.0.1"};
  Fetcher fetcher(settings, [&](const std::string& host, const Patience&) {
    EXPECT_EQ(host, "localhost");
    return absl::StatusOr<std::vector<std::string>>(addresses);
  });
  EXPECT_FALSE(fetcher.Get().ok());
  EXPECT_EQ(fetcher.Get().value_or("<no>"), "the keys") << "by the next one";
  EXPECT_EQ(fetcher.Get().value_or("<no>"), "the keys") << "which it stays with";
  for (const char* forbidden : {"169.254.169.254", "10.0.0.1", "0.0.0.0"}) {
    addresses = {"127.0.0.1", forbidden};
    EXPECT_NE(Text(fetcher.Get().status()).find("no key server has"), std::string::npos);
  }
  addresses.clear();
  EXPECT_NE(Text(fetcher.Get().status()).find("no address"), std::string::npos);
}

TEST(Fetcher, GivesUpInTime) {
  const Server server;
  FetchSettings settings = server.Settings("/drip");
  settings.time_limit = milliseconds(200);
  Fetcher slow(settings, ThisMachine);
  EXPECT_EQ(Text(slow.Get().status()), Cat(server.At("/drip"), ": took too long"));

  settings.time_limit = seconds(100);
  Fetcher stopped(settings, ThisMachine);
  std::thread other([&] { stopped.Stop(); });
  EXPECT_FALSE(stopped.Get().ok());
  other.join();
  EXPECT_EQ(Text(stopped.Get().status()), "the program ends");
}

// Sends bytes again and again, whatever it is asked, until nobody listens.
class Dripping {
 public:
  explicit Dripping(std::string head, std::string drop, milliseconds pause)
      : head_(std::move(head)), drop_(std::move(drop)), pause_(pause) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Dripping() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string At(std::string_view scheme) const { return Cat(scheme, "://127.0.0.1:", port_, "/"); }

 private:
  void Serve() {
    while (true) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      bool listens = Send(client, head_);
      while (listens) {
        std::this_thread::sleep_for(pause_);  // a slow server is what this is
        listens = Send(client, drop_);
      }
      close(client);
    }
  }
  static bool Send(int client, const std::string& bytes) {
    if (!bytes.empty()) {
      return send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
    }
    // What the client has said is read, so that its end is seen.
    char some[4096];
    const ssize_t got = recv(client, some, sizeof some, MSG_DONTWAIT);
    return got > 0 || (got < 0 && errno == EAGAIN);
  }

  const std::string head_, drop_;
  const milliseconds pause_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

// The time limit is for all of it: a server that sends a byte now and then is not listened to for
// ever, whatever the bytes are part of.
TEST(Fetcher, NobodyMakesItLast) {
  struct Row {
    const char* name;
    std::string_view scheme;
    std::string head, drop;
    std::string why;
    milliseconds time_limit{150};
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const Row rows[] = {
      {"silence", "https", "", "", "took too long"},
      {"silence in clear", "http", "", "", "took too long"},
      {"a handshake", "https", std::string("\x16\x03\x03\x40\0", 5), "x", "took too long"},
      {"a status line", "http", "HTTP/1.1 200 ", "x", "took too long"},
      {"fields", "http", ok, "A: b\r\n", "took too long"},
      {"a body", "http", Cat(ok, "Content-Length: 1000\r\n\r\n"), "x", "took too long"},
      {"chunks", "http", Cat(ok, "Transfer-Encoding: chunked\r\n\r\n"), "1\r\nx\r\n",
       "took too long"},
      {"a body without an end", "http", Cat(ok, "\r\n"), "x", "took too long"},
      {"a megabyte of a status line", "http", Cat("HTTP/1.1 200 ", std::string(1 << 20, 'x')), "x",
       "sent too long a head", seconds(10)},
  };
  for (const Row& row : rows) {
    const Dripping server(row.head, row.drop, milliseconds(5));
    FetchSettings settings;
    settings.url = ParseFetchUrl(server.At(row.scheme)).value();
    settings.time_limit = row.time_limit;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(Text(Fetcher(settings, ThisMachine).Get().status()),
              Cat(server.At(row.scheme), ": ", row.why))
        << row.name;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20)) << row.name;
  }
}

// Who its server is, is proved; and a name that points to this machine is one that means it.
TEST(Fetcher, AsksNobodyElse) {
  const testing_support::Authority ours, others("Another Authority");
  const auto get = [&](const testing_support::Authority& by, std::vector<std::string> names,
                       std::string_view host) {
    const auto issued = by.Issue({.dns = std::move(names)});
    httplib::SSLServer server(issued.WriteCert().c_str(), issued.WriteKey().c_str());
    server.Get("/keys", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.get_header_value("Host"), "application/json");
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    FetchSettings settings;
    settings.url = ParseFetchUrl(Cat("https://", host, ':', port, "/keys")).value();
    settings.ca_file = ours.WritePem();
    settings.time_limit = seconds(20);
    const auto text = Fetcher(settings, ThisMachine).Get();
    server.stop();
    thread.join();
    if (!text.ok()) return std::string("no");
    return text->substr(0, text->find(':'));
  };
  EXPECT_EQ(get(ours, {"localhost"}, "localhost"), "localhost");
  EXPECT_EQ(get(others, {"localhost"}, "localhost"), "no");
  EXPECT_EQ(get(ours, {"idp.example"}, "localhost"), "no");
}

TEST(Fetcher, NobodyThere) {
  std::string at;
  FetchSettings settings;
  {
    const Server server;
    settings = server.Settings("/keys");
    at = server.At("/keys");
  }
  EXPECT_TRUE(Text(Fetcher(settings, ThisMachine).Get().status()).starts_with(at));
}

TEST(RefreshSchedule, Goes) {
  RefreshSchedule schedule({});
  const TimePoint start(std::chrono::hours(5));
  EXPECT_LE(schedule.next(), start);
  const auto fail = [&](double random) {
    schedule.OnBegin(start);
    schedule.OnFailure(start, random);
    return std::chrono::duration<double>(schedule.next() - start).count();
  };
  EXPECT_EQ(fail(0), 0.5);
  EXPECT_NEAR(fail(0.999999), 2, 0.01);
  for (int i = 0; i < 100; ++i) fail(0);
  EXPECT_NEAR(fail(0), 30, 0.01);
  schedule.OnBegin(start);
  schedule.OnSuccess(start);
  EXPECT_EQ(schedule.next() - start, std::chrono::minutes(5));
}

// At once, and then once in a while; a wish is never forgotten.
TEST(RefreshSchedule, UnknownKeys) {
  RefreshSchedule schedule({});
  const TimePoint start(std::chrono::hours(5));
  EXPECT_FALSE(schedule.OnUnknownKey(start)) << "the first one is due already";
  schedule.OnBegin(start);
  schedule.OnSuccess(start);
  EXPECT_TRUE(schedule.OnUnknownKey(start + seconds(1)));
  EXPECT_EQ(schedule.next(), start + seconds(1));
  EXPECT_FALSE(schedule.OnUnknownKey(start + seconds(2))) << "due already";

  schedule.OnBegin(start + seconds(2));
  schedule.OnSuccess(start + seconds(2));
  EXPECT_EQ(schedule.next(), start + seconds(302));
  EXPECT_TRUE(schedule.OnUnknownKey(start + seconds(3)));
  EXPECT_EQ(schedule.next(), start + seconds(32)) << "later, as the last one is not long ago";
  EXPECT_FALSE(schedule.OnUnknownKey(start + seconds(31)));
  EXPECT_EQ(schedule.next(), start + seconds(32));

  // While one is under way, of which nobody knows whether it is new enough.
  schedule.OnBegin(start + seconds(32));
  EXPECT_TRUE(schedule.OnUnknownKey(start + seconds(33)));
  schedule.OnFailure(start + seconds(32), 0);
  EXPECT_EQ(schedule.next(), start + seconds(32) + milliseconds(500)) << "which is soon enough";
  schedule.OnBegin(start + seconds(33));
  schedule.OnSuccess(start + seconds(33));
  EXPECT_EQ(schedule.next(), start + seconds(333)) << "that one was no unknown key's";
  schedule.OnBegin(start + seconds(333));
  EXPECT_TRUE(schedule.OnUnknownKey(start + seconds(334)));
  schedule.OnSuccess(start + seconds(333));
  EXPECT_EQ(schedule.next(), start + seconds(334));
}

TEST(KeySource, KeepsTheLastGoodKeys) {
  absl::StatusOr<std::string> answer = absl::UnavailableError("down");
  KeySource source(
      {.name = "idp", .max_stale = std::chrono::hours(1)}, [&] { return answer; }, KeySetParser({}),
      [] { return 0.0; });
  TimePoint now(std::chrono::hours(1));
  EXPECT_EQ(source.Step(now), now + milliseconds(500));
  EXPECT_EQ(source.keys(), nullptr);
  EXPECT_EQ(source.status(now).error, "down");
  EXPECT_EQ(source.epoch(), 0u);
  EXPECT_EQ(source.Step(now + milliseconds(499)), now + milliseconds(500));
  EXPECT_EQ(source.status(now).fetches, 1u);

  const JoseKey key("ES256", "one");
  answer = key.Set();
  now += seconds(1);
  EXPECT_EQ(source.Step(now), now + std::chrono::minutes(5));
  const auto keys = source.keys();
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(source.status(now).error, "");
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
    EXPECT_NE(source.status(now).error, "");
  }
  EXPECT_EQ(source.status(now).failures, 3u);
  EXPECT_EQ(source.status(now).failed_fetches, 4u);
  EXPECT_EQ(source.status(now).age, std::chrono::minutes(30));

  // None is trusted for ever, though.
  now += std::chrono::minutes(29);
  source.Step(now);
  EXPECT_EQ(source.keys(), keys);
  now += std::chrono::minutes(1);
  source.Step(now);
  EXPECT_EQ(source.keys(), nullptr);
  EXPECT_FALSE(source.status(now).there);
  EXPECT_EQ(source.epoch(), 2u) << "what they have verified is forgotten";
  // The very same again is good again.
  answer = key.Set();
  now += std::chrono::minutes(2);
  source.Step(now);
  ASSERT_NE(source.keys(), nullptr);
  EXPECT_EQ(source.keys()->size(), 1u);
}

// An issuer that says that it has no keys has withdrawn them, and nothing is wrong.
TEST(KeySource, AnEmptySetIsOne) {
  const JoseKey key("ES256", "one");
  absl::StatusOr<std::string> answer = key.Set();
  KeySource source(
      {.name = "idp"}, [&] { return answer; }, KeySetParser({}), [] { return 0.0; });
  TimePoint now(std::chrono::hours(1));
  for (const std::string& none :
       {std::string(R"({"keys":[]})"), std::string(R"({"keys":[{"kty":"new","kid":"one"}]})")}) {
    answer = key.Set();
    source.Step(now += std::chrono::minutes(5));
    ASSERT_EQ(source.keys()->size(), 1u);
    const uint64_t epoch = source.epoch();
    answer = none;
    source.Step(now += std::chrono::minutes(5));
    ASSERT_NE(source.keys(), nullptr);
    EXPECT_EQ(source.keys()->size(), 0u) << none;
    EXPECT_NE(source.epoch(), epoch);
    EXPECT_EQ(source.status(now).error, "");
    EXPECT_TRUE(source.status(now).there);
  }
}

TEST(KeySource, OfApiKeys) {
  const auto file = [](const std::string& key) {
    return Cat(R"({"keys":[{"sub":"a","sha256":")", ToHex(HashOfApiKey(key)), "\"}]}");
  };
  std::string answer = file("one");
  ApiKeySource source(
      {.name = "api_keys"}, [&] { return answer; },
      [](const std::string& text) { return ApiKeys::Parse(text, {}, 1); }, [] { return 0.0; });
  TimePoint now(std::chrono::hours(1));
  const auto knows = [&](const char* key) {
    return source.keys()->Find(key, UnixTime(seconds(0))).ok();
  };
  source.Step(now);
  EXPECT_TRUE(knows("one"));
  answer = "{";
  source.Step(now += std::chrono::minutes(5));
  EXPECT_TRUE(knows("one")) << "the last good ones";
  answer = file("two");
  source.Step(now += std::chrono::minutes(5));
  EXPECT_FALSE(knows("one"));
  EXPECT_TRUE(knows("two"));
}

TEST(KeyMetrics, CountAndAge) {
  const KeyMetrics metrics([] {
    return std::vector<KeySourceStatus>{{.name = "idp",
                                         .there = true,
                                         .keys = 2,
                                         .fetches = 5,
                                         .failed_fetches = 3,
                                         .age = seconds(90)},
                                        {.name = "other"}};
  });
  std::string text;
  for (const auto& family : metrics.Collect()) {
    for (const auto& one : family.metric) {
      text += Cat(family.name, ' ', one.label[0].value, ' ',
                  static_cast<int>(one.gauge.value + one.counter.value), '\n');
    }
  }
  EXPECT_EQ(text,
            "frontdesk_keys idp 2\nfrontdesk_keys other 0\nfrontdesk_keys_age_seconds idp 90\n"
            "frontdesk_key_fetches_total idp 2\nfrontdesk_key_fetches_total idp 3\n"
            "frontdesk_key_fetches_total other 0\nfrontdesk_key_fetches_total other 0\n");
}

TEST(KeySource, FetchesOnItsOwnThread) {
  const JoseKey key("ES256", "one");
  KeySource source(
      {.name = "idp"}, [&] { return key.Set(); }, KeySetParser({}), [] { return 0.0; });
  source.Start();
  EXPECT_TRUE(source.WaitForKeys(seconds(30)));
  EXPECT_EQ(source.status(Clock::now()).keys, 1u);
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
  EXPECT_EQ(DecodePayload(jws->payload).value_or(""), R"({"sub":"ada"})");
  EXPECT_TRUE(CheckSignature(*jws, *set).ok());
  for (const std::string& bad : {std::string("{}"), made->ToPublicKeySet(), std::string("")}) {
    EXPECT_FALSE(SigningKey::FromJwk(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace frontdesk::identity
