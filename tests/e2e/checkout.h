// Buying by POST /api/v1/checkout, and what it leaves behind.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

inline constexpr char kPath[] = "/api/v1/checkout";
inline constexpr char kBody[] =
    R"({"shippingAddress": {"recipient": "Ada", "city": "Berlin", "country": "DE"},
        "deliveryService": "parcel-express", "paymentToken": "tok-1"})";
inline constexpr char kOtherBody[] =
    R"({"shippingAddress": {"recipient": "Ada", "city": "Berlin", "country": "DE"},
        "deliveryService": "parcel-express", "paymentToken": "tok-2"})";

inline HeaderList Key(const std::string& key) { return {{"idempotency-key", key}}; }

// Info of the gateway's own ErrorInfo, or "".
inline std::string InfoOf(const RawResponse& response, const std::string& name) {
  const nlohmann::json status = Json(response);
  if (!status.is_object() || !status.contains("details")) return "";
  for (const nlohmann::json& detail : status["details"]) {
    if (detail.value("domain", "") != "frontdesk" || !detail.contains("metadata")) continue;
    return detail["metadata"].value(name, "");
  }
  return "";
}

inline RawResponse Buy(const Frontdesk& gateway, const HeaderList& headers,
                       std::string_view body = kBody) {
  return Fetch(gateway.port(), "POST", kPath, headers, body);
}

// "reservations held, charges that stay, orders that stay, shipments that stay"
inline std::string What(Mocks& mocks) {
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

inline constexpr Way kWays[] = {
    {"h2", "frontdesk"}, {"grpc", "frontdesk"}, {"h2", "frontdesk_compiled"}};

inline std::string NameOfWay(const ::testing::TestParamInfo<Way>& way) {
  return Cat(way.param.transport, "_", way.param.program);
}

class Checkout : public ::testing::TestWithParam<Way> {
 protected:
  static std::string Transport() { return GetParam().transport; }
  static std::string Program() { return GetParam().program; }

  Checkout() : gateway_(mocks_, {.transport = Transport(), .program = Program()}) {}

  Mocks mocks_;
  Frontdesk gateway_;
};

}  // namespace frontdesk::e2e
