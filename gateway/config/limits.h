// Rate limits, from contract and file to the plain values that are used.
#pragma once

#include <map>
#include <string>

#include "gateway/config/load.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/contract.h"

namespace frontdesk::config {

// The rules of all methods: limits of one name are one rule, and have to be alike.
class LimitRules {
 public:
  explicit LimitRules(contract::Findings& findings) : findings_(findings) {}

  // Adds those of a method to the snapshot's rules, and to its route.
  void Add(const contract::Method& method, const v1::Policy& policy,
           const contract::PolicyPlaces& places, std::vector<limit::Rule>& rules,
           route::Route& route);

 private:
  struct Named {
    size_t rule;
    v1::Policy::Limit limit;
    contract::Place place;
  };
  // Index of the rule; nothing, and a finding, where the name stands for another one.
  std::optional<size_t> RuleOf(const contract::Method& method, int index,
                               const v1::Policy::Limit& limit, const contract::Place& place,
                               std::vector<limit::Rule>& rules);

  contract::Findings& findings_;
  std::map<std::string, Named> named_;
  std::map<std::pair<const contract::Method*, int>, size_t> own_;
};

// `rate_limits` and `redis` of the file, which was checked. Reads the password.
void ToLimitStore(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
                  contract::Findings& findings);

}  // namespace frontdesk::config
