// Compositions through the whole house.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using Clock = std::chrono::steady_clock;

class ComposeTest : public ::testing::TestWithParam<const char*> {
 protected:
  ComposeTest() : gateway_(mocks_, {.transport = GetParam()}) {}
  RawResponse Get(std::string_view target) { return Fetch(gateway_.port(), "GET", target); }
  // With nothing left out. Parts have less than a second, in which a busy machine may not even have
  // made the connections.
  RawResponse GetWhole(std::string_view target) {
    RawResponse response;
    EXPECT_TRUE(Eventually([&] {
      response = Get(target);
      return response.status == 200 && response.Header("frontdesk-incomplete").empty();
    })) << response.Header("frontdesk-incomplete")
        << response.body;
    return response;
  }

  Mocks mocks_;
  Frontdesk gateway_;
};

const char* const kParts[] = {"order",    "user",      "payment", "shipment",
                              "products", "inventory", "reviews"};

TEST_P(ComposeTest, OneRequestBecomesSevenCalls) {
  const nlohmann::json json = Json(GetWhole("/api/v1/order-details/order-1"));
  for (const char* part : kParts) EXPECT_TRUE(json.contains(part)) << part;
  EXPECT_EQ(json["order"]["id"], "order-1");
  EXPECT_EQ(json["user"]["id"], json["order"]["userId"]);
  EXPECT_EQ(json["payment"]["orderId"], "order-1");
  // Each part is what its own address answers.
  EXPECT_EQ(json["order"], Json(Get("/api/v1/orders/order-1")));
}

TEST_P(ComposeTest, IndependentStepsRunAtOnce) {
  GetWhole("/api/v1/order-details/order-1");  // connections are open
  mocks_.SetFaults("delay_ms=150");
  Clock::duration least = Clock::duration::max();
  // On a busy machine one try says nothing.
  for (int i = 0; i < 10 && least >= std::chrono::milliseconds(150 * 6); ++i) {
    const Clock::time_point start = Clock::now();
    GetWhole("/api/v1/order-details/order-1");
    least = std::min(least, Clock::now() - start);
  }
  // Two stages, not seven calls in a row; and not less than the two stages.
  EXPECT_GE(least, std::chrono::milliseconds(300));
  EXPECT_LT(least, std::chrono::milliseconds(150 * 6));
}

TEST_P(ComposeTest, APartThatMayBeMissingIsToldAndTheRestIsThere) {
  GetWhole("/api/v1/order-details/order-1");
  mocks_.SetFaults("fail=review=UNAVAILABLE");
  const RawResponse response = Get("/api/v1/order-details/order-1");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.Header("frontdesk-incomplete"), "reviews;reason=UNAVAILABLE");
  EXPECT_FALSE(Json(response).contains("reviews"));
  EXPECT_TRUE(Json(response).contains("payment"));
}

TEST_P(ComposeTest, ARequiredPartThatFailsIsTheAnswer) {
  mocks_.SetFaults("fail=order=PERMISSION_DENIED");
  const RawResponse response = Get("/api/v1/order-details/order-1");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(Json(response)["code"], 7);
  // What depends on it was never asked.
  EXPECT_EQ(mocks_.Count("payment", "calls"), 0u);
  EXPECT_EQ(Get("/api/v1/order-details/order-999999").status, 403);
  mocks_.SetFaults("");
  EXPECT_EQ(Get("/api/v1/order-details/order-999999").status, 404);
}

TEST_P(ComposeTest, TheCallerFillsWhatOnlyHeMay) {
  const RawResponse mine = Get("/api/v1/dashboard");
  ASSERT_EQ(mine.status, 200) << mine.body;
  EXPECT_EQ(Json(mine)["user"]["id"], "user-1");
  const RawResponse other = Get("/api/v1/dashboard?user_id=user-2");
  EXPECT_EQ(other.status, 400) << other.body;
}

