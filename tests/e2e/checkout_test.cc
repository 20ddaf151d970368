// Buying: all of it or nothing, and once, whatever happens on the way.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr char kPath[] = "/api/v1/checkout";
constexpr char kBody[] =
    R"({"shippingAddress": {"recipient": "Ada", "city": "Berlin", "country": "DE"},
        "deliveryService": "parcel-express", "paymentToken": "tok-1"})";
constexpr char kOtherBody[] =
    R"({"shippingAddress": {"recipient": "Ada", "city": "Berlin", "country": "DE"},
        "deliveryService": "parcel-express", "paymentToken": "tok-2"})";

HeaderList Key(const std::string& key) { return {{"idempotency-key", key}}; }

// Info of the gateway's own ErrorInfo, or "".
std::string InfoOf(const RawResponse& response, const std::string& name) {
  const nlohmann::json status = Json(response);
  if (!status.is_object() || !status.contains("details")) return "";
  for (const nlohmann::json& detail : status["details"]) {
    if (detail.value("domain", "") != "frontdesk" || !detail.contains("metadata")) continue;
    return detail["metadata"].value(name, "");
  }
  return "";
}

RawResponse Buy(const Frontdesk& gateway, const HeaderList& headers,
                std::string_view body = kBody) {
  return Fetch(gateway.port(), "POST", kPath, headers, body);
}

// "reservations held, charges that stay, orders that stay, shipments that stay"
std::string What(Mocks& mocks) {
  const nlohmann::json effects = mocks.Effects();
  const auto number = [&](const char* name) { return effects[name].get<int>(); };
  return Cat(number("reservations_held"), " ", number("charges") - number("refunds"), " ",
             number("orders") - number("orders_cancelled"), " ",
             number("shipments") - number("shipments_cancelled"));
}

// By what transport calls are made, and whether by plans or by generated code.
struct Way {
  const char* transport;
  const char* program;
};

class Checkout : public ::testing::TestWithParam<Way> {
 protected:
  static std::string Transport() { return GetParam().transport; }
  static std::string Program() { return GetParam().program; }

  Checkout() : gateway_(mocks_, {.transport = Transport(), .program = Program()}) {}

  Mocks mocks_;
  Frontdesk gateway_;
};

