// What a composition costs in this process, calls left out: from its plan, as generated code, as
// generated code with hooks. Back ends answer at once with the same bytes.
//
//   build/release/bin/compose_bench --benchmark_repetitions=20
//   --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>
#include <google/protobuf/message.h>

#include <map>
#include <string>

#include "bff/mobile/v1/mobile.frontdesk.h"
#include "bff/web/v1/web.frontdesk.h"
#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "tests/codegen/cpp/my_kitchen.h"
#include "tests/codegen/cpp/two_ways.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk {
namespace {

using testing::Dynamic;

// A reply as back ends have them: every field there, lists of three, texts of a few words.
void FillLikeAShop(google::protobuf::Message& message, int depth = 0) {
  using Field = google::protobuf::FieldDescriptor;
  const auto& r = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    if (field.is_map() || (field.real_containing_oneof() && i % 2)) continue;
    for (int n = 0; n < (field.is_repeated() ? 3 : 1); ++n) {
      const bool add = field.is_repeated();
      const std::string text = Cat(field.name(), " of a shop ", n);
      switch (field.cpp_type()) {
        case Field::CPPTYPE_STRING:
          add ? r.AddString(&message, &field, text) : r.SetString(&message, &field, text);
          break;
        case Field::CPPTYPE_INT64:
          add ? r.AddInt64(&message, &field, 12900 + n) : r.SetInt64(&message, &field, 12900);
          break;
        case Field::CPPTYPE_INT32:
          add ? r.AddInt32(&message, &field, 3 + n) : r.SetInt32(&message, &field, 3);
          break;
        case Field::CPPTYPE_BOOL:
          if (!add) r.SetBool(&message, &field, true);
          break;
        case Field::CPPTYPE_ENUM:
          if (!add) r.SetEnumValue(&message, &field, 1);
          break;
        case Field::CPPTYPE_MESSAGE:
          if (depth > 3) break;
          FillLikeAShop(add ? *r.AddMessage(&message, &field) : *r.MutableMessage(&message, &field),
                        depth + 1);
          break;
        default:
          break;
      }
    }
  }
}

class InstantCaller final : public upstream::Caller {
 public:
  InstantCaller(const contract::Contract& contract, Dynamic& dynamic) {
    for (const contract::Method& method : contract.methods()) {
      const auto message = dynamic.New(method.output->full_name);
      FillLikeAShop(*message);
      replies_[method.path] = testing::Serialize(*message);
    }
  }
  Task<absl::StatusOr<upstream::UnaryReply>> Unary(upstream::CallContext& context,
                                                   const contract::MethodName& method,
                                                   std::string_view,
                                                   const upstream::CallOptions&) override {
    ++context.calls;
    upstream::UnaryReply reply;
    reply.message = replies_.find(method.path)->second;
    co_return reply;
  }

 private:
  std::map<std::string, std::string, std::less<>> replies_;
};

struct House {
  explicit House(const std::string& file)
      : contract(testing::LoadContract(file)), dynamic(*contract), caller(*contract, dynamic) {
    code.Add<bff::web::v1::WebAggregates>();
    code.Add<bff::mobile::v1::MobileAggregates>();
    code.Add<kitchen::v1::MyKitchen>();
    handlers = code.Make(*contract, caller);
  }
  std::unique_ptr<const contract::Contract> contract;
  Dynamic dynamic;
  InstantCaller caller;
  compose::Registry code;
  compose::Handlers handlers;
};

void Run(benchmark::State& state, House& house, const contract::Method& method, bool generated) {
  Loop loop;
  Cancellation cancel;
  upstream::CallContext context{.loop = loop, .cancel = cancel};
  context.identity = identity::MakeIdentity("user-000042");
  const compose::RunOptions options;
  const auto message = house.dynamic.New(method.input->full_name);
  FillLikeAShop(*message);
  const std::string request = testing::Serialize(*message);
  const auto* handler = house.handlers.Find(method);
  size_t bytes = 0;
  for (auto _ : state) {
    Task<absl::StatusOr<compose::Composed>> task =
        generated ? handler->method->run(*handler->of, context, request, options)
                  : compose::Run(context, *method.plan, house.caller, request, options);
    const auto composed = testing_support::RunOnLoop(loop, std::move(task));
    if (!composed.ok()) return state.SkipWithError(composed.status().ToString().c_str());
    bytes = composed->message.size();
  }
  state.counters["answer_bytes"] = static_cast<double>(bytes);
}

void Register(House& house) {
  for (const contract::Method& method : house.contract->methods()) {
    if (!method.plan || !house.handlers.Find(method)) continue;
    bool hooks = method.plan->hooks;
    for (const contract::PlanStep& step : method.plan->steps) hooks = hooks || step.hooks;
    const auto add = [&](const char* how, bool generated) {
      benchmark::RegisterBenchmark(Cat(std::string_view(method.path).substr(1), how).c_str(),
                                   [&house, &method, generated](benchmark::State& state) {
                                     Run(state, house, method, generated);
                                   });
    };
    add("/plan", false);
    add(hooks ? "/generated with hooks" : "/generated", true);
  }
}

}  // namespace
}  // namespace frontdesk

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  static frontdesk::House shop(FRONTDESK_CONTRACT);
  static frontdesk::House golden(FRONTDESK_GOLDEN_CONTRACT);
  frontdesk::Register(shop);
  frontdesk::Register(golden);
  benchmark::RunSpecifiedBenchmarks();
}
