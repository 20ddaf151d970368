#include "tests/codegen/cpp/two_ways.h"

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <sstream>

#include "gateway/base/failure.h"
#include "gateway/base/scope.h"
#include "gateway/base/text.h"
#include "gateway/compose/runtime.h"
#include "gateway/compose/undo.h"
#include "gateway/contract/plan.h"
#include "gateway/transcode/encode.h"

namespace frontdesk::testing {
namespace {

using Result = absl::StatusOr<compose::Composed>;

frontdesk::internal::Detached Drive(Task<Result> task, std::optional<Result>* result) {
  result->emplace(co_await std::move(task));
}

void Turn(Loop& loop) {
  bool turned = false;
  loop.Post([&] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

std::string Describe(const absl::Status& status) {
  return Cat(absl::StatusCodeToString(status.code()), ": ", Std(status.message()), " | ",
             ReasonOf(status), ' ', static_cast<int>(OriginOf(status)), ' ', HttpOverrideOf(status),
             ' ', InfoOf(status));
}

}  // namespace

std::unique_ptr<const contract::Contract> LoadContract(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  contract::Findings findings;
  auto contract = contract::Contract::Load(bytes.str(), file, findings);
  if (contract) return contract;
  std::fprintf(stderr, "%s", findings.ToString().c_str());
  std::abort();
}

Way TwoWays::RunPlan(const contract::Method& method, const Scenario& scenario) {
  return Run(method, scenario, false);
}

Way TwoWays::RunCode(const contract::Method& method, const Scenario& scenario) {
  return Run(method, scenario, true);
}

// Some fields of the answer, or of a message in it.
std::unique_ptr<const contract::ReadMask> TwoWays::MaskByChance(const contract::Method& method,
                                                                uint64_t seed) const {
  std::mt19937_64 chance(seed);
  std::string fields;
  for (const contract::Field& field : method.output->fields) {
    if (chance() % 3 != 0) continue;
    fields += Cat(fields.empty() ? "" : ",", field.name);
    const bool plain =
        field.message && !field.repeated && field.message->well_known == contract::WellKnown::kNone;
    if (!plain || chance() % 2 == 0) continue;
    const auto& inside = field.message->fields;
    fields += Cat('.', inside[chance() % inside.size()].name);
  }
  if (fields.empty()) fields = method.output->fields[0].name;
  auto mask = contract::ParseReadMask(method.output, fields);
  EXPECT_TRUE(mask.ok()) << fields << ": " << mask.status();
  return mask.ok() ? *std::move(mask) : nullptr;
}

namespace {

// Told apart by what a call says of them: see ChanceCaller.
std::vector<upstream::CallPolicy> PoliciesFor(size_t steps) {
  std::vector<upstream::CallPolicy> policies(steps);
  for (size_t i = 0; i < steps; ++i) {
    policies[i].retry.max_attempts = static_cast<uint32_t>(100 + i);
  }
  return policies;
}

// With claims that fields can hold, and others.
identity::IdentityPointer CallerByChance(const std::string& sub, uint64_t seed) {
  constexpr std::string_view kClaims[] = {
      R"({"age":7,"org":{"plan":"gold"},"rate":2.5,"vip":true})",
      R"({"age":0,"org":{"plan":""},"rate":0,"vip":false})",
      R"({"age":"7","org":"gold","rate":"2.5","vip":1})",
      R"({"age":5000000000,"org":{"plan":null},"rate":7})",
      "{}",
  };
  auto who = std::make_shared<identity::Identity>();
  who->sub = sub;
  who->claims = identity::ParseJson(kClaims[seed / 3 % std::size(kClaims)]).value();
  return who;
}

}  // namespace

Way TwoWays::Run(const contract::Method& method, Scenario scenario, bool code) {
  Loop loop;
  Cancellation cancel;
  upstream::CallContext context{.loop = loop, .cancel = cancel};
  const uint64_t seed = scenario.chances.seed;
  const auto mask = scenario.mask ? MaskByChance(method, seed) : nullptr;
  if (mask) {
    scenario.options.steps = compose::StepsFor(*method.plan, nullptr, *mask, seed % 4 != 0);
  }
  if (seed % 3 != 0) context.identity = CallerByChance(Cat("caller-", seed % 5), seed);
  if (scenario.keys) context.key_scope = "scope";
  ChanceCaller caller(contract_, dynamic_, scenario.chances);
  const compose::Handlers handlers = code_.Make(contract_, caller);
  const auto message = dynamic_.New(method.input->full_name);
  FillByChance(*message, seed);
  const std::string request = Serialize(*message);

  Scope scope(scenario.room);
  compose::UndoHost host{scope};
  std::shared_ptr<compose::Compensation> undos;
  compose::RunOptions options = scenario.options;
  options.compensation = &undos;
  // Each step's calls have a policy of their own, all but every third.
  const std::vector<upstream::CallPolicy> policies =
      PoliciesFor(method.plan ? method.plan->steps.size() : 0);
  std::vector<const upstream::CallPolicy*> of_steps;
  for (size_t i = 0; i < policies.size(); ++i) {
    of_steps.push_back(i % 3 == 2 ? nullptr : &policies[i]);
  }
  options.policies = of_steps;
  if (scenario.host) options.undo_host = &host;
  std::optional<Result> result;
  if (code) {
    const compose::Handlers::Handler& handler = *handlers.Find(method);
    Drive(handler.method->run(*handler.of, context, request, options), &result);
  } else {
    Drive(compose::Run(context, *method.plan, caller, request, options), &result);
  }
  std::mt19937_64 order(seed);
  while (!result || scope.running() > 0) {
    if (caller.held() > 0) caller.Release(order() % caller.held());
    if (scenario.cancel && order() % 8 == 0) cancel.Cancel(absl::CancelledError("client is gone"));
    if (order() % 2 == 0) Turn(loop);
  }

  Way way;
  for (const std::string& seen : caller.seen()) way.calls += seen + '\n';
  way.calls += Cat("cancelled: ", caller.cancelled());
  way.calls += undos && undos->failed() ? ", something stays" : "";
  way.count = context.calls;
  if (!result->ok()) {
    way.answer = Describe(result->status());
    return way;
  }
  const compose::Composed& composed = **result;
  const transcode::PrintOptions print = {.mask = mask.get()};
  const absl::Status printed =
      transcode::EncodeJson(*method.output, composed.message, print, contract_.tables(), way.json);
  if (!printed.ok()) way.json = Describe(printed);
  if (!mask) {
    way.answer = dynamic_.Text(method.output->full_name,
                               Canonical(dynamic_, *method.output, composed.message));
  }
  for (const compose::Missing& part : composed.incomplete) {
    way.parts += Cat(part.part, ';', part.reason, part.defaulted ? " (default) " : " ");
  }
  for (const auto& [name, value] : composed.headers) way.parts += Cat(name, ": ", value, '\n');
  return way;
}

}  // namespace frontdesk::testing
