// Buying once, whatever happens on the way: the header Idempotency-Key.
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "tests/e2e/checkout.h"

namespace frontdesk::e2e {
namespace {

class CheckoutKeys : public Checkout {};

TEST_P(CheckoutKeys, BuysOnceForAKey) {
  const RawResponse first = Buy(gateway_, Key("a-1"));
  ASSERT_EQ(first.status, 200) << first.body;
  const nlohmann::json receipt = Json(first);
  EXPECT_EQ(receipt["order"]["userId"], "user-1");
  EXPECT_EQ(receipt["payment"]["amountCents"], receipt["order"]["totals"]["grandTotalCents"]);
  EXPECT_EQ(receipt["shipment"]["orderId"], receipt["order"]["id"]);
  EXPECT_EQ(What(mocks_), "1 1 1 1");
  EXPECT_EQ(first.Header("idempotency-replayed"), "");

  for (const char* key : {"a-1", "\"a-1\""}) {
    const RawResponse again = Buy(gateway_, Key(key));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  }
  EXPECT_EQ(What(mocks_), "1 1 1 1");
  EXPECT_EQ(mocks_.Count("cart", "calls"), 1u);  // the answer is kept, not made again

  const RawResponse other = Buy(gateway_, Key("a-2"));
  ASSERT_EQ(other.status, 200) << other.body;
  EXPECT_NE(Json(other)["order"]["id"], receipt["order"]["id"]);
  EXPECT_EQ(What(mocks_), "2 2 2 2");
  EXPECT_EQ(gateway_.Metric("frontdesk_idempotency_total{outcome=\"run\"}"), 2);
  EXPECT_EQ(gateway_.Metric("frontdesk_idempotency_total{outcome=\"replayed\"}"), 2);
}

// What a client wants to see of an answer is no part of what its key stands for: the kept answer is
// whole, whoever asked for it first.
TEST_P(CheckoutKeys, AKeptAnswerIsWholeWhateverPartWasAskedFor) {
  const auto buy = [&](const char* query) {
    return Fetch(gateway_.port(), "POST", Cat(kPath, query), Key("a"), kBody);
  };
  const RawResponse part = buy("?fields=shipment.orderId");
  ASSERT_EQ(part.status, 200) << part.body;
  const std::string id = Json(part)["shipment"]["orderId"];
  EXPECT_EQ(part.body, Cat(R"({"shipment":{"orderId":")", id, "\"}}"));
  const RawResponse whole = buy("");
  EXPECT_EQ(whole.Header("idempotency-replayed"), "true");
  EXPECT_EQ(Json(whole)["order"]["id"], id);
  EXPECT_TRUE(Json(whole).contains("payment"));
  EXPECT_EQ(buy("?fields=order.id").body, Cat(R"({"order":{"id":")", id, "\"}}"));
  const RawResponse wrong = buy("?fields=nothing");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(ReasonOf(wrong), "INVALID_READ_MASK");
  EXPECT_EQ(What(mocks_), "1 1 1 1");
}

TEST_P(CheckoutKeys, TheKeyIsChecked) {
  ASSERT_EQ(Buy(gateway_, Key("k")).status, 200);
  const struct {
    HeaderList headers;
    const char* body;
    int status;
    const char* reason;
  } rows[] = {
      {{}, kBody, 400, "IDEMPOTENCY_KEY_MISSING"},
      {Key(""), kBody, 400, "IDEMPOTENCY_KEY_INVALID"},
      {Key("a b"), kBody, 400, "IDEMPOTENCY_KEY_INVALID"},
      {Key("\"a"), kBody, 400, "IDEMPOTENCY_KEY_INVALID"},
      {Key(std::string(256, 'a')), kBody, 400, "IDEMPOTENCY_KEY_INVALID"},
      {{{"idempotency-key", "a"}, {"idempotency-key", "a"}}, kBody, 400, "IDEMPOTENCY_KEY_INVALID"},
      {Key("k"), kOtherBody, 422, "IDEMPOTENCY_KEY_REUSED"},
  };
  for (const auto& row : rows) {
    const RawResponse response = Buy(gateway_, row.headers, row.body);
    EXPECT_EQ(response.status, row.status) << response.body;
    EXPECT_EQ(ReasonOf(response), row.reason);
  }
  // The same request in other words is the same request.
  const nlohmann::json reordered = {
      {"paymentToken", "tok-1"},
      {"shippingAddress", {{"country", "DE"}, {"city", "Berlin"}, {"recipient", "Ada"}}},
      {"deliveryService", "parcel-express"}};
  EXPECT_EQ(Buy(gateway_, Key("k"), reordered.dump(3)).status, 200);
  EXPECT_EQ(What(mocks_), "1 1 1 1");
}

