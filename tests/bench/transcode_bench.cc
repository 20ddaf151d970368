// Cost of the codec: an order (295 bytes on the wire, 728 as JSON) both ways, whole requests, and
// protobuf's own json_util next to it in the same run.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "gateway/contract/contract.h"
#include "gateway/transcode/request.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

constexpr const char* kOrder = R"(
  id: "order-7f3a2c" user_id: "user-1" status: STATUS_PAID
  items { product_id: "product-000123" title: "Espresso machine, two groups" quantity: 1
          price_cents: 129900 }
  items { product_id: "product-000456" title: "Coffee beans, 1 kg, dark roast" quantity: 4
          price_cents: 1899 }
  items { product_id: "product-000789" title: "Ceramic cup" quantity: 12 price_cents: 650 }
  total_cents: 145296 currency: "EUR"
  created { seconds: 1718000000 nanos: 123000000 } updated { seconds: 1718003600 }
  note: "Please ring twice, the bell is old." gift: true discount: 12.5)";

struct Setup {
  MessageTypes types;
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

// GET /orders/{id}: one path variable becomes the request message.
void PathToWire(benchmark::State& state) {
  const auto& table = The().types.Table("Order");
  contract::Binding binding;
  binding.captures = {{table.FindName("id")}};
  const route::Capture capture{.raw = "order-7f3a2c"};
  transcode::RequestParts parts;
  parts.captures = {&capture, 1};
  if (state.range(0) != 0) parts.query = "currency=EUR&gift=true&discount=12.5";
  std::string out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        transcode::DecodeRequest(table, binding, parts, {}, The().types.tables(), out).ok());
  }
}
BENCHMARK(PathToWire)->ArgName("query")->Arg(0)->Arg(1);

}  // namespace
}  // namespace frontdesk::testing
