// What rules cost: an order of 292 bytes with 24 rules in it, one without rules, and the parts that
// cost most.
#include <benchmark/benchmark.h>

#include "tests/unit/policy/rules_of_one.h"

namespace frontdesk::policy {
namespace {

constexpr char kOrder[] = R"(
message Item {
  string product_id = 1 [(frontdesk.v1.field).rules.string = { min_len: 1 max_len: 64 }];
  string name = 2 [(frontdesk.v1.field).rules.string.max_len = 200];
  int32 quantity = 3 [(frontdesk.v1.field).rules.int32 = { gte: 1 lte: 100 }];
  int64 unit_price_cents = 4 [(frontdesk.v1.field).rules.int64.gte = 0];
}
message Address {
  string street = 1 [(frontdesk.v1.field).rules.string = { min_len: 1 max_len: 200 }];
  string city = 2 [(frontdesk.v1.field).rules.string = { min_len: 1 max_len: 100 }];
  string postal_code = 3 [(frontdesk.v1.field).rules.string.max_len = 16];
  string country = 4 [(frontdesk.v1.field).rules.string.len = 2];
}
message M {
  string id = 1 [(frontdesk.v1.field).rules.string.max_len = 64];
  string user_id = 2 [(frontdesk.v1.field).rules.string.max_len = 64];
  int32 status = 3 [(frontdesk.v1.field).rules.int32 = { in: [0, 1, 2, 3] }];
  repeated Item items = 4 [(frontdesk.v1.field).rules.repeated = { min_items: 1 max_items: 100 }];
  int64 total_cents = 5 [(frontdesk.v1.field).rules.int64.gte = 0];
  string currency = 6 [(frontdesk.v1.field).rules.string = { in: ["EUR", "USD"] }];
  Address shipping_address = 7 [(frontdesk.v1.field).rules.required = true];
  google.protobuf.Timestamp created_at = 8 [(frontdesk.v1.field).rules.timestamp.lt_now = true];
  google.protobuf.Timestamp updated_at = 9;
  bool gift = 10;
  string note = 11 [(frontdesk.v1.field).rules.string.max_len = 500];
}
)";

constexpr char kJson[] = R"({
  "id": "order-000123456", "userId": "user-000042", "status": 3, "items": [
  {"productId": "product-000001", "name": "Mechanical keyboard, 87 keys", "quantity": 1,
   "unitPriceCents": "12900"},
  {"productId": "product-000022", "name": "USB-C cable, braided", "quantity": 3,
   "unitPriceCents": "990"},
  {"productId": "product-000333", "name": "Desk mat", "quantity": 2, "unitPriceCents": "2450"}],
  "totalCents": "20770", "currency": "EUR", "shippingAddress": {"street": "12 Harbour Street",
  "city": "Rotterdam", "postalCode": "3011 AA", "country": "NL"},
  "createdAt": "2026-01-01T00:00:00.123Z", "updatedAt": "2026-01-02T00:00:00Z", "gift": true,
  "note": "Leave it with the neighbours, number 14, if nobody"})";

void Run(benchmark::State& state, const RulesOfOne& one, const std::string& wire) {
  for (auto _ : state) {
    Violations violations;
    ValidateMessage(*one.rules(), wire, FixedNow, violations);
    benchmark::DoNotOptimize(violations.count());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(wire.size()));
}

void Order(benchmark::State& state) {
  const RulesOfOne one(kOrder);
  const std::string wire = one.Wire(kJson);
  if (!one.OfWire(wire).empty()) state.SkipWithError("is not valid");
  Run(state, one, wire);
}
BENCHMARK(Order);

void Pattern(benchmark::State& state) {
  const RulesOfOne one(
      "message M { string a = 1 [(frontdesk.v1.field).rules.string.pattern = '^[a-z][a-z0-9-]*$']; "
      "}");
  Run(state, one, one.Wire(R"({"a": "product-000001"})"));
}
BENCHMARK(Pattern);

void Email(benchmark::State& state) {
  const RulesOfOne one(
      "message M { string a = 1 [(frontdesk.v1.field).rules.string.email = true]; }");
  Run(state, one, one.Wire(R"({"a": "ada.lovelace@example.org"})"));
}
BENCHMARK(Email);

// All numbers different.
void Unique(benchmark::State& state) {
  const RulesOfOne one(
      "message M { repeated int32 a = 1 [(frontdesk.v1.field).rules.repeated.unique = true]; }");
  std::string json = R"({"a": [0)";
  for (int i = 1; i < state.range(0); ++i) json += Cat(",", i);
  Run(state, one, one.Wire(json + "]}"));
}
BENCHMARK(Unique)->Arg(100)->Arg(10'000);

// As many violations as are told.
void Wrong(benchmark::State& state) {
  const RulesOfOne one(
      "message M { repeated int32 a = 1 [(frontdesk.v1.field).rules.repeated.items.int32.gt = 0]; "
      "}");
  std::string json = R"({"a": [0)";
  for (int i = 1; i < 10'000; ++i) json += ",0";
  Run(state, one, one.Wire(json + "]}"));
}
BENCHMARK(Wrong);

}  // namespace
}  // namespace frontdesk::policy
