// The access log: one line of JSON for each request, whatever the request says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using testing_support::ReadFile;

struct Row {
  const char* name;
  std::string request;
  json fields;  // that the line must have
};

std::string Raw(std::string_view line, std::string_view fields) {
  return Cat(line, "\r\nhost: localhost\r\n", fields, "\r\n");
}

std::vector<Row> Rows() {
  constexpr char kOrder[] = "/api/v1/orders/{order_id}";
  return {
      {"Call",
       Raw("GET /api/v1/orders/order-1 HTTP/1.1", "user-agent: phone/1\r\n"),
       {{"kind", "access"},
        {"method", "GET"},
        {"target", "/api/v1/orders/order-1"},
        {"protocol", "HTTP/1.1"},
        {"route", kOrder},
        {"rpc", "shop.order.v1.Orders/GetOrder"},
        {"status", 200},
        {"grpc_code", "OK"},
        {"request_bytes", 0},
        {"peer", "127.0.0.1"},
        {"user_agent", "phone/1"},
        {"caller", "user-1"},
        {"upstream_calls", 1}}},
      {"Deprecated",
       Raw("GET /api/v1/gift-cards/card-1 HTTP/1.1", ""),
       {{"status", 200},
        {"deprecated", true},
        {"rpc", "shop.giftcard.v1.GiftCards/GetGiftCard"},
        {"caller", "user-1"}}},
      {"Retired",
       Raw("GET /api/v1/gift-cards HTTP/1.1", ""),
       {{"status", 410},
        {"deprecated", true},
        {"reason", "METHOD_RETIRED"},
        {"grpc_code", "FAILED_PRECONDITION"},
        {"upstream_calls", 0}}},
      {"Body",
       Raw("PATCH /api/v1/users/user-5 HTTP/1.1", "content-length: 21\r\n") +
           R"({"displayName":"Ada"})",
       {{"status", 200}, {"request_bytes", 21}, {"rpc", "shop.user.v1.Users/UpdateUser"}}},
      {"Composition",
       Raw("GET /api/v1/order-details/order-1 HTTP/1.1", "x-request-id: mine-1\r\n"),
       {{"status", 200},
        {"request_id", "mine-1"},
        {"route", "/api/v1/order-details/{order_id}"},
        {"incomplete", "reviews;reason=UNAVAILABLE"}}},
      {"BackEndFails",
       Raw("GET /api/v1/orders/order-999999 HTTP/1.1", ""),
       {{"status", 404}, {"grpc_code", "NOT_FOUND"}, {"reason", "NOT_FOUND"}, {"route", kOrder}}},
      {"NoRoute",
       Raw("GET /nowhere?a=b HTTP/1.1", ""),
       {{"status", 404},
        {"reason", "NO_ROUTE"},
        {"route", "none"},
        {"target", "/nowhere?a=b"},
        {"upstream_calls", 0}}},
      {"BadJson",
       Raw("PATCH /api/v1/users/user-5 HTTP/1.1", "content-length: 1\r\n") + "{",
       {{"status", 400}, {"reason", "JSON_SYNTAX"}, {"upstream_calls", 0}}},
      {"Refused",
       Raw("GET /api/v1/orders/order-1 HTTP/1.1", "a : b\r\n"),
       {{"status", 400}, {"reason", "BAD_HEADER"}, {"route", "none"}, {"peer", "127.0.0.1"}}},
      {"JsonInTheTarget",
       Raw("GET /api/v1/orders/a%0d%0a{\"kind\":%22b%22} HTTP/1.1", ""),
       {{"status", 404}, {"target", "/api/v1/orders/a%0d%0a{\"kind\":%22b%22}"}}},
      {"EscapedCrLfInTheTarget",
       Raw("GET /api/v1/orders/a%0d%0a%1b%5b31m HTTP/1.1", ""),
       {{"status", 404}, {"target", "/api/v1/orders/a%0d%0a%1b%5b31m"}}},
      {"RawLfInTheTarget",
       Raw("GET /a\n{\"kind\":\"access\"} HTTP/1.1", ""),
       {{"status", 400}, {"reason", "BAD_TARGET"}}},
      {"EscapeInTheUserAgent",
       Raw("GET /nowhere HTTP/1.1", "user-agent: a\x1b[31mb\r\n"),
       {{"status", 400}, {"reason", "BAD_HEADER"}}},
      {"QuotesInTheUserAgent",
       Raw("GET /nowhere HTTP/1.1", "user-agent: a\",\"status\":1,\"b\\\r\n"),
       {{"status", 404}, {"user_agent", "a\",\"status\":1,\"b\\"}}},
      {"UserAgentIsNotUtf8",
       Raw("GET /nowhere HTTP/1.1", "user-agent: \xff\xc3\xa4\x85\r\n"),
       {{"status", 404}, {"user_agent", "\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd"}}},
      {"BadRequestId", Raw("GET /nowhere HTTP/1.1", "x-request-id: a b\"\r\n"), {{"status", 404}}},
      {"MethodOfItsOwn", Raw("BREW /nowhere HTTP/1.1", ""), {{"status", 404}, {"method", "BREW"}}},
  };
}

