#include "gateway/admin/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "gateway/admin/pages.h"
#include "gateway/base/text.h"

namespace frontdesk::admin {
namespace {

using ::testing::HasSubstr;

class AdminTest : public ::testing::Test {
 protected:
  Sources MakeSources() {
    return {ready_, metrics_, "1.2.3", "cc", [this] { return trouble_.load(); }};
  }
  std::unique_ptr<Admin> StartIt() {
    auto admin = Admin::Start("127.0.0.1:0", MakeSources());
    EXPECT_TRUE(admin.ok()) << admin.status();
    return *std::move(admin);
  }

  std::atomic<bool> ready_{false};
  std::atomic<const char*> trouble_{""};
  observe::Metrics metrics_{"1.2.3", "cc"};
};

TEST_F(AdminTest, AnswersOverASocket) {
  const auto admin = StartIt();
  httplib::Client client("127.0.0.1", admin->port());

  auto health = client.Get("/healthz");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->status, 200);
  EXPECT_EQ(health->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(health->get_header_value("Cache-Control"), "no-store");
  trouble_ = "loop 2 does not answer";
  health = client.Get("/healthz");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->status, 503);
  EXPECT_THAT(health->body, HasSubstr("loop 2 does not answer"));

  EXPECT_EQ(client.Get("/readyz")->status, 503);
  ready_ = true;
  EXPECT_EQ(client.Get("/readyz?verbose=1")->status, 200);
  ready_ = false;
  EXPECT_EQ(client.Get("/readyz")->status, 503);

  metrics_.AddShard().OnRequest(metrics_.AddRoute("GET", "/a/{b}"), 200,
                                std::chrono::milliseconds(1));
  const auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(metrics->body, HasSubstr(R"(http_route="/a/{b}")"));

  const auto version = client.Get("/version");
  ASSERT_TRUE(version);
  const auto json = nlohmann::json::parse(version->body);
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["protobuf"], "3.21.12");

  const auto head = client.Head("/metrics");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  const auto post = client.Post("/metrics");
  ASSERT_TRUE(post);
  EXPECT_EQ(post->status, 405);
  EXPECT_EQ(post->get_header_value("Allow"), "GET, HEAD");
  // Nobody reads a body: the answer may be lost with it, the server is not.
  client.Post("/metrics", std::string(1 << 20, 'x'), "text/plain");
  EXPECT_EQ(client.Get("/../etc/passwd")->status, 404);
  EXPECT_EQ(client.Get(Cat("/", std::string(6000, 'a')))->status, 404);
}

TEST_F(AdminTest, AnswersEachPathMethodAndHost) {
  const Sources sources = MakeSources();
  const struct {
    const char* method;
    const char* path;
    const char* host;
    int status;
  } rows[] = {
      {"GET", "/", "127.0.0.1:9900", 200},
      {"GET", "/healthz", "localhost:9900", 200},
      {"GET", "/healthz", "localhost", 200},
      {"GET", "/healthz", "[::1]:9900", 200},
      {"GET", "/healthz", "[::1]", 200},
      {"GET", "/healthz", "127.9.9.9", 200},
      {"HEAD", "/version", "localhost", 200},
      {"GET", "/metrics", "localhost", 200},
      {"POST", "/metrics", "localhost", 405},
      {"get", "/metrics", "localhost", 405},
      {"DELETE", "/", "localhost", 405},
      {"GET", "", "localhost", 404},
      {"GET", "/Metrics", "localhost", 404},
      {"GET", "/metrics/", "localhost", 404},
      {"GET", "//metrics", "localhost", 404},
      {"GET", "/\xff\x1b", "localhost", 404},
      {"POST", "/nothing", "localhost", 404},
      // DNS rebinding.
      {"GET", "/metrics", "evil.example", 403},
      {"GET", "/metrics", "evil.example:9900", 403},
      {"GET", "/metrics", "127.0.0.1.evil.example", 403},
      {"GET", "/metrics", "localhost.evil.example:9900", 403},
      {"GET", "/metrics", "10.0.0.1", 403},
      {"GET", "/metrics", "", 403},
      {"GET", "/metrics", ":9900", 403},
      {"GET", "/metrics", "[::2]", 403},
      {"GET", "/metrics", "localhost:99999", 403},
  };
  for (const auto& row : rows) {
    const Page page = Answer(sources, row.method, row.path, row.host);
    EXPECT_EQ(page.status, row.status) << row.method << " " << row.path << " " << row.host;
    EXPECT_EQ(page.allow, row.status == 405 ? "GET, HEAD" : "");
  }
  const auto index = nlohmann::json::parse(Answer(sources, "GET", "/", "localhost").body);
  EXPECT_EQ(index["pages"].size(), 8u);
}

TEST_F(AdminTest, SaysThatThePortIsTaken) {
  const auto first = StartIt();
  const auto second = Admin::Start(Cat("127.0.0.1:", first->port()), MakeSources());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(std::string(second.status().message()),
            Cat("admin: cannot listen on 127.0.0.1 port ", first->port(),
                ": the address is in use; does another gateway run? Set admin.address to another "
                "one"));
  // The first one does not mind.
  EXPECT_EQ(httplib::Client("127.0.0.1", first->port()).Get("/healthz")->status, 200);
}

TEST_F(AdminTest, ListensOnLoopbackOnly) {
  for (const char* address :
       {"0.0.0.0:0", "[::]:0", "10.0.0.1:0", "localhost:0", "", "127.0.0.1"}) {
    EXPECT_FALSE(Admin::Start(address, MakeSources()).ok()) << address;
  }
  const auto other = Admin::Start("127.0.0.2:0", MakeSources());
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(httplib::Client("127.0.0.2", (*other)->port()).Get("/healthz")->status, 200);
}

TEST_F(AdminTest, APortIsFreeAgainAfterwards) {
  uint16_t port = 0;
  {
    const auto admin = StartIt();
    port = admin->port();
    EXPECT_EQ(httplib::Client("127.0.0.1", port).Get("/healthz")->status, 200);
  }
  EXPECT_FALSE(httplib::Client("127.0.0.1", port).Get("/healthz"));
  EXPECT_TRUE(Admin::Start(Cat("127.0.0.1:", port), MakeSources()).ok());
}

TEST_F(AdminTest, ManyAskAtOnce) {
  const auto admin = StartIt();
  observe::MetricsShard& shard = metrics_.AddShard();
  std::vector<std::thread> clients;
  std::atomic<int> answers{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      httplib::Client client("127.0.0.1", admin->port());
      for (int n = 0; n < 20; ++n) {
        const auto reply = client.Get(n % 2 ? "/metrics" : "/readyz");
        if (reply) ++answers;
      }
    });
  }
  for (int i = 0; i < 1000; ++i) shard.OnRequest(0, 200, std::chrono::milliseconds(i));
  for (auto& client : clients) client.join();
  EXPECT_EQ(answers.load(), 8 * 20);
}

}  // namespace
}  // namespace frontdesk::admin