TEST_P(CheckoutKeys, AnInFlightKeyIsAConflictAndALostAnswerIsNotLost) {
  // Until all of this is said, and in time for the step, which has two seconds.
  mocks_.SetFaults("lag=payment/Charge=1300");
  {
    RawClient leaves(gateway_.port());
    leaves.Send(RequestText("POST", kPath, Key("gone"), kBody));
    ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["charges"] == 1; }));
    const RawResponse second = Buy(gateway_, Key("gone"));
    EXPECT_EQ(second.status, 409) << second.body;
    EXPECT_EQ(ReasonOf(second), "IDEMPOTENCY_KEY_IN_FLIGHT");
    EXPECT_EQ(second.Header("retry-after"), "1");
    EXPECT_EQ(Buy(gateway_, Key("gone"), kOtherBody).status, 422);
  }
  // The client is gone; its order is made all the same, and found.
  RawResponse found;
  EXPECT_TRUE(Eventually([&] {
    found = Buy(gateway_, Key("gone"));
    return found.status != 409;
  }));
  EXPECT_EQ(found.status, 200) << found.body;
  EXPECT_EQ(What(mocks_), "1 1 1 1");
  EXPECT_TRUE(Eventually([&] {
    return gateway_.process().Stderr().find(
               "(bff.web.v1.Web.Checkout) ended without its client: OK") != std::string::npos;
  }));
}

TEST_P(CheckoutKeys, TwoAtOnceChargeOnce) {
  for (int round = 0; round < 10; ++round) {
    const std::string key = Cat("race-", round);
    mocks_.SetFaults("delay_ms=5");
    std::vector<RawResponse> answers(8);
    std::vector<std::thread> clients;
    for (RawResponse& answer : answers) {
      clients.emplace_back([&] {
        // Over and over, on any worker, as impatient clients do.
        do {
          answer = Buy(gateway_, Key(key));
        } while (answer.status == 409);
      });
    }
    for (std::thread& client : clients) client.join();
    for (const RawResponse& answer : answers) {
      EXPECT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(answer.body, answers[0].body);
    }
    EXPECT_EQ(mocks_.Effects()["charges"], round + 1);
    EXPECT_EQ(mocks_.Effects()["orders"], round + 1);
  }
}

TEST_P(CheckoutKeys, AnotherCallerWithTheSameKeyHasAnOrderOfHisOwn) {
  Frontdesk other(mocks_, {.transport = Transport(), .caller = "user-2", .program = Program()});
  const nlohmann::json mine = Json(Buy(gateway_, Key("shared")));
  const nlohmann::json his = Json(Buy(other, Key("shared")));
  EXPECT_EQ(mine["order"]["userId"], "user-1");
  EXPECT_EQ(his["order"]["userId"], "user-2");
  EXPECT_EQ(What(mocks_), "2 2 2 2");
}

