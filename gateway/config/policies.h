// The policy in force: built-in default < service < method < a composition's step < the operator's
// file, value by value. The file has the last word, so that an operator needs no new contract.
#pragma once

#include <set>
#include <string>

#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "gateway/http/message.h"
#include "gateway/policy/authenticator.h"

namespace frontdesk::config {

struct PolicyInForce {
  v1::Policy policy;
  contract::PolicyPlaces places;
};

class Policies {
 public:
  explicit Policies(const LoadedConfig& loaded) : loaded_(loaded) {}

  PolicyInForce Of(const contract::Method& method) const;
  // Of a call of a step that says something about its calls.
  PolicyInForce Of(const contract::PlanStep& step) const;

  // What the file says of a method or a service, and can't be right for it.
  void CheckOverride(const std::string& name, const contract::Contract& contract,
                     contract::Findings& findings) const;
  // What the contract says of a method, and only requests to an address of it would ask for.
  void CheckAddressed(const contract::Method& method, contract::Findings& findings) const;
  // What opens a door, or can't be opened by anybody: what the file weakens without saying so,
  // callers that are asked for and can't prove who they are, and the like.
  void CheckAuth(const contract::Method& method, const policy::AuthSettings& auth,
                 contract::Findings& findings);
  // What pages in browsers may do, and fields of answers that `common` has already.
  void CheckBrowsers(const contract::Method& method, const http::CommonFields& common,
                     contract::Findings& findings);
  // Methods that end, or are followed by one that can't follow, once all is put together.
  void CheckSuccessors(const contract::Contract& contract, contract::Findings& findings);
  // Values that don't fit each other once all is put together. `timeout`: that of the upstream.
  void CheckTogether(const contract::Method& method, std::chrono::nanoseconds timeout,
                     contract::Findings& findings);
  void CheckTogether(const contract::Method& composed, const contract::PlanStep& step,
                     contract::Findings& findings);

 private:
  void OverlayFile(const contract::Method& method, PolicyInForce& in_force) const;
  void Tell(const contract::Place& place, const std::string& path, std::string_view text,
            contract::Findings& findings);

  const LoadedConfig& loaded_;
  std::set<std::string> told_;  // what a whole service has is said once
};

}  // namespace frontdesk::config
