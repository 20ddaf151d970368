#include "gateway/contract/plan_policy.h"

#include "gateway/base/text.h"
#include "gateway/contract/call_policy_check.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;
using frontdesk::v1::Step;

// A path in Policy as one in Step.
SourcePath FromStep(SourcePath path) {
  const bool retry = path[0] == Policy::kRetryFieldNumber;
  path[0] = retry ? Step::kRetryFieldNumber : Step::kHedgeFieldNumber;
  return path;
}

// What the contract says of the time of a step's calls. The method's own is that of requests, which
// only one with an address has.
CallTime TimeOf(const PlanStep& step, const Method& composed, const Plan& plan) {
  constexpr auto kNotSaid = std::chrono::nanoseconds::max();
  const auto timeout = ParseDuration(composed.policy.timeout()).value_or(kNotSaid);
  return Shortest({{step.timeout, "step's timeout"},
                   {plan.deadline, "deadline of the whole"},
                   {composed.bindings.empty() ? kNotSaid : timeout, "timeout of the whole"}});
}

}  // namespace

void CompileStepPolicy(const Step& proto, const Method& composed, const Plan& plan,
                       const PlaceOf& place_of,
                       const std::function<void(const SourcePath&, std::string_view)>& add,
                       PlanStep& step) {
  if (!proto.has_retry() && !proto.has_hedge()) return;
  Policy own;
  if (proto.has_retry()) *own.mutable_retry() = proto.retry();
  if (proto.has_hedge()) *own.mutable_hedge() = proto.hedge();
  bool fine = true;
  const auto wrong = [&](const SourcePath& field, std::string_view name, std::string_view text) {
    fine = false;
    add(FromStep(field), Cat(name, ": ", text));
  };
  CheckCallValues(own, wrong);
  CheckSuits(own, step.called(), wrong);
  std::map<std::string, SourcePath> paths;
  EachLeaf(own, [&](const std::string& name, const SourcePath& path) { paths[name] = path; });
  Overlay(
      own, [&](const std::string&, const SourcePath& path) { return place_of(FromStep(path)); },
      step.policy, step.policy_places);
  if (!fine) return;
  CheckTogether(
      step.called(), MergePolicy(step.called().policy, own), step.policy_places,
      TimeOf(step, composed, plan),
      [&](const std::string& name, std::string_view text) {
        const bool whole = name == "hedge";
        if (whole && !proto.has_hedge()) return;
        add(FromStep(whole ? SourcePath{Policy::kHedgeFieldNumber} : paths[name]),
            Cat(name, ": ", text));
      },
      &step.called().policy_places);
}

}  // namespace frontdesk::contract
