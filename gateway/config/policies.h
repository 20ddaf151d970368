// What can't be right with policies once contract and file are put together.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/config/policy_in_force.h"
#include "gateway/contract/contract.h"
#include "gateway/http/message.h"
#include "gateway/policy/authenticator.h"

namespace frontdesk::config {

class Policies {
 public:
  explicit Policies(const LoadedConfig& loaded) : loaded_(loaded) {}

  PolicyInForce Of(const contract::Method& method, const std::string& api = "") const {
    return InForce(loaded_, method, api);
  }
  PolicyInForce Of(const contract::PlanStep& step) const { return InForce(loaded_, step); }

  // What the file says of a method or a service, and can't be right for it.
  void CheckOverride(const std::string& name, const contract::Contract& contract,
                     contract::Findings& findings) const;
  // The same of what a front says of all of these methods.
  void CheckApi(const std::string& api, const std::vector<const contract::Method*>& methods,
                const contract::Contract& contract, contract::Findings& findings) const;
  // What the contract says of a method, and only requests to an address of it would ask for.
  void CheckAddressed(const contract::Method& method, contract::Findings& findings) const;
  // What opens a door, or can't be opened by anybody: what the file weakens without saying so,
  // callers that are asked for and can't prove who they are, and the like.
  void CheckAuth(const contract::Method& method, const std::string& api,
                 const policy::AuthSettings& auth, contract::Findings& findings);
  // What pages in browsers may do, and fields of answers that `common` has already.
  void CheckBrowsers(const contract::Method& method, const std::string& api,
                     const http::CommonFields& common, contract::Findings& findings);
  // Methods that end, or are followed by one that can't follow, once all is put together.
  void CheckSuccessors(const contract::Contract& contract, contract::Findings& findings);
  // The same of what a front serves, with what it says itself.
  void CheckSuccessors(const std::string& api, const std::vector<const contract::Method*>& methods,
                       const contract::Contract& contract, contract::Findings& findings);
  // What the methods that a step calls ask of requests of their own, and the composition does not
  // ask of its in this front: callers that are let in, rules that nothing is held against, limits
  // that do not count. Each as the end of a sentence.
  std::vector<std::string> WhatStepPassesBy(const contract::Method& composed,
                                            const std::string& api,
                                            const contract::PlanStep& step) const;
  // Values that don't fit each other once all is put together, or the time that calls have.
  void CheckTogether(const contract::Method& method, contract::Findings& findings,
                     const std::string& api = "");
  // The same of what a composition's steps say, with the time that it has where it has most: no
  // front can say it otherwise.
  void CheckSteps(const contract::Method& composed, const std::vector<std::string>& apis,
                  contract::Findings& findings);

 private:
  // Of a value in force, by its name; where the file says no more than that it is there ("hedge:
  // {}"), of that; for a default the method's.
  contract::Place PlaceOf(const std::string& value, const PolicyInForce& in_force,
                          const contract::Method& method, const std::string& api) const;
  void CheckOverride(const v1::Policy& own, const std::string& name, const std::string& path,
                     const contract::Contract& contract, contract::Findings& findings) const;
  void CheckSuccessors(const std::string& api, const contract::Contract& contract,
                       const std::function<bool(const contract::Method&)>& looked_at,
                       contract::Findings& findings);
  // The same of one method that it calls, which goes without these rules.
  void PassesBy(const v1::Policy& of_composed, const contract::Method& called,
                const std::vector<std::string>& unheld, std::vector<std::string>& out) const;
  void Tell(const contract::Place& place, const std::string& path, std::string_view text,
            contract::Findings& findings);

  const LoadedConfig& loaded_;
  std::set<std::string> told_;  // what a whole service has is said once
};

}  // namespace frontdesk::config
