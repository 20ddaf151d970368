// Single calls through the whole house: what the client got and what the back end saw.
#include <gtest/gtest.h>

#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

class RouteTest : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { mocks_ = new Mocks; }
  static void TearDownTestSuite() {
    for (auto& [transport, gateway] : *gateways_) delete gateway;
    gateways_->clear();
    delete mocks_;
  }

  Frontdesk& gateway() {
    Frontdesk*& gateway = (*gateways_)[GetParam()];
    if (!gateway) gateway = new Frontdesk(*mocks_, {.transport = GetParam()});
    return *gateway;
  }
  RawResponse Fetch(std::string_view method, std::string_view target,
                    const HeaderList& headers = {}, std::string_view body = "") {
    return e2e::Fetch(gateway().port(), method, target, headers, body);
  }

  static Mocks* mocks_;
  static std::map<std::string, Frontdesk*>* gateways_;
};

Mocks* RouteTest::mocks_ = nullptr;
std::map<std::string, Frontdesk*>* RouteTest::gateways_ = new std::map<std::string, Frontdesk*>;

const HeaderList kJson = {{"content-type", "application/json"}};

struct Row {
  const char* method;
  const char* target;
  const char* body;
  int status;
  const char* pointer;  // JSON pointer into the answer
  const char* value;    // what it must hold, as JSON; "" for anything
};

constexpr Row kRows[] = {
    {"GET", "/api/v1/orders/order-1", "", 200, "/id", "\"order-1\""},
    {"GET", "/api/v1/orders/order%2D1", "", 200, "/id", "\"order-1\""},
    {"GET", "/api/v1/users/user-3", "", 200, "/id", "\"user-3\""},
    {"GET", "/api/v2/users/user-3", "", 200, "", ""},
    {"GET", "/api/v1/products/product-7", "", 200, "/priceCents", "\"18599\""},
    {"GET", "/api/public/products?page_size=2", "", 200, "/products/1/id", ""},
    {"GET", "/api/public/products?pageSize=2", "", 200, "/nextPageToken", ""},
    {"GET", "/api/v1/orders/order-1/lines", "", 200, "/0", ""},
    {"PATCH", "/api/v1/users/user-5", R"({"displayName":"Ada"})", 200, "/displayName", "\"Ada\""},
    // What the path says wins, and nothing may contradict it.
    {"PATCH", "/api/v1/users/user-5", R"({"id":"user-6"})", 400, "/code", "3"},
    {"POST", "/api/v1/orders/order-1:cancel", R"({"orderId":""})", 400, "/details/1/reason",
     "\"FIELD_CONFLICT\""},
    // Errors of the back end, with its own details.
    {"GET", "/api/v1/orders/order-999999", "", 404, "/code", "5"},
    {"GET", "/api/v1/orders?page_size=-1", "", 400, "/code", "3"},
    // What the contract says of values: all that is wrong, by field and rule.
    {"GET", "/api/v1/orders?page_size=101", "", 400, "/details/1/reason", "\"VALIDATION_FAILED\""},
    {"GET", "/api/v1/orders?page_size=101", "", 400, "/details/0/fieldViolations",
     R"([{"description":"must be at most 100","field":"page_size","reason":"int32.lte"}])"},
    {"POST", "/api/v1/cart/items", R"({"giftMessage":""})", 400, "/details/0/fieldViolations",
     R"([{"description":"must have at least 1 character","field":"item.product_id",)"
     R"("reason":"string.min_len"},)"
     R"({"description":"must be at least 1","field":"item.quantity","reason":"int32.gte"}])"},
    {"POST", "/api/v1/cart/items", R"({"productId":"product-1","quantity":100})", 200, "", ""},
    {"PATCH", "/api/v1/users/user-5", R"({"email":"nobody"})", 400,
     "/details/0/fieldViolations/0/reason", "\"string.email\""},
    {"PATCH", "/api/v1/users/user-5", R"({"email":"ada@example.org"})", 200, "/email", ""},
    {"POST", "/api/v1/products/product-1/reviews", R"({"stars":6,"text":""})", 400, "/message",
     "\"review.stars: must be at most 5 (and 1 more)\""},
    {"POST", "/api/v1/checkout", R"({"couponCodes":["a","b","a"]})", 400,
     "/details/0/fieldViolations/0/reason", "\"repeated.unique\""},
    // Errors of ours.
    {"GET", "/no/such/path", "", 404, "/details/0/reason", "\"NO_ROUTE\""},
    {"GET", "/api/v1/orders/", "", 404, "/code", "5"},
    {"GET", "/api/v1//orders/order-1", "", 400, "/details/0/reason", "\"INVALID_PATH\""},
    {"GET", "/api/v1/users/../orders/order-1", "", 400, "/details/0/reason", "\"INVALID_PATH\""},
    {"GET", "/api/v1/users/%2e%2e/orders/order-1", "", 400, "", ""},
    {"GET", "/api/v1/orders/%ff", "", 400, "", ""},
    {"GET", "/api/v1/orders/%zz", "", 400, "", ""},
    {"DELETE", "/api/v1/orders/order-1", "", 405, "/details/0/reason", "\"METHOD_NOT_ALLOWED\""},
    {"GET", "/api/v1/orders?page_sizes=1", "", 400, "/details/1/reason", "\"UNKNOWN_PARAMETER\""},
    {"GET", "/api/v1/orders?page_size=1&page_size=2", "", 400, "", ""},
    {"GET", "/api/v1/products/product-7?key=k&alt=json&prettyPrint=true", "", 200, "", ""},
    {"GET", "/api/v1/products/product-7?%ff=1", "", 400, "/details/0/reason", "\"INVALID_QUERY\""},
    {"GET", "/api/v1/products/product-7?mp[%ff]=1", "", 400, "/code", "3"},
    {"GET", "/api/v1/orders?page_size=x", "", 400, "", ""},
    {"PATCH", "/api/v1/users/user-5", R"({"displayName":)", 400, "/code", "3"},
    {"PATCH", "/api/v1/users/user-5", R"({"displayName":"a"} x)", 400, "/code", "3"},
    {"PATCH", "/api/v1/users/user-5", R"({"nope":1})", 400, "/code", "3"},
    {"PATCH", "/api/v1/users/user-5", "{\"displayName\":\"\xff\"}", 400, "/code", "3"},
};

