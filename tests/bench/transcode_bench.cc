// Cost of the codec: an order (292 bytes on the wire, 656 as JSON) both ways, requests from path and
// query, and protobuf's own json_util next to it in the same run.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "gateway/contract/contract.h"
#include "gateway/transcode/request.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

// The message of tests/bench/protos/bench.proto and tests/bench/order.txtpb.
constexpr std::string_view kOrderType = R"(
message Order {
  enum Status { STATUS_UNSPECIFIED = 0; PENDING = 1; PAID = 2; SHIPPED = 3; }
  message Item { string product_id = 1; string name = 2; int32 quantity = 3;
                 int64 unit_price_cents = 4; }
  message Address { string street = 1; string city = 2; string postal_code = 3;
                    string country = 4; }
  string id = 1; string user_id = 2; Status status = 3; repeated Item items = 4;
  int64 total_cents = 5; string currency = 6; Address shipping_address = 7;
  google.protobuf.Timestamp created_at = 8; google.protobuf.Timestamp updated_at = 9;
  bool gift = 10; string note = 11;
}
)";
constexpr const char* kOrder = R"(
  id: "order-000123456" user_id: "user-000042" status: SHIPPED
  items { product_id: "product-000001" name: "Mechanical keyboard, 87 keys" quantity: 1
          unit_price_cents: 12900 }
  items { product_id: "product-000022" name: "USB-C cable, braided" quantity: 3
          unit_price_cents: 990 }
  items { product_id: "product-000333" name: "Desk mat" quantity: 2 unit_price_cents: 2450 }
  total_cents: 20770 currency: "EUR"
  shipping_address { street: "12 Harbour Street" city: "Rotterdam" postal_code: "3011 AA"
                     country: "NL" }
  created_at { seconds: 1767225600 nanos: 123000000 } updated_at { seconds: 1767312000 }
  gift: true note: "Leave it with the neighbours, number 14, if nobody")";

struct Setup {
  MessageTypes types{kOrderType};
  std::string wire = types.Wire("Order", kOrder);
  std::string json = types.Encode("Order", wire);
  std::unique_ptr<pb::util::TypeResolver> resolver{
      pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", &types.pool())};
};

Setup& The() {
  static auto* const setup = new Setup();
  return *setup;
}

void WireToJson(benchmark::State& state) {
  const auto& table = The().types.Table("Order");
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(
        transcode::EncodeJson(table, The().wire, {}, The().types.tables(), out).ok());
  }
  state.counters["wire"] = static_cast<double>(The().wire.size());
  state.counters["json"] = static_cast<double>(out.size());
}
BENCHMARK(WireToJson);

void UntidyWireToJson(benchmark::State& state) {
  const auto& table = The().types.Table("Order");
  const std::string wire = The().wire + The().types.Wire("Order", "id: 'last'");
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(
        transcode::EncodeJson(table, wire, {}, The().types.tables(), out).ok());
  }
}
BENCHMARK(UntidyWireToJson);

void JsonToWire(benchmark::State& state) {
  const auto& table = The().types.Table("Order");
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(
        transcode::DecodeJson(table, The().json, {}, The().types.tables(), out).ok());
  }
}
BENCHMARK(JsonToWire);

void JsonUtilWireToJson(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(pb::util::BinaryToJsonString(The().resolver.get(),
                                                          "type.googleapis.com/test.Order",
                                                          The().wire, &out)
                                 .ok());
  }
}
BENCHMARK(JsonUtilWireToJson);

void JsonUtilJsonToWire(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(pb::util::JsonToBinaryString(The().resolver.get(),
                                                          "type.googleapis.com/test.Order",
                                                          The().json, &out)
                                 .ok());
  }
}
BENCHMARK(JsonUtilJsonToWire);

// What a program without tables does: a dynamic message on the way.
void JsonUtilMessageWireToJson(benchmark::State& state) {
  const auto message = The().types.New("Order");
  std::string out;
  for (auto _ : state) {
    out.clear();
    message->ParseFromString(The().wire);
    benchmark::DoNotOptimize(pb::util::MessageToJsonString(*message, &out).ok());
  }
}
BENCHMARK(JsonUtilMessageWireToJson);

void JsonUtilMessageJsonToWire(benchmark::State& state) {
  const auto message = The().types.New("Order");
  std::string out;
  for (auto _ : state) {
    message->Clear();
    benchmark::DoNotOptimize(pb::util::JsonStringToMessage(The().json, message.get()).ok());
    message->SerializeToString(&out);
  }
}
BENCHMARK(JsonUtilMessageJsonToWire);

// GET /orders/{id}: one path variable becomes the request message.
void PathToWire(benchmark::State& state) {
  const auto& table = The().types.Table("Order");
  contract::Binding binding;
  binding.captures = {{table.FindName("id")}};
  const route::Capture capture{.raw = "order-7f3a2c"};
  transcode::RequestParts parts;
  parts.captures = {&capture, 1};
  if (state.range(0) != 0) parts.query = "currency=EUR&gift=true&total_cents=1250";
  std::string out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        transcode::DecodeRequest(table, binding, parts, {}, The().types.tables(), out).ok());
  }
}
BENCHMARK(PathToWire)->ArgName("query")->Arg(0)->Arg(1);

}  // namespace
}  // namespace frontdesk::testing
