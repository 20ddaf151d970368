// The demo's compositions as generated code, beside the same gateway that runs their plans.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

const char* const kTargets[] = {
    "/api/v1/order-details/order-1",
    "/api/v1/order-details/order-2",
    "/api/v1/order-details/nonsense",
    "/api/v1/dashboard",
    "/api/v1/product-page/product-1",
    "/api/v1/product-page/product-2?currency=USD",
    "/api/v1/product-page/nonsense",
    "/mobile/v1/order-details/order-1",
    "/mobile/v1/order-details/order-3",
    "/mobile/v1/order-details/nonsense",
    "/mobile/v1/dashboard",
    "/mobile/v1/product-page/product-1",
    "/mobile/v1/product-page/nonsense",
};

class GeneratedTest : public ::testing::Test {
 protected:
  static std::string Seen(const Frontdesk& gateway, std::string_view target) {
    return Seen(Fetch(gateway.port(), "GET", target));
  }
  // Everything of an answer but what is new in each.
  static std::string Seen(RawResponse response) {
    std::sort(response.headers.begin(), response.headers.end());
    std::string seen = std::to_string(response.status) + '\n';
    for (const auto& [name, value] : response.headers) {
      if (name != "date" && name != "x-request-id") seen += name + ": " + value + '\n';
    }
    const std::string id = response.Header("x-request-id");
    for (size_t at; !id.empty() && (at = response.body.find(id)) != std::string::npos;) {
      response.body.erase(at, id.size());  // errors repeat it
    }
    return seen + response.body;
  }
  // A purchase as its client sees it, and as the back ends do: what each was asked under which
  // keys, and what stays.
  std::string Bought(const Frontdesk& gateway, const std::string& faults) {
    mocks_.Reset();
    mocks_.SetFaults(faults);
    constexpr std::string_view kBody =
        R"({"shippingAddress": {"recipient": "Ada", "city": "Berlin", "country": "DE"},
            "deliveryService": "parcel-express", "paymentToken": "tok-1"})";
    const HeaderList key = {{"idempotency-key", faults.empty() ? "none" : faults}};
    std::string seen = Seen(Fetch(gateway.port(), "POST", "/api/v1/checkout", key, kBody));
    // The same again: an answer that is kept, or another try.
    seen += '\n' + Seen(Fetch(gateway.port(), "POST", "/api/v1/checkout", key, kBody));
    for (const char* service : {"cart", "inventory", "payment", "order", "shipping"}) {
      for (const nlohmann::json& arrival : mocks_.Arrivals(service)) {
        seen += '\n' + arrival["path"].get<std::string>();
        for (const nlohmann::json& entry : arrival["metadata"]) {
          if (entry[0] == "idempotency-key") seen += ' ' + entry[1].get<std::string>();
        }
      }
    }
    return seen + '\n' + mocks_.Effects().dump();
  }
  void Compare(std::string_view target) {
    std::string plan, code;
    // A part that is late on a busy machine is left out: of the one, or of the other.
    for (int i = 0; i < 5 && (i == 0 || plan != code); ++i) {
      plan = Seen(plan_, target);
      code = Seen(code_, target);
    }
    EXPECT_EQ(plan, code) << target;
  }

  // Without breakers, of which either gateway has its own: when one lets a probe through is a
  // matter of the moment.
  static GatewayOptions Bare(const std::string& program) {
    GatewayOptions options{.extra = "methods:\n", .program = program};
    for (const char* service :
         {"cart.v1.Carts", "inventory.v1.Inventory", "order.v1.Orders", "payment.v1.Payments",
          "product.v1.Products", "shipping.v1.Shipping", "user.v1.Users"}) {
      options.extra += absl::StrCat("  shop.", service, ": {breaker: {enabled: false}}\n");
    }
    options.upstream = {"breaker: {enabled: false}", "outlier_detection: {enabled: false}"};
    return options;
  }

  Mocks mocks_;
  Frontdesk plan_{mocks_, Bare("frontdesk")};
  Frontdesk code_{mocks_, Bare("frontdesk_compiled")};
};

TEST_F(GeneratedTest, AnswersAsThePlanDoes) {
  for (const char* target : kTargets) Compare(target);
  EXPECT_EQ(Fetch(code_.port(), "GET", kTargets[0]).status, 200);
}

TEST_F(GeneratedTest, AnswersAsThePlanDoesWhenBackEndsFail) {
  for (const char* service : {"payment", "user", "product", "inventory", "shipping"}) {
    mocks_.SetFaults(std::string("fail=") + service + "=UNAVAILABLE");
    for (const std::string_view target : kTargets) {
      // Of two calls that fail side by side the first to answer decides: either answer is right.
      if (!target.ends_with("nonsense")) Compare(target);
    }
    mocks_.SetFaults("");
  }
}

TEST_F(GeneratedTest, BuysAndTakesBackAsThePlanDoes) {
  const char* const kFaults[] = {
      "", "fail=cart/ValidateCart=FAILED_PRECONDITION",
      "fail=inventory/Reserve=FAILED_PRECONDITION", "fail=payment/Charge=FAILED_PRECONDITION",
      "fail=payment/Charge=UNAVAILABLE", "fail=order/CreateOrder=RESOURCE_EXHAUSTED",
      "fail=shipping/Schedule=FAILED_PRECONDITION",
      // Undos that fail, whose answer is lost, and that must learn what was done.
      "fail=shipping/Schedule=ABORTED,payment/Refund=INVALID_ARGUMENT",
      "fail=shipping/Schedule=ABORTED,inventory/Release=UNAVAILABLE",
      "fail=shipping/Schedule=ABORTED&drop=payment/Refund=1", "drop=payment/Charge=1",
      "drop=shipping/Schedule=1",
      // No deadline that passes: gateway or back end may be the first to say so, in other words.
  };
  for (const char* faults : kFaults) {
    EXPECT_EQ(Bought(plan_, faults), Bought(code_, faults)) << faults;
  }
  // It was more than equal nothings.
  const std::string bought = Bought(code_, "fail=shipping/Schedule=DATA_LOSS");
  EXPECT_NE(bought.find("order,payment,reservation"), std::string::npos) << bought;
  EXPECT_NE(bought.find("Payments/Refund"), std::string::npos) << bought;
}

}  // namespace
}  // namespace frontdesk::e2e
