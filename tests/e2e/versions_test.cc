// Two versions of an API side by side, of which back ends have only the new one: what old and new
// clients get, and what the back end saw.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;

constexpr char kDocs[] = "<https://shop.example/docs/gift-cards-v2>; rel=\"deprecation\"";
const HeaderList kJson = {{"content-type", "application/json"}};

class Versions : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mocks_ = new Mocks;
    gateway_ = new Frontdesk(*mocks_);
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete mocks_;
  }
  Versions() { mocks_->Reset(); }

  RawResponse Ask(std::string_view method, std::string_view target, std::string_view body = "") {
    return Fetch(gateway_->port(), method, target, body.empty() ? HeaderList() : kJson, body);
  }
  // Of the calls that the back end got, one path each.
  std::string Called() {
    std::string paths;
    for (const json& call : mocks_->Arrivals("payment")) {
      paths += Cat(paths.empty() ? "" : " ", call["path"].get<std::string>());
    }
    return paths;
  }

  static Mocks* mocks_;
  static Frontdesk* gateway_;
};
Mocks* Versions::mocks_ = nullptr;
Frontdesk* Versions::gateway_ = nullptr;

// All values of a header, in order, with " | " between them.
std::string All(const RawResponse& response, const std::string& name) {
  std::string values;
  for (const auto& [key, value] : response.headers) {
    if (key == name) values += Cat(values.empty() ? "" : " | ", value);
  }
  return values;
}

void ExpectDeprecated(const RawResponse& response, const std::string& successor) {
  EXPECT_EQ(response.Header("deprecation"), "@1780272000");
  EXPECT_EQ(response.Header("sunset"), "Sun, 01 Jun 2031 00:00:00 GMT");
  EXPECT_EQ(All(response, "link"),
            successor.empty() ? std::string(kDocs)
                              : Cat(kDocs, " | <", successor, ">; rel=\"successor-version\""));
}

TEST_F(Versions, OneCardInBoth) {
  const RawResponse older = Ask("GET", "/api/v1/gift-cards/card-1");
  const RawResponse newer = Ask("GET", "/api/v2/gift-cards/card-1");
  ASSERT_EQ(older.status, 200) << older.body;
  ASSERT_EQ(newer.status, 200) << newer.body;
  EXPECT_EQ(Called(),
            "/shop.giftcard.v2.GiftCards/GetGiftCard "
            "/shop.giftcard.v2.GiftCards/GetGiftCard");
  const json old_card = Json(older), new_card = Json(newer);
  EXPECT_EQ(old_card["number"], "card-1");
  EXPECT_EQ(new_card["giftCardId"], "card-1");
  EXPECT_EQ(old_card["balanceCents"], new_card["balance"]["cents"]);
  EXPECT_EQ(old_card["currency"], new_card["balance"]["currency"]);
  EXPECT_EQ(old_card["recipientName"], new_card["recipient"]["name"]);
  EXPECT_EQ(old_card["expiresAt"], new_card["expiresAt"]);
  EXPECT_EQ(old_card["status"], "ACTIVE");
  EXPECT_EQ(new_card["state"], "STATE_ACTIVE");
  ASSERT_EQ(old_card["redemptions"].size(), 1u);
  EXPECT_EQ(old_card["redemptions"][0]["orderNumber"], new_card["redemptions"][0]["orderId"]);
  EXPECT_EQ(old_card["redemptions"][0]["cents"], new_card["redemptions"][0]["cents"]);
  // What the old one had and the new one has not, and the other way round.
  EXPECT_EQ(old_card["kind"], "PLASTIC");
  EXPECT_FALSE(old_card.contains("pinHint"));
  for (const char* name : {"message", "channel", "recipient", "balance", "state"}) {
    EXPECT_FALSE(old_card.contains(name)) << name;
  }
  ExpectDeprecated(older, "/api/v2/gift-cards/card-1");
  EXPECT_EQ(All(newer, "deprecation") + All(newer, "sunset") + All(newer, "link"), "");
  EXPECT_EQ(Json(Ask("GET", "/api/v1/gift-cards/card-3"))["status"], "USED_UP");
  EXPECT_EQ(Json(Ask("GET", "/api/v1/gift-cards/card-2?fields=number,status")),
            json({{"number", "card-2"}, {"status", "ACTIVE"}}));
}

TEST_F(Versions, WhatIsMadeByTheOldOneIsThereInTheNew) {
  const RawResponse made = Ask("POST", "/api/v1/gift-cards",
                               R"({"amountCents": 700, "currency": "EUR", "recipientName": "Ada",
                                   "recipientEmail": "ada@example.com", "message": "Hi",
                                   "plastic": true})");
  ASSERT_EQ(made.status, 200) << made.body;
  ExpectDeprecated(made, "/api/v2/gift-cards");
  const std::string number = Json(made)["number"];
  EXPECT_TRUE(Json(made).contains("expiresAt"));
  const json card = Json(Ask("GET", "/api/v2/gift-cards/" + number));
  EXPECT_EQ(card["balance"], json({{"cents", "700"}, {"currency", "EUR"}}));
  EXPECT_EQ(card["recipient"], json({{"name", "Ada"}, {"email", "ada@example.com"}}));
  EXPECT_EQ(card["message"], "Hi");
  EXPECT_EQ(card["channel"], "first-edition");
}

