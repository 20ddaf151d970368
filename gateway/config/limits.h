// Rate limits, from contract and file to the plain values that are used.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "gateway/config/load.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/contract.h"

namespace frontdesk::config {

// The rules of all methods: limits of one name are one rule, and have to be alike.
class LimitRules {
 public:
  explicit LimitRules(contract::Findings& findings) : findings_(findings) {}

  // Adds those of a method to the snapshot's rules, and to its route. `api` names the front that
  // they are of, and that has buckets of its own therefore; "" for the method's own.
  void Add(const contract::Method& method, const v1::Policy& policy,
           const contract::PolicyPlaces& places, const std::string& api,
           std::vector<limit::Rule>& rules, route::Route& route);
  // Adds a limit that all requests for a front are counted in to the route of one of its methods.
  // `path`: "apis.mobile.limit[0]".
  void AddOfApi(const std::string& path, const v1::Policy::Limit& limit,
                const contract::Place& place, std::vector<limit::Rule>& rules, route::Route& route);

 private:
  struct Named {
    size_t rule;
    v1::Policy::Limit limit;
    contract::Place place;
  };
  // What is wrong in this place only, once per method and front.
  void Check(const contract::Method& method, const v1::Policy& policy,
             const contract::Place& place);
  // Index of the rule; nothing, and a finding at `path`, where the name stands for another one.
  // Without a name it is `own`.
  std::optional<size_t> RuleOf(const std::string& own, const std::string& path,
                               const v1::Policy::Limit& limit, const contract::Place& place,
                               std::vector<limit::Rule>& rules);
  // Where the key is looked at.
  static void Place(const v1::Policy::Limit& from, size_t rule, const contract::Method& method,
                    route::Route& route);

  contract::Findings& findings_;
  std::map<std::string, Named> named_;
  std::map<std::string, size_t> own_;
  std::set<std::pair<const contract::Method*, std::string>> checked_;
};

// `rate_limits` and `redis` of the file, which was checked. Reads the password. Before the limits
// of methods are added.
void ToLimitStore(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
                  contract::Findings& findings);

}  // namespace frontdesk::config
