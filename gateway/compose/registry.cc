#include "gateway/compose/registry.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/plan_hash.h"

namespace frontdesk::compose {
namespace {

bool HasHooks(const contract::Method& method) {
  if (!method.plan) return false;
  const auto& steps = method.plan->steps;
  return method.plan->hooks ||
         std::any_of(steps.begin(), steps.end(),
                     [](const contract::PlanStep& step) { return step.hooks; });
}

const GeneratedMethod* FindIn(const std::vector<GeneratedMethod>& methods,
                              const contract::Method& method) {
  for (const GeneratedMethod& generated : methods) {
    if (generated.path == method.path) return &generated;
  }
  return nullptr;
}

}  // namespace

const GeneratedMethod* Registry::Find(const contract::Method& method) const {
  const GeneratedMethod* found = nullptr;
  for (const Service& service : services_) {
    if (const GeneratedMethod* generated = FindIn(*service.methods, method)) found = generated;
  }
  return found;
}

// Hooks change answers: a plan that left them out would give away what they withhold.
std::string Registry::WhatIsMissing(const contract::Method& method) const {
  if (!method.custom && !HasHooks(method)) return "";
  const std::string what =
      Cat("is ", method.custom ? "written by hand (`custom`)" : "declared with hooks", ", and ");
  const GeneratedMethod* generated = Find(method);
  if (generated == nullptr) {
    return Cat(what, "this program has no code for it: add a class that derives from what ",
               "protoc-gen-frontdesk-cpp generates to the registry in its main()");
  }
  if (generated->plan_hash == contract::PlanHash(method)) return "";
  return Cat(what, "its code was generated from another contract: generate it again");
}

std::string Registry::HowItRuns(const contract::Method& method) const {
  if (!method.plan && !method.custom) return "";
  const GeneratedMethod* generated = Find(method);
  if (generated == nullptr) return method.custom ? "nothing: no code is registered" : "plan";
  if (generated->plan_hash == contract::PlanHash(method)) return "generated code";
  return Cat(method.custom ? "nothing" : "plan", ": its code is of another contract");
}

Handlers Registry::Make(const contract::Contract& contract, upstream::Caller& caller) const {
  Handlers handlers;
  for (const Service& service : services_) {
    handlers.aggregates_.push_back(service.make(caller));
    for (const contract::Method& method : contract.methods()) {
      const GeneratedMethod* generated = FindIn(*service.methods, method);
      if (generated == nullptr || generated->plan_hash != contract::PlanHash(method)) continue;
      handlers.by_method_[&method] = {handlers.aggregates_.back().get(), generated};
    }
  }
  return handlers;
}

}  // namespace frontdesk::compose
