// Headers that go on to back ends and are too large for them: whoever sends them harms nobody else.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"

namespace frontdesk::e2e {
namespace {

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kTooLarge[] = "REQUEST_METADATA_TOO_LARGE";

std::string Field(size_t bytes, char of = 'x') {
  return Cat("x-note: ", std::string(bytes, of), "\r\n");
}

TEST(Metadata, ThatIsTooLargeReachesNobody) {
  Echo echo("methods: {test.Echo/Note: {request_headers: [x-note, x-note-bin]}}\n");
  Judge(echo, {
                  {"NineThousand", Get("/note", Field(9000)), 431, kTooLarge},
                  {"SixtyThousand", Get("/note", Field(60'000)), 431, kTooLarge},
                  {"InPieces", Get("/note", Repeated(90, Field(100))), 431, kTooLarge},
                  {"OfNothing", Get("/note", Repeated(95, Field(38))), 431, kTooLarge},
                  {"InBase64", Get("/note", Cat("x-note-bin: ", std::string(7200, 'A'), "\r\n")),
                   431, kTooLarge},
                  {"WhatDoesNotGoOn", Get("/query?text=a", Field(60'000)), 200, "", "a"},
              });
  // A large one that fits is there whole.
  const int calls = echo.calls();
  EXPECT_EQ(echo.Fetch("GET", "/note", {{"x-note", std::string(7000, 'y')}}).status, 200);
  EXPECT_EQ(echo.calls(), calls + 1);
  EXPECT_EQ(echo.last().Field("x-note"), std::string(7000, 'y'));
}

// A server of gRPC in C++ refuses a head above 8 KiB together with other streams of its connection.
TEST(Metadata, ThatIsTooLargeHarmsNobodyElse) {
  constexpr int kHonest = 300;
  for (const char* transport : {"h2", "grpc"}) {
    SCOPED_TRACE(transport);
    Mocks mocks;
    GatewayOptions options;
    options.transport = transport;
    options.extra = "methods: {shop.order.v1.Orders/GetOrder: {request_headers: [x-note]}}\n";
    const Frontdesk gateway(mocks, options);
    const auto ask = [&](const std::string& fields) {
      RawClient client(gateway.port());
      client.Send(Get(kOrder, fields));
      const RawResponse response = client.Read().value_or(RawResponse());
      return Cat(response.status, ' ', response.status == 200 ? "" : ReasonOf(response));
    };
    std::atomic<bool> over{false};
    std::map<std::string, int> attackers[2], honest[2];
    std::vector<std::thread> threads;
    for (const size_t i : {0, 1}) {
      threads.emplace_back([&, i] {
        while (!over) ++attackers[i][ask(Field(i == 0 ? 9000 : 60'000))];
      });
    }
    std::vector<std::thread> callers;
    for (const size_t i : {0, 1}) {
      callers.emplace_back([&, i] {
        for (int n = 0; n < kHonest; ++n) ++honest[i][ask(n % 2 == 0 ? "" : Field(6000))];
      });
    }
    for (std::thread& caller : callers) caller.join();
    over = true;
    for (std::thread& thread : threads) thread.join();
    for (const size_t i : {0, 1}) {
      EXPECT_EQ(honest[i], (std::map<std::string, int>{{"200 ", kHonest}}));
      ASSERT_EQ(attackers[i].size(), 1u);
      EXPECT_EQ(attackers[i].begin()->first, Cat("431 ", kTooLarge));
    }
    EXPECT_EQ(mocks.Count("order", "calls"), 2u * kHonest);
    for (const nlohmann::json& arrival : mocks.Arrivals("order")) {
      EXPECT_LT(arrival.dump().size(), 8000u);
    }
  }
}

}  // namespace
}  // namespace frontdesk::e2e
