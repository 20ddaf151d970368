// The policy in force: built-in default < service < method < a composition's step < `methods` of
// the operator's file (service, then method) < the front that a request came for (its `policy`,
// then its `methods`, service, then method), value by value. The file has the last word, so that an
// operator needs no new contract; in it the front has, because it says for whom, and the method may
// say otherwise once more in it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "gateway/http/message.h"
#include "gateway/policy/authenticator.h"

namespace frontdesk::config {

struct PolicyInForce {
  v1::Policy policy;
  contract::PolicyPlaces places;
  bool limits_of_api = false;  // its limits are those that a front has said instead
};

class Policies {
 public:
  explicit Policies(const LoadedConfig& loaded) : loaded_(loaded) {}

  // `api`: the front's name; "" for none, as for calls, which are made for all alike.
  PolicyInForce Of(const contract::Method& method, const std::string& api = "") const;
  // Of a call of a step that says something about its calls.
  PolicyInForce Of(const contract::PlanStep& step) const;

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
  // Values that don't fit each other once all is put together. `timeout`: that of the upstream.
  void CheckTogether(const contract::Method& method, std::chrono::nanoseconds timeout,
                     contract::Findings& findings, const std::string& api = "");
  // The same of what a composition's steps say, with the time that it has where it has most: no
  // front can say it otherwise.
  void CheckSteps(const contract::Method& composed, const std::vector<std::string>& apis,
                  contract::Findings& findings);

 private:
  using Overrides = google::protobuf::Map<std::string, v1::Policy>;
  // `path`: "methods", or that of a front.
  void Overlay(const Overrides& overrides, const std::string& path, const contract::Method& method,
               PolicyInForce& in_force) const;
  void OverlayFile(const contract::Method& method, PolicyInForce& in_force) const;
  void OverlayApi(const contract::Method& method, const std::string& api,
                  PolicyInForce& in_force) const;
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
