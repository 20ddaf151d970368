// Every call that a route can make has an upstream behind it.
#pragma once

#include <set>
#include <string>

#include "gateway/compose/registry.h"
#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

class Reach {
 public:
  Reach(const LoadedConfig& loaded, const contract::Contract& contract,
        const compose::Registry& code, contract::Findings& findings)
      : loaded_(loaded),
        contract_(contract),
        code_(code),
        findings_(findings),
        all_known_(findings.empty()) {}

  // The services of an upstream, before anything is asked here.
  void Add(const std::string& upstream, const v1::Upstream& from);
  bool Serves(const std::string& service) const { return served_.contains(service); }
  // Tells of what the method calls and nobody serves: of each service once.
  void Check(const contract::Method& method);

 private:
  void CheckCall(const contract::Method& called, const contract::Method& by);

  const LoadedConfig& loaded_;
  const contract::Contract& contract_;
  const compose::Registry& code_;
  contract::Findings& findings_;
  bool all_known_;  // the file is right by itself, and the contract has what it names
  std::set<std::string> served_;
  std::set<std::string> missing_;
};

}  // namespace frontdesk::config