TEST_P(CheckoutKeys, AGatewayThatDiesAfterTheChargeChargesOnce) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  std::optional<Frontdesk> dies(std::in_place, mocks_, options);
  mocks_.SetFaults("lag=payment/Charge=60000");
  RawClient client(dies->port());
  client.Send(RequestText("POST", kPath, Key("kill"), kBody));
  ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["charges"] == 1; }));
  dies->process().Signal(SIGKILL);
  dies->process().Wait(milliseconds(10000));
  mocks_.SetFaults("");
  // A gateway that knows nothing of it.
  const RawResponse response = Buy(gateway_, Key("kill"));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(What(mocks_), "1 1 1 1");
  EXPECT_EQ(mocks_.Effects()["charges"], 1);
  EXPECT_EQ(mocks_.Effects()["reservations"], 1);
}

TEST_P(CheckoutKeys, APlainMethodIsCarriedOutOnceToo) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  options.extra = "methods:\n  shop.inventory.v1.Inventory: { idempotency: { ttl: 1h } }\n";
  const char kReserve[] = "/api/v1/stock:reserve";
  const char kItems[] = R"({"items": [{"productId": "product-1", "quantity": 1}]})";
  std::string first;
  for (int run = 0; run < 2; ++run) {
    Frontdesk gateway(mocks_, options);
    for (int i = 0; i < 2; ++i) {
      const RawResponse response = Fetch(gateway.port(), "POST", kReserve, Key("plain"), kItems);
      EXPECT_EQ(response.status, 200) << response.body;
      if (first.empty()) first = response.body;
      EXPECT_EQ(response.body, first);
    }
    // Reading needs no key.
    EXPECT_EQ(Fetch(gateway.port(), "GET", "/api/v1/products/product-1/stock").status, 200);
  }
  EXPECT_EQ(mocks_.Effects()["reservations"], 1);
  EXPECT_EQ(mocks_.Effects()["replays"], 1);  // of the second gateway
}

// Injected with a code that is kept when a back end says it, and that three of four requests get.
TEST_P(CheckoutKeys, AnInjectedFailureDoesNotUseUpItsKey) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  options.extra =
      "methods:\n  bff.web.v1.Web/Checkout: {fault: {abort: failed_precondition, abort_percent: "
      "75}}\n";
  Frontdesk gateway(mocks_, options);
  int injected = 0;
  for (int bought = 1; bought <= 10; ++bought) {
    const HeaderList key = Key(Cat("rehearsal-", bought));
    RawResponse answer;
    for (int i = 0; i < 200 && answer.status != 200; ++i) {
      answer = Buy(gateway, key);
      if (answer.status == 200) continue;
      ++injected;
      EXPECT_EQ(answer.status, 400) << answer.body;
      EXPECT_EQ(ReasonOf(answer), "FAULT_INJECTED");
      EXPECT_EQ(answer.Header("idempotency-replayed"), "");
    }
    EXPECT_EQ(mocks_.Effects()["charges"], bought);
    // What is kept is not carried out, so that nothing goes wrong with it.
    const RawResponse again = Buy(gateway, key);
    EXPECT_EQ(again.body, answer.body);
    EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  }
  EXPECT_GT(injected, 0);
  EXPECT_EQ(gateway.Metric("frontdesk_fault_injected_total{kind=\"abort\"}"), injected);
  EXPECT_EQ(What(mocks_), "10 10 10 10");
}

// Keys are the same in every run, so that back ends of another day still know them.
TEST_P(CheckoutKeys, EveryCallCarriesItsOwnKey) {
  ASSERT_EQ(Buy(gateway_, Key("keys")).status, 200);
  std::set<std::string> keys;
  for (const char* service : {"cart", "inventory", "payment", "order", "shipping"}) {
    const nlohmann::json arrivals = mocks_.Arrivals(service);
    ASSERT_EQ(arrivals.size(), 1u) << service;
    for (const auto& entry : arrivals[0]["metadata"]) {
      if (entry[0] == "idempotency-key") keys.insert(entry[1].get<std::string>());
    }
  }
  EXPECT_EQ(keys.size(), 5u);
  EXPECT_EQ(keys.count("keys"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Ways, CheckoutKeys, ::testing::ValuesIn(kWays), NameOfWay);

}  // namespace
}  // namespace frontdesk::e2e