// Complete lines so far.
std::vector<std::string> Lines(const std::string& file) {
  std::vector<std::string> lines;
  const std::string text = ReadFile(file);
  std::istringstream stream(text.substr(0, text.rfind('\n') + 1));
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() : file_(testing_support::WriteTempFile("access.log", "")) {
    mocks_.SetFaults("fail=review=UNAVAILABLE");
    gateway_.emplace(mocks_, GatewayOptions{.extra = Cat("log:\n  file: ", file_, "\n")});
  }
  ~AccessLogTest() override { std::filesystem::remove(file_); }

  // The next line, as JSON.
  json Next() {
    if (!Eventually([&] { return Lines(file_).size() > seen_; })) return nullptr;
    return json::parse(Lines(file_)[seen_++], nullptr, false);
  }

  const std::string file_;
  Mocks mocks_;
  std::optional<Frontdesk> gateway_;
  size_t seen_ = 0;
};

TEST_F(AccessLogTest, OneLineForEachRequest) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    RawClient client(gateway_->port());
    client.Send(row.request);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    const json line = Next();
    ASSERT_TRUE(line.is_object());
    for (const auto& [field, value] : row.fields.items()) EXPECT_EQ(line[field], value) << line;
    EXPECT_EQ(line["request_id"], response->Header("x-request-id"));
    EXPECT_EQ(line["response_bytes"], response->body.size());
    EXPECT_EQ(line["time"].get<std::string>().size(), 27u);
    EXPECT_TRUE(line["duration_us"].is_number_unsigned());
    EXPECT_EQ(Lines(file_).size(), seen_);
  }
}

TEST_F(AccessLogTest, ProbesAreLeftOutAndLongTextsCut) {
  EXPECT_EQ(Fetch(gateway_->port(), "GET", "/healthz").status, 200);
  EXPECT_EQ(Fetch(gateway_->port(), "GET", "/readyz").status, 200);
  const std::string agent(20000, 'a');
  EXPECT_EQ(Fetch(gateway_->port(), "GET", Cat("/nowhere?", std::string(8000, 'b')),
                  {{"user-agent", agent}})
                .status,
            404);
  const json line = Next();
  EXPECT_EQ(line["status"], 404);
  EXPECT_LT(line.dump().size(), 3000u);
}

TEST_F(AccessLogTest, WhoLeavesIsLogged) {
  mocks_.SetFaults("delay=order=60000");
  RawClient client(gateway_->port());
  client.Send(RequestText("GET", "/api/v1/orders/order-1"));
  ASSERT_TRUE(Eventually([&] { return mocks_.Count("order", "in_flight") == 1; }));
  client.Close();
  const json line = Next();
  EXPECT_EQ(line["status"], 499);
  EXPECT_EQ(line["reason"], "CLIENT_CLOSED_REQUEST");
  EXPECT_EQ(line["upstream_calls"], 1);
}

// As logrotate does it: the file is moved away, then the program is told.
TEST_F(AccessLogTest, IsOpenedAnew) {
  Fetch(gateway_->port(), "GET", "/first");
  EXPECT_EQ(Next()["target"], "/first");
  const std::string moved = file_ + ".1";
  std::filesystem::rename(file_, moved);
  gateway_->process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(file_); }));
  Fetch(gateway_->port(), "GET", "/second");
  seen_ = 0;
  EXPECT_EQ(Next()["target"], "/second");
  EXPECT_EQ(Lines(moved).size(), 1u);
  std::filesystem::remove(moved);
}

}  // namespace
}  // namespace frontdesk::e2e
