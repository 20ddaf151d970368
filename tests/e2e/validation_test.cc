// What the contract and the operator's file say of values: all that is wrong in one answer, and no
// back end hears of it.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

TEST(Validation, HeadersAndMessageInOneAnswerAndNoCall) {
  Mocks mocks;
  GatewayOptions options;
  options.extra =
      "methods:\n"
      "  shop.order.v1.Orders/ListOrders:\n"
      "    request_headers: [x-tenant, x-note, x-raw-bin]\n"
      "    header_rules:\n"
      "      - { name: X-Tenant, required: true, pattern: '^[a-z]{1,8}$' }\n"
      "      - { name: x-mode, in: [fast, slow] }\n"
      "      - { name: x-note, pattern: '^acme' }\n"
      "      - { name: x-raw-bin, in: [hi] }\n";
  Frontdesk gateway(mocks, options);
  const struct {
    HeaderList headers;
    const char* target;
    int status;
    const char* broken;  // fields and rules
  } kRows[] = {
      {{{"x-tenant", "acme"}}, "?page_size=2", 200, ""},
      {{{"X-Tenant", "acme"}, {"x-mode", "slow"}}, "", 200, ""},
      {{}, "", 400, "headers[\"x-tenant\"] required"},
      {{{"x-tenant", "ACME"}, {"x-mode", "s"}},
       "?page_size=101",
       400,
       "headers[\"x-tenant\"] header.pattern, headers[\"x-mode\"] header.in, page_size int32.lte"},
      // Every one of several.
      {{{"x-tenant", "acme"}, {"x-tenant", "b\"c"}},
       "",
       400,
       "headers[\"x-tenant\"] header.pattern"},
      // What back ends don't get is not there; what they get is what is looked at.
      {{{"x-tenant", "acme"}, {"connection", "X-Tenant"}},
       "",
       400,
       "headers[\"x-tenant\"] required"},
      {{{"x-tenant", "acme"}, {"x-note", "acme\xff"}}, "", 400, "headers[\"x-note\"] header.text"},
      {{{"x-tenant", "acme"}, {"x-raw-bin", "aGk"}}, "", 200, ""},
      {{{"x-tenant", "acme"}, {"x-raw-bin", "aGkh"}}, "", 400, "headers[\"x-raw-bin\"] header.in"},
  };
  uint64_t calls = 0;
  for (const auto& row : kRows) {
    const RawResponse response =
        Fetch(gateway.port(), "GET", Cat("/api/v1/orders", row.target), row.headers);
    EXPECT_EQ(response.status, row.status) << row.broken << response.body;
    calls += row.status == 200;
    std::string broken;
    if (response.status == 400) {
      EXPECT_EQ(ReasonOf(response), "VALIDATION_FAILED");
      const nlohmann::json status = Json(response);
      for (const nlohmann::json& one : status["details"][0]["fieldViolations"]) {
        broken += Cat(broken.empty() ? "" : ", ", one["field"].get<std::string>(), ' ',
                      one["reason"].get<std::string>());
      }
    }
    EXPECT_EQ(broken, row.broken);
    EXPECT_EQ(response.body.find("ACME"), std::string::npos);
  }
  EXPECT_EQ(mocks.Count("order", "calls"), calls);
  const nlohmann::json arrivals = mocks.Arrivals("order");
  EXPECT_EQ(arrivals.size(), calls);
  for (const nlohmann::json& call : arrivals) {
    EXPECT_NE(call.dump().find(R"(["x-tenant","acme"])"), std::string::npos) << call.dump();
  }
  EXPECT_NE(arrivals.dump().find(R"(["x-raw-bin","hi"])"), std::string::npos) << arrivals.dump();

  const RawResponse problem = Fetch(gateway.port(), "GET", "/api/v1/orders?page_size=-1",
                                    {{"x-tenant", "a"}, {"accept", "application/problem+json"}});
  EXPECT_EQ(Json(problem)["errors"].dump(),
            R"([{"description":"must be at least 0","field":"page_size","reason":"int32.gte"}])");
}

}  // namespace
}  // namespace frontdesk::e2e