TEST_P(RouteTest, Rows) {
  for (const Row& row : kRows) {
    const RawResponse response =
        Fetch(row.method, row.target, *row.body ? kJson : HeaderList(), row.body);
    EXPECT_EQ(response.status, row.status) << row.method << ' ' << row.target << response.body;
    EXPECT_EQ(response.Header("content-type"), "application/json");
    EXPECT_FALSE(response.Header("x-request-id").empty());
    const nlohmann::json json = Json(response);
    const nlohmann::json::json_pointer pointer(row.pointer);
    ASSERT_TRUE(json.contains(pointer)) << row.target << ' ' << row.pointer << response.body;
    if (*row.value) {
      EXPECT_EQ(json[pointer].dump(), row.value) << row.target << response.body;
    }
  }
}

TEST_P(RouteTest, ABackEndsDetailsArriveExpanded) {
  const nlohmann::json status = Json(Fetch("GET", "/api/v1/orders/order-999999"));
  bool resource = false;
  for (const nlohmann::json& detail : status["details"]) {
    resource |= detail["@type"] == "type.googleapis.com/google.rpc.ResourceInfo";
  }
  EXPECT_TRUE(resource) << status.dump();
}

TEST_P(RouteTest, HeadOptionsAndAllow) {
  const RawResponse get = Fetch("GET", "/api/v1/orders/order-1");
  const RawResponse head = Fetch("HEAD", "/api/v1/orders/order-1");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("content-length"), get.Header("content-length"));
  EXPECT_EQ(Fetch("OPTIONS", "*").status, 204);
  const RawResponse options = Fetch("OPTIONS", "/api/v1/orders/order-1");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.Header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(Fetch("DELETE", "/api/v1/orders/order-1").Header("allow"), "GET, HEAD, OPTIONS");
  for (const char* health : {"/healthz", "/health", "/readyz"}) {
    for (const auto& [method, status] : {std::pair("OPTIONS", 204), std::pair("POST", 405)}) {
      const RawResponse response = Fetch(method, health);
      EXPECT_EQ(response.status, status) << method << health;
      EXPECT_EQ(response.Header("allow"), "GET, HEAD, OPTIONS") << method << health;
    }
  }
}

