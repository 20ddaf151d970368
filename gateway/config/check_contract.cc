#include "gateway/config/check_contract.h"

#include <set>

#include "gateway/base/text.h"
#include "gateway/config/limits.h"
#include "gateway/config/policies.h"
#include "gateway/contract/browser_check.h"
#include "gateway/identity/identity.h"
#include "gateway/route/route.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Method;

class Checker {
 public:
  Checker(Findings& findings, std::vector<std::string>& notes)
      : findings_(findings), notes_(notes), policies_(silent_), limits_(findings) {
    // How callers prove who they are is the file's to say.
    auth_.development_caller = identity::MakeIdentity("anybody");
  }

  void Check(const Method& method) {
    const PolicyInForce in_force = policies_.Of(method);
    policies_.CheckAuth(method, "", auth_, findings_);
    CheckBrowsers(method, in_force);
    route::Route unused;
    limits_.Add(method, in_force.policy, in_force.places, "", rules_, unused);
    for (const contract::Binding& binding : method.bindings) {
      if (route::HealthPath(binding.path.text).empty()) continue;
      notes_.push_back(Cat(method.full_name, ": the gateway answers ", binding.path.text,
                           " itself, unless a front has it behind a path_prefix"));
    }
  }

 private:
  // Origins differ from place to place.
  void CheckBrowsers(const Method& method, const PolicyInForce& in_force) {
    if (!in_force.policy.cors().allow_origins().empty()) {
      return policies_.CheckBrowsers(method, "", http::CommonFields(), findings_);
    }
    contract::CheckBrowsersTogether(
        in_force.policy, in_force.places, [&](const std::string& name, std::string_view text) {
          const auto place = contract::PlaceOfValue(in_force.places, name).value_or(method.place);
          if (!told_.insert(place.ToString()).second) return;  // of a whole service
          notes_.push_back(Cat(method.full_name, '.', name, ": ", text,
                               ", unless the operator's file names some"));
        });
  }

  const LoadedConfig silent_{};
  policy::AuthSettings auth_;
  Findings& findings_;
  std::vector<std::string>& notes_;
  Policies policies_;
  LimitRules limits_;
  std::vector<limit::Rule> rules_;
  std::set<std::string> told_;
};

}  // namespace

void CheckContract(const contract::Contract& contract, Findings& findings,
                   std::vector<std::string>& notes) {
  Checker checker(findings, notes);
  for (const Method& method : contract.methods()) {
    if (!method.bindings.empty()) checker.Check(method);
  }
}

}  // namespace frontdesk::config
