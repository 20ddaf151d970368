#include "gateway/config/policies.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/config/field_path.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/route/route.h"

namespace frontdesk::config {

using contract::Findings;
using contract::Method;
using std::chrono::nanoseconds;

PolicyInForce Policies::Of(const Method& method) const {
  PolicyInForce in_force{method.policy, method.policy_places};
  for (const std::string& name : {method.service, method.path.substr(1)}) {
    const auto over = loaded_.config.methods().find(name);
    if (over == loaded_.config.methods().end()) continue;
    const auto place_of = [&](const std::string& leaf, const std::vector<int>&) {
      return loaded_.PlaceOf(Cat("methods.", name, '.', leaf));
    };
    contract::Overlay(over->second, place_of, in_force.policy, in_force.places);
  }
  return in_force;
}

PolicyInForce Policies::Of(const contract::PlanStep& step) const {
  PolicyInForce in_force = Of(step.called());
  const auto place_of = [&](const std::string& leaf, const std::vector<int>&) {
    return step.policy_places.at(leaf);
  };
  contract::Overlay(step.policy, place_of, in_force.policy, in_force.places);
  return in_force;
}

void Policies::CheckOverride(const std::string& name, const contract::Contract& contract,
                             Findings& findings) const {
  const Method* const method = contract.FindMethod(name);
  if (!method) return;
  const std::string path = Cat("methods.", name);
  contract::CheckSuits(
      loaded_.config.methods().at(name), *method,
      [&](const std::vector<int>& field, std::string_view value, std::string_view text) {
        const std::string at = Cat(path, '.', FieldPath(*v1::Policy::descriptor(), field));
        findings.Add(loaded_.PlaceOf(at), Cat(path, '.', value), text);
      });
}

void Policies::CheckTogether(const Method& method, nanoseconds timeout, Findings& findings) {
  const PolicyInForce in_force = Of(method);
  contract::CallTime time{timeout, "timeout of the upstream"};
  const nanoseconds usual = method.bindings.empty() ? nanoseconds::max() : route::Route().timeout;
  const nanoseconds own = contract::ParseDuration(in_force.policy.timeout()).value_or(usual);
  if (own <= timeout) time = {own, "timeout"};
  contract::CheckTogether(
      in_force.policy, in_force.places, time, [&](const std::string& name, std::string_view text) {
        Tell(contract::PlaceOfValue(in_force.places, name).value_or(method.place),
             Cat(method.full_name, '.', name), text, findings);
      });
}

void Policies::CheckTogether(const Method& composed, const contract::PlanStep& step,
                             Findings& findings) {
  const nanoseconds deadline = std::min(step.timeout, composed.plan->deadline);
  contract::CheckTogether(Of(step).policy, step.policy_places, {deadline, "time of the step"},
                          [&](const std::string& name, std::string_view text) {
                            const auto place = contract::PlaceOfValue(step.policy_places, name);
                            if (!place) return;  // the called method's, and reported there
                            Tell(*place, composed.full_name,
                                 Cat("step ", contract::Quoted(step.id), ": ", name, ": ", text),
                                 findings);
                          });
}

void Policies::Tell(const contract::Place& place, const std::string& path, std::string_view text,
                    Findings& findings) {
  if (told_.insert(Cat(place.ToString(), text)).second) findings.Add(place, path, text);
}

}  // namespace frontdesk::config