TEST_P(ComposeTest, FrontsAreShapedForTheirClient) {
  const nlohmann::json mobile = Json(GetWhole("/mobile/v1/dashboard"));
  const nlohmann::json web = Json(GetWhole("/api/v1/dashboard"));
  EXPECT_LE(mobile["orders"].size(), 3u);
  EXPECT_LE(mobile["notifications"].size(), 5u);
  EXPECT_LT(mobile.dump().size(), web.dump().size());
  EXPECT_EQ(Get("/mobile/v1/product-page/product-7").status, 200);
  EXPECT_EQ(Get("/api/v1/product-page/product-7").status, 200);
  EXPECT_EQ(Get("/api/v1/product-page/product-70000").status, 404);
}

TEST_P(ComposeTest, BackEndsThatNobodyAskedForSeeNothing) {
  GetWhole("/api/v1/order-details/order-1");
  mocks_.Reset();
  // Among them one that must not fail, and does.
  mocks_.SetFaults("fail=product=UNAVAILABLE&fail=review=UNAVAILABLE");
  const RawResponse response = Get("/api/v1/order-details/order-1?fields=order.id,payment.orderId");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, R"({"order":{"id":"order-1"},"payment":{"orderId":"order-1"}})");
  EXPECT_EQ(response.Header("frontdesk-incomplete"), "");
  EXPECT_EQ(mocks_.Count("order", "calls"), 1u);
  EXPECT_EQ(mocks_.Count("payment", "calls"), 1u);
  for (const char* unasked : {"user", "shipping", "product", "inventory", "review"}) {
    EXPECT_EQ(mocks_.Count(unasked, "calls"), 0u) << unasked;
  }
  const RawResponse reviews = Get("/api/v1/order-details/order-1?$fields=reviews");
  ASSERT_EQ(reviews.status, 200) << reviews.body;
  EXPECT_EQ(reviews.body, "{}");
  EXPECT_EQ(reviews.Header("frontdesk-incomplete"), "reviews;reason=UNAVAILABLE");
}

TEST_P(ComposeTest, AReadMaskThatIsWrongIsTold) {
  for (const char* fields : {"fields=ordr", "fields=", "fields=order,", "fields=order&fields=user",
                             "fields=order&$fields=order", "fields=order.createdAt.x"}) {
    const RawResponse response = Get(std::string("/api/v1/order-details/order-1?") + fields);
    EXPECT_EQ(response.status, 400) << fields << response.body;
    EXPECT_NE(response.body.find(R"("field":"fields")"), std::string::npos) << response.body;
  }
  EXPECT_EQ(mocks_.Count("order", "calls"), 0u);
  // A single call, and errors, which are never cut.
  EXPECT_EQ(Get("/api/v1/orders/order-1?fields=id").body, R"({"id":"order-1"})");
  // Of a body that is one field, the names begin inside of it.
  const nlohmann::json lines = Json(Get("/api/v1/orders/order-1/lines?fields=quantity,productId"));
  ASSERT_TRUE(lines.is_array() && !lines.empty()) << lines;
  for (const nlohmann::json& line : lines) {
    EXPECT_EQ(line.size(), 2u) << line;
    EXPECT_TRUE(line.contains("quantity") && line.contains("productId")) << line;
  }
  EXPECT_EQ(Get("/api/v1/orders/order-1/lines?fields=lines.quantity").status, 400);
  const RawResponse missing = Get("/api/v1/orders/order-999999?fields=id");
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(Json(missing).contains("code")) << missing.body;
}

TEST_P(ComposeTest, ASlowRequiredPartEndsAtTheDeadline) {
  mocks_.SetFaults("delay=order=60000");
  const Clock::time_point start = Clock::now();
  const RawResponse response = Get("/api/v1/order-details/order-1");
  EXPECT_EQ(response.status, 504) << response.body;
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  while (mocks_.Count("order", "in_flight") != 0) {
  }
  EXPECT_EQ(mocks_.Count("order", "cancelled"), 1u);
}

INSTANTIATE_TEST_SUITE_P(Transports, ComposeTest, ::testing::Values("h2", "grpc"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace frontdesk::e2e
