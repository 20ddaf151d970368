// Rules of the headers that clients send: `header_rules` of a policy.
#pragma once

#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/rules.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Of one header.
struct HeaderRules {
  std::string name;  // lower case
  bool required = false;
  std::vector<Rule> rules;  // of each value; RuleValue::text
};

// As they are carried out. `add` takes what can't be right with them.
std::vector<HeaderRules> CompileHeaderRules(const frontdesk::v1::Policy& policy,
                                            const AddWrong& add);

}  // namespace frontdesk::contract