TEST_P(RouteTest, RawBodiesGoBothWays) {
  const RawResponse invoice = Fetch("GET", "/api/v1/orders/order-1/invoice");
  EXPECT_EQ(invoice.status, 200);
  EXPECT_EQ(invoice.Header("content-type").substr(0, 10), "text/plain") << invoice.body;
  EXPECT_NE(invoice.body.find("order-1"), std::string::npos);

  const std::string photo("\x89PNG\r\n\x1a\n\0\1\2\xff", 12);
  const RawResponse uploaded =
      Fetch("POST", "/api/v1/reviews/review-1/photos", {{"content-type", "image/png"}}, photo);
  ASSERT_EQ(uploaded.status, 200) << uploaded.body;
  const RawResponse back =
      Fetch("GET", "/api/v1/photos/" + Json(uploaded)["id"].get<std::string>());
  EXPECT_EQ(back.Header("content-type"), "image/png");
  EXPECT_EQ(back.body, photo);
}

TEST_P(RouteTest, ARawBodysTypeIsText) {
  mocks_->Reset();
  const RawResponse response =
      Fetch("POST", "/api/v1/reviews/review-1/photos", {{"content-type", "image/\xff"}}, "x");
  EXPECT_EQ(response.status, 400) << response.body;
  EXPECT_EQ(ReasonOf(response), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(mocks_->Count("review", "calls"), 0u);
}

TEST_P(RouteTest, WhatTheBackEndSees) {
  mocks_->Reset();
  Fetch("GET", "/api/v1/orders/order-1",
        {{"x-request-id", "my-id-1"},
         {"x-user-id", "user-99"},
         {"X_User_Id", "user-99"},
         {"grpc-metadata-x-user-id", "user-99"},
         {"cookie", "a=b"},
         {"authorization", "Bearer x"}});
  const nlohmann::json arrivals = mocks_->Arrivals("order");
  ASSERT_EQ(arrivals.size(), 1u) << arrivals.dump();
  const std::string text = arrivals.dump();
  EXPECT_NE(text.find("my-id-1"), std::string::npos) << text;
  EXPECT_NE(text.find("user-1"), std::string::npos) << text;
  for (const char* never : {"user-99", "Bearer", "a=b"}) {
    EXPECT_EQ(text.find(never), std::string::npos) << never << text;
  }
}

TEST_P(RouteTest, ARefusedRequestReachesNoBackEnd) {
  mocks_->Reset();
  const char* kBad[] = {
      "GET /api/v1/orders/order-1 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
      "GET /api/v1/orders/order-1 HTTP/1.1\r\n\r\n",
      "GET /api/v1/orders/order-1 HTTP/1.1\nhost: a\n\n",
      // Both framings at once.
      ("POST /api/v1/orders/order-1:cancel HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n"
       "transfer-encoding: chunked\r\n\r\n{}"),
      "GET http://a/api/v1/orders/order-1 HTTP/1.1\r\nhost: b@c\r\n\r\n",
      "GET /api/v1/orders/order-1 HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
  };
  for (const char* bad : kBad) {
    RawClient client(gateway().port());
    client.Send(bad);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << bad;
    EXPECT_EQ(response->status, 400) << bad;
    EXPECT_EQ(Json(*response)["code"], 3) << response->body;
    EXPECT_TRUE(client.AtEnd()) << bad;
  }
  EXPECT_EQ(mocks_->Count("order", "calls"), 0u);
}

TEST_P(RouteTest, ProblemDetailsForThoseWhoAsk) {
  const RawResponse response =
      Fetch("GET", "/no/such", {{"accept", "application/problem+json"}, {"x-request-id", "p"}});
  EXPECT_EQ(response.Header("content-type"), "application/problem+json");
  EXPECT_EQ(Json(response)["reason"], "NO_ROUTE");
  EXPECT_EQ(Json(response)["requestId"], "p");
}

// A head that is refused as a whole has said what its client wants to read.
TEST_P(RouteTest, ARefusalIsInTheClientsTerms) {
  const std::string line = "GET /api/v1/orders/order-1 HTTP/1.1\r\n";
  const std::string wishes = "accept: application/problem+json\r\nx-request-id: mine\r\n";
  for (const std::string& head : {line + "host: a\r\n" + wishes + "host: b\r\n\r\n",
                                  line + wishes + "host: a\r\ncontent-length: x\r\n\r\n"}) {
    RawClient client(gateway().port());
    client.Send(head);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 400);
    EXPECT_EQ(response->Header("content-type"), "application/problem+json");
    EXPECT_EQ(response->Header("x-request-id"), "mine");
    EXPECT_EQ(Json(*response)["requestId"], "mine");
  }
}