TEST_F(Versions, FailuresSayItToo) {
  const struct {
    const char* method;
    const char* target;
    const char* body;
    int status;
    const char* reason;
    const char* successor;
  } rows[] = {
      {"GET", "/api/v1/gift-cards/card-999", "", 404, "NOT_FOUND",
       "/api/v2/gift-cards/card-999"},
      {"GET", "/api/v1/gift-cards/a%3Eb?nope=1", "", 400, "UNKNOWN_PARAMETER",
       "/api/v2/gift-cards/a%3Eb"},
      {"POST", "/api/v1/gift-cards", "{\"amountCents\": 5", 400, "JSON_SYNTAX", "/api/v2/gift-cards"},
      {"POST", "/api/v1/gift-cards", "{\"amount\": {}}", 400, "UNKNOWN_FIELD",
       "/api/v2/gift-cards"},
  };
  for (const auto& row : rows) {
    const RawResponse response = Ask(row.method, row.target, row.body);
    EXPECT_EQ(response.status, row.status) << row.target << response.body;
    EXPECT_EQ(ReasonOf(response), row.reason);
    ExpectDeprecated(response, row.successor);
  }
  // The path is the old one's no longer.
  EXPECT_EQ(All(Ask("DELETE", "/api/v1/gift-cards"), "deprecation"), "");
}

TEST_F(Versions, WhatIsRetiredSaysWhereToGo) {
  const RawResponse gone = Ask("GET", "/api/v1/gift-cards");
  EXPECT_EQ(gone.status, 410);
  ExpectDeprecated(gone, "/api/v2/gift-cards");
  const json body = Json(gone);
  EXPECT_EQ(body["code"], 9);
  EXPECT_EQ(body["message"], "this version is retired; use GET /api/v2/gift-cards instead");
  EXPECT_EQ(body["details"][0]["reason"], "METHOD_RETIRED");
  EXPECT_EQ(body["details"][0]["metadata"],
            json({{"successor", "GET /api/v2/gift-cards"},
                  {"documentation", "https://shop.example/docs/gift-cards-v2"}}));
  const json help = body["details"].back();
  EXPECT_EQ(help["@type"], "type.googleapis.com/google.rpc.Help");
  EXPECT_EQ(help["links"][0]["url"], "/api/v2/gift-cards");
  EXPECT_EQ(help["links"][1]["url"], "https://shop.example/docs/gift-cards-v2");
  EXPECT_EQ(Ask("HEAD", "/api/v1/gift-cards").status, 410);
  EXPECT_EQ(Called(), "");
}

TEST_F(Versions, TheOperatorSeesWhoStillUsesIt) {
  const auto used = [&](const char* route) {
    return gateway_->Metric(
        Cat("frontdesk_deprecated_requests_total{http_request_method=\"GET\","
            "http_route=\"",
            route, "\"}"));
  };
  const double cards = std::max(0.0, used("/api/v1/gift-cards/{number}"));
  const double lists = std::max(0.0, used("/api/v1/gift-cards"));
  Ask("GET", "/api/v1/gift-cards/card-1");
  Ask("GET", "/api/v1/gift-cards/card-999");
  Ask("GET", "/api/v1/gift-cards");
  Ask("GET", "/api/v2/gift-cards/card-1");
  EXPECT_EQ(used("/api/v1/gift-cards/{number}"), cards + 2);
  EXPECT_EQ(used("/api/v1/gift-cards"), lists + 1);
  EXPECT_EQ(used("/api/v2/gift-cards/{gift_card_id}"), -1);
}

TEST_F(Versions, VerbsTell) {
  const std::string config = testing_support::WriteTempFile("v.yaml", DemoConfig(*mocks_, {}));
  const auto [code, routes] = RunVerb({"routes", "-c", config});
  EXPECT_EQ(code, 0) << routes;
  EXPECT_NE(routes.find("shop.giftcard.v1.GiftCards/GetGiftCard  (adapts "
                        "shop.giftcard.v2.GiftCards/GetGiftCard)  [deprecated since 2026-06-01, "
                        "sunset 2031-06-01]"),
            std::string::npos)
      << routes;
  EXPECT_NE(routes.find("shop.giftcard.v1.GiftCards/ListGiftCards  [retired]"), std::string::npos);
  const auto [good, explained] =
      RunVerb({"explain", "-c", config, "GET", "/api/v1/gift-cards/card-1"});
  EXPECT_EQ(good, 0) << explained;
  for (const char* part :
       {"adapts               shop.giftcard.v2.GiftCards/GetGiftCard",
        "deprecated since 2026-06-01, sunset 2031-06-01", "version.successor", "giftcard.proto:"}) {
    EXPECT_NE(explained.find(part), std::string::npos) << part << '\n' << explained;
  }
}

}  // namespace
}  // namespace frontdesk::e2e
