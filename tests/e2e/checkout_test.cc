// Buying: all of it or nothing.
#include <chrono>

#include "tests/e2e/checkout.h"

namespace frontdesk::e2e {
namespace {

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
  EXPECT_TRUE(Eventually([&] {
    return gateway_.process().Stderr().find("not undone: step payment") != std::string::npos;
  }));
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

// Without a key there is nobody who could ask again: all is undone.
TEST_P(Checkout, AClientThatLeavesWithoutAKeyLeavesNothingBehind) {
  GatewayOptions options{.transport = Transport(), .program = Program()};
  options.extra = "methods:\n  bff.web.v1.Web/Checkout:\n    idempotency: { required: false }\n";
  Frontdesk gateway(mocks_, options);
  mocks_.SetFaults("lag=payment/Charge=1500");  // until then the client has left
  {
    RawClient leaves(gateway.port());
    leaves.Send(RequestText("POST", kPath, {}, kBody));
    ASSERT_TRUE(Eventually([&] { return mocks_.Effects()["charges"] == 1; }));
  }
  EXPECT_TRUE(Eventually([&] { return What(mocks_) == "0 0 0 0"; }));
  EXPECT_EQ(mocks_.Effects()["orders"], 0);
  EXPECT_TRUE(Eventually([&] {
    return gateway.process().Stderr().find(": undone=payment,reservation") != std::string::npos;
  }));
}

INSTANTIATE_TEST_SUITE_P(Ways, Checkout, ::testing::ValuesIn(kWays), NameOfWay);

}  // namespace
}  // namespace frontdesk::e2e
