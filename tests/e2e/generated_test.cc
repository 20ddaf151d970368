// The demo's compositions as generated code, beside the same gateway that runs their plans.
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
  // Everything of an answer but what is new in each.
  static std::string Seen(const Frontdesk& gateway, std::string_view target) {
    RawResponse response = Fetch(gateway.port(), "GET", target);
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
  void Compare(std::string_view target) {
    EXPECT_EQ(Seen(plan_, target), Seen(code_, target)) << target;
  }

  Mocks mocks_;
  Frontdesk plan_{mocks_};
  Frontdesk code_{mocks_, {.program = "frontdesk_compiled"}};
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

}  // namespace
}  // namespace frontdesk::e2e