TEST_P(RouteTest, PipelinedRequestsAreAnsweredInOrder) {
  std::string requests;
  for (int i = 1; i <= 50; ++i) {
    requests += RequestText("GET", "/api/v1/orders/order-" + std::to_string(i));
  }
  RawClient client(gateway().port());
  client.Send(requests);
  for (int i = 1; i <= 50; ++i) {
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(Json(*response)["id"], "order-" + std::to_string(i));
  }
}

TEST_P(RouteTest, FailuresOfTheBackEnd) {
  struct Failing {
    const char* faults;
    int status;
  };
  const Failing kFailing[] = {
      {"fail=order=UNAVAILABLE", 503},       {"fail=order=INTERNAL", 500},
      {"fail=order=PERMISSION_DENIED", 403}, {"fail=order=RESOURCE_EXHAUSTED", 429},
      {"fail=order=UNAUTHENTICATED", 401},   {"fail=order=DATA_LOSS", 500}};
  for (const Failing& failing : kFailing) {
    mocks_->SetFaults(failing.faults);
    const RawResponse response = Fetch("GET", "/api/v1/orders/order-1");
    EXPECT_EQ(response.status, failing.status) << failing.faults << response.body;
    EXPECT_TRUE(Json(response).is_object());
    EXPECT_EQ(response.Header("www-authenticate"), failing.status == 401 ? "Bearer" : "");
  }
  mocks_->SetFaults("");
  EXPECT_EQ(Fetch("GET", "/api/v1/orders/order-1").status, 200);
}

TEST_P(RouteTest, AClientThatLeavesCancelsItsCalls) {
  mocks_->Reset();
  mocks_->SetFaults("delay=order=30000");
  {
    RawClient client(gateway().port());
    client.Send(RequestText("GET", "/api/v1/orders/order-1"));
    while (mocks_->Count("order", "in_flight") == 0) {
    }
    client.Close();
  }
  while (mocks_->Count("order", "in_flight") != 0) {
  }
  EXPECT_EQ(mocks_->Count("order", "cancelled"), 1u);
  mocks_->Reset();
}

INSTANTIATE_TEST_SUITE_P(Transports, RouteTest, ::testing::Values("h2", "grpc"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace frontdesk::e2e