TEST_P(Checkout, BuysOnceForAKey) {
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

TEST_P(Checkout, TheKeyIsChecked) {
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

struct Failing {
  const char* fault;
  int status;
  const char* undone;
};

TEST_P(Checkout, WhateverFailsEverythingBeforeIsUndone) {
  constexpr Failing kRows[] = {
      {"fail=cart/ValidateCart=FAILED_PRECONDITION", 400, ""},
      {"fail=inventory/Reserve=FAILED_PRECONDITION", 400, ""},
      {"fail=payment/Charge=FAILED_PRECONDITION", 400, "reservation"},
      {"fail=order/CreateOrder=RESOURCE_EXHAUSTED", 429, "payment,reservation"},
      {"fail=shipping/Schedule=FAILED_PRECONDITION", 400, "order,payment,reservation"},
      // An undo whose answer is lost is tried again, and done once.
      {"fail=shipping/Schedule=ABORTED&drop=payment/Refund=1", 409, "order,payment,reservation"},
  };
  int number = 0;
  for (const Failing& row : kRows) {
    SCOPED_TRACE(row.fault);
    mocks_.SetFaults(row.fault);
    const std::string key = Cat("failing-", ++number);
    const RawResponse failed = Buy(gateway_, Key(key));
    EXPECT_EQ(failed.status, row.status) << failed.body;
    EXPECT_EQ(InfoOf(failed, "undone"), row.undone) << failed.body;
    EXPECT_EQ(InfoOf(failed, "not_undone"), "");
    EXPECT_EQ(What(mocks_), "0 0 0 0");
  }
  // A failure that is not final leaves the key free, and the next try does it all anew.
  mocks_.SetFaults("");
  const RawResponse again = Buy(gateway_, Key("failing-4"));
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Json(again)["payment"]["state"], "CAPTURED");
  EXPECT_EQ(What(mocks_), "1 1 1 1");
  // A final one is kept.
  EXPECT_EQ(Buy(gateway_, Key("failing-5")).status, 400);
  EXPECT_EQ(What(mocks_), "1 1 1 1");
}

TEST_P(Checkout, AnAnswerThatIsLostIsAskedForAgainAndUndone) {
  for (const char* lost :
       {"inventory/Reserve", "payment/Charge", "order/CreateOrder", "shipping/Schedule"}) {
    SCOPED_TRACE(lost);
    mocks_.SetFaults(Cat("drop=", lost, "=1"));
    const RawResponse failed = Buy(gateway_, Key(Cat("lost-", lost)));
    EXPECT_EQ(failed.status, 503) << failed.body;
    EXPECT_EQ(What(mocks_), "0 0 0 0");
    EXPECT_EQ(InfoOf(failed, "not_undone"), "");
  }
  EXPECT_EQ(mocks_.Effects()["replays"], 4);
}

TEST_P(Checkout, ADeadlineCountsAsMaybeDone) {
  // Later than the step may take, sooner than its undo may.
  mocks_.SetFaults("lag=payment/Charge=3000");
  const RawResponse failed = Buy(gateway_, Key("slow"));
  EXPECT_EQ(failed.status, 504) << failed.body;
  EXPECT_EQ(InfoOf(failed, "undone"), "payment,reservation") << failed.body;
  EXPECT_EQ(What(mocks_), "0 0 0 0");
  EXPECT_EQ(mocks_.Effects()["charges"], 1);
}

TEST_P(Checkout, WhatCannotBeUndoneIsTold) {
  mocks_.SetFaults("fail=shipping/Schedule=ABORTED,payment/Refund=INVALID_ARGUMENT");
  const RawResponse failed = Buy(gateway_, Key("stuck"));
  EXPECT_EQ(failed.status, 409) << failed.body;
  EXPECT_EQ(InfoOf(failed, "undone"), "order,reservation");
  EXPECT_EQ(InfoOf(failed, "not_undone"), "payment");
  EXPECT_EQ(What(mocks_), "0 1 0 0");
  EXPECT_EQ(gateway_.Metric("frontdesk_undo_total{outcome=\"not_undone\"}"), 1);
  EXPECT_NE(gateway_.process().Stderr().find("not undone: step payment"), std::string::npos);
  // The failure stays what the key stands for: a new start could charge twice.
  mocks_.SetFaults("");
  const RawResponse again = Buy(gateway_, Key("stuck"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(InfoOf(again, "not_undone"), "payment");
  EXPECT_EQ(What(mocks_), "0 1 0 0");
}

TEST_P(Checkout, ABackEndThatIsGoneLeavesAnUnknownOutcomeAndTheRestIsUndone) {
  mocks_.SetFaults("fail=shipping/Schedule=UNAVAILABLE");
  const RawResponse failed = Buy(gateway_, Key("gone"));
  EXPECT_EQ(failed.status, 503) << failed.body;
  EXPECT_EQ(InfoOf(failed, "unknown"), "shipment");
  EXPECT_EQ(InfoOf(failed, "undone"), "order,payment,reservation");
  EXPECT_EQ(What(mocks_), "0 0 0 0");
  // Where it is certain that the call never reached it, the key is free again.
  Frontdesk nowhere(
      mocks_,
      {.transport = Transport(), .endpoints = {{"shipping", "127.0.0.1:9"}}, .program = Program()});
  EXPECT_EQ(Buy(nowhere, Key("never")).status, 503);
  const RawResponse again = Buy(nowhere, Key("never"));
  EXPECT_EQ(again.status, 503);
  EXPECT_EQ(again.Header("idempotency-replayed"), "");
  EXPECT_EQ(InfoOf(again, "undone"), "order,payment,reservation") << again.body;
  EXPECT_EQ(What(mocks_), "0 0 0 0");
}

TEST_P(Checkout, AnInFlightKeyIsAConflictAndALostAnswerIsNotLost) {
  mocks_.SetFaults("lag=payment/Charge=700");
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
}

TEST_P(Checkout, TwoAtOnceChargeOnce) {
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

TEST_P(Checkout, AnotherCallerWithTheSameKeyHasAnOrderOfHisOwn) {
  Frontdesk other(mocks_, {.transport = Transport(), .caller = "user-2", .program = Program()});
  const nlohmann::json mine = Json(Buy(gateway_, Key("shared")));
  const nlohmann::json his = Json(Buy(other, Key("shared")));
  EXPECT_EQ(mine["order"]["userId"], "user-1");
  EXPECT_EQ(his["order"]["userId"], "user-2");
  EXPECT_EQ(What(mocks_), "2 2 2 2");
}

TEST_P(Checkout, AGatewayThatDiesAfterTheChargeChargesOnce) {
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

TEST_P(Checkout, DrainWaitsForUndosAndForWhatGoesOnAlone) {
  mocks_.SetFaults("fail=shipping/Schedule=ABORTED&delay=payment/Refund=400,order/CancelOrder=400");
  {
    RawClient leaves(gateway_.port());
    leaves.Send(RequestText("POST", kPath, Key("drained"), kBody));
    ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["orders"] == 1; }));
  }
  gateway_.process().Signal(SIGTERM);
  EXPECT_EQ(gateway_.process().Wait(milliseconds(20000)), 0) << gateway_.process().Stderr();
  EXPECT_EQ(What(mocks_), "0 0 0 0");
  EXPECT_EQ(mocks_.Effects()["refunds"], 1);
}

TEST_P(Checkout, ABoundedDrainEndsAndSaysWhatIsNotUndone) {
  GatewayOptions options{
      .transport = Transport(), .grace = "50ms\n  timeout: 500ms", .program = Program()};
  Frontdesk gateway(mocks_, options);
  mocks_.SetFaults("fail=shipping/Schedule=ABORTED&delay=payment/Refund=60000");
  RawClient client(gateway.port());
  client.Send(RequestText("POST", kPath, Key("cut"), kBody));
  ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["orders_cancelled"] == 1; }));
  gateway.process().Signal(SIGTERM);
  EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0) << gateway.process().Stderr();
  EXPECT_NE(gateway.process().Stderr().find("not undone: step payment"), std::string::npos);
}

