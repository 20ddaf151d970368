// The policy in force: built-in default < service < method < a composition's step < `methods` of
// the operator's file (service, then method) < the front that a request came for (its `policy`,
// then its `methods`, service, then method), value by value. The file has the last word, so that an
// operator needs no new contract; in it the front has, because it says for whom, and the method may
// say otherwise once more in it.
//
// `auth.access` that lets everybody in lies over what was asked of known callers below it, too: it
// is asked no more. That a file lets more callers in than before it has to say (`weakens`), which
// is checked of what is in force (policies.h).
#pragma once

#include <string>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"

namespace frontdesk::config {

struct PolicyInForce {
  v1::Policy policy;
  contract::PolicyPlaces places;
  std::vector<std::string> lifted;  // what was asked of callers, and is no more, by name
  bool limits_of_api = false;       // its limits are those that a front has said instead
};

// `api`: the front's name; "" for none, as for calls, which are made for all alike.
PolicyInForce InForce(const LoadedConfig& loaded, const contract::Method& method,
                      const std::string& api = "");
// Of a call of a step that says something about its calls.
PolicyInForce InForce(const LoadedConfig& loaded, const contract::PlanStep& step);

}  // namespace frontdesk::config
