#include "gateway/explain_route.h"

#include <chrono>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/version_check.h"
#include "gateway/explain_auth.h"
#include "gateway/explain_calls.h"
#include "gateway/explain_policy.h"
#include "gateway/explain_rules.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;

const char* BodyOf(const contract::Binding& binding) {
  switch (binding.body) {
    case contract::Binding::Body::kNone:
      return "";
    case contract::Binding::Body::kWhole:
      return "*";
    case contract::Binding::Body::kField:
      return binding.body_field->name.c_str();
  }
  return "";
}

const char* OnError(const contract::PlanStep& step) {
  switch (step.on_error) {
    case contract::PlanStep::OnError::kFail:
      return "FAIL";
    case contract::PlanStep::OnError::kOmit:
      return "OMIT";
    case contract::PlanStep::OnError::kDefault:
      return "DEFAULT";
  }
  return "";
}

// The condition of a step as it is written.
std::string WhenOf(const contract::Method& method, const std::string& step) {
  for (const v1::Step& proto : method.composition->step()) {
    if (proto.id() == step && proto.has_when()) return proto.when().ShortDebugString();
  }
  return "";
}

// One step as a reader of the plan needs it: what it calls, what it waits for, what its failure
// does.
ordered_json StepsToJson(const contract::Method& method) {
  const contract::Plan& plan = *method.plan;
  ordered_json steps = ordered_json::array();
  for (const contract::PlanStep& step : plan.steps) {
    ordered_json after = ordered_json::array();
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      if (step.needs >> i & 1) after.push_back(plan.steps[i].id);
    }
    ordered_json one{{"id", step.id}, {"call", Rpc(*step.method)}, {"after", after}};
    one["on_error"] = OnError(step);
    if (step.when) one["when"] = WhenOf(method, step.id);
    if (step.timeout != std::chrono::nanoseconds::max()) {
      one["timeout"] = contract::DurationText(step.timeout);
    }
    if (step.each) one["max_parallel"] = step.max_parallel;
    if (step.batch) {
      one["batch"] = Rpc(*step.batch->method);
      one["max_keys"] = step.batch->max_keys;
    }
    if (step.always) one["always"] = true;
    if (step.hooks) one["hooks"] = true;
    if (step.undo) one["undo"] = Rpc(*step.undo->method);
    steps.push_back(std::move(one));
  }
  return steps;
}

}  // namespace

std::string Rpc(const contract::Method& method) { return Cat(method.service, '/', method.name); }

std::string LifeOf(const route::Route& route) {
  if (!route.version) return "";
  const v1::Policy::Version& version = route.version->policy;
  if (contract::IsRetired(version)) return "retired";
  if (!route.version->deprecated) return "";
  std::string life = "deprecated";
  if (version.has_deprecated_since()) life += Cat(" since ", version.deprecated_since());
  if (version.has_sunset()) life += Cat(", sunset ", version.sunset());
  if (route.version->retired_from) life += Cat(", retired from ", version.retired_since(), " on");
  return life;
}

std::string TemplateOf(const route::Route& route) {
  const bool stripped = route.api && route.api->strip_prefix;
  return (stripped ? route.api->PrefixText() : "") + route.binding->path.text;
}

ordered_json RouteToJson(const config::Snapshot& snapshot, const compose::Registry& code,
                         const route::Route& route) {
  const contract::Method& method = *route.method;
  ordered_json out{{"method", route.binding->http_method}, {"template", TemplateOf(route)}};
  if (route.api) out["api"] = route.api->name;
  out["rpc"] = Rpc(method);
  out["bound_at"] = route.binding->place.ToString();
  out["policy"] = PolicyToJson(snapshot, route);
  using Access = route::Route::Auth::Access;
  if (route.auth.access != Access::kPublic) out["callers"] = CallersToJson(snapshot.chain.auth);
  if (const char* body = BodyOf(*route.binding); *body) out["body"] = body;
  if (route.binding->response_field) out["response_body"] = route.binding->response_field->name;
  const std::string life = LifeOf(route);
  if (!life.empty()) out["version"] = life;
  if (method.adapter) out["adapts"] = method.adapter->call();
  if (ordered_json rules = RulesToJson(route); !rules.empty()) out["rules"] = std::move(rules);
  const std::string runs = code.HowItRuns(method);
  if (!runs.empty()) out["runs"] = runs;
  if (method.plan) {
    out["steps"] = StepsToJson(method);
  } else if (!method.custom) {
    if (const upstream::UpstreamSettings* const upstream = UpstreamOf(snapshot, method)) {
      std::vector<std::string> endpoints;
      for (const auto& endpoint : upstream->endpoints) endpoints.push_back(endpoint.address);
      out["upstream"] = {{"name", upstream->name}, {"endpoints", endpoints}};
    }
  }
  return out;
}

}  // namespace frontdesk