TEST_P(Checkout, TheOperatorChangesThePolicyValueByValue) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  options.extra =
      "methods:\n  bff.web.v1.Web/Checkout:\n    idempotency: { required: false, ttl: 1s }\n";
  Frontdesk gateway(mocks_, options);
  EXPECT_EQ(Buy(gateway, {}).status, 200);
  const RawResponse first = Buy(gateway, Key("short"));
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(Buy(gateway, Key("short")).body, first.body);
  // Forgotten here, the key is still known to the back ends.
  RawResponse later;
  EXPECT_TRUE(Eventually([&] {
    later = Buy(gateway, Key("short"));
    return later.Header("idempotency-replayed").empty();
  }));
  EXPECT_EQ(later.body, first.body);
  EXPECT_EQ(What(mocks_), "2 2 2 2");
}

TEST_P(Checkout, ARestartedGatewayDoesNotBuildOnWhatWasUndone) {
  mocks_.SetFaults("fail=shipping/Schedule=ABORTED");
  EXPECT_EQ(Buy(gateway_, Key("again")).status, 409);
  EXPECT_EQ(What(mocks_), "0 0 0 0");
  mocks_.SetFaults("");
  // It knows nothing of the first try and sends its keys: a payment that was given back is no
  // payment.
  Frontdesk restarted(mocks_, {.transport = Transport(), .program = Program()});
  const RawResponse refused = Buy(restarted, Key("again"));
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_NE(refused.body.find("ALREADY_UNDONE"), std::string::npos) << refused.body;
  EXPECT_EQ(What(mocks_), "0 0 0 0");
  EXPECT_EQ(Buy(gateway_, Key("again")).status, 200);
}

TEST_P(Checkout, APlainMethodIsCarriedOutOnceToo) {
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

// Without a key there is nobody who could ask again: all is undone.
TEST_P(Checkout, AClientThatLeavesWithoutAKeyLeavesNothingBehind) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  options.extra = "methods:\n  bff.web.v1.Web/Checkout:\n    idempotency: { required: false }\n";
  Frontdesk gateway(mocks_, options);
  mocks_.SetFaults("lag=payment/Charge=300");
  {
    RawClient leaves(gateway.port());
    leaves.Send(RequestText("POST", kPath, {}, kBody));
    ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["charges"] == 1; }));
  }
  EXPECT_TRUE(Eventually([&] { return What(mocks_) == "0 0 0 0"; }));
  EXPECT_EQ(mocks_.Effects()["orders"], 0);
}

// Keys are the same in every run, so that back ends of another day still know them.
TEST_P(Checkout, EveryCallCarriesItsOwnKey) {
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

INSTANTIATE_TEST_SUITE_P(Ways, Checkout,
                         ::testing::Values(Way{"h2", "frontdesk"}, Way{"grpc", "frontdesk"},
                                           Way{"h2", "frontdesk_compiled"}),
                         [](const auto& test) {
                           return Cat(test.param.transport, "_", test.param.program);
                         });

}  // namespace
}  // namespace frontdesk::e2e
