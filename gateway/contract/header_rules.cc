#include "gateway/contract/header_rules.h"

#include <set>

#include "gateway/base/text.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/text_rules.h"
#include "gateway/http/chars.h"

namespace frontdesk::contract {
namespace {

using Proto = frontdesk::v1::HeaderRules;

// RFC 9110, 5.6.2: a token.
HeaderRules CompileOne(const Proto& from, int index, const AddWrong& add) {
  const std::string name = Cat("header_rules[", index, ']');
  const std::vector<int> path = {frontdesk::v1::Policy::kHeaderRulesFieldNumber, index};
  HeaderRules rules{LowerCase(from.name()), from.required(), {}};
  RuleSink sink("header", name, path, add, rules.rules);
  if (!http::IsToken(from.name())) {
    sink.Wrong({Proto::kNameFieldNumber}, "name",
               from.name().empty() ? std::string(kMissing)
                                   : Cat(Quoted(from.name()), " is no name of a header"));
  }
  AddSizes({}, {}, {"max_len", Proto::kMaxLenFieldNumber, from.has_max_len(), from.max_len()},
           {[](const RuleValue& value) -> uint64_t { return value.text.size(); }}, "byte", sink);
  if (from.has_pattern()) AddPattern(from.pattern(), "pattern", Proto::kPatternFieldNumber, sink);
  AddChoice(from.in(), false, "in", Proto::kInFieldNumber, sink);
  const bool says =
      from.required() || from.has_max_len() || from.has_pattern() || from.in_size() > 0;
  if (!says) add(path, name, "says nothing");
  return rules;
}

}  // namespace

std::vector<HeaderRules> CompileHeaderRules(const frontdesk::v1::Policy& policy,
                                            const AddWrong& add) {
  std::vector<HeaderRules> all;
  std::set<std::string> seen;
  for (int i = 0; i < policy.header_rules_size(); ++i) {
    all.push_back(CompileOne(policy.header_rules(i), i, add));
    if (seen.insert(all.back().name).second) continue;
    add({frontdesk::v1::Policy::kHeaderRulesFieldNumber, i, Proto::kNameFieldNumber},
        Cat("header_rules[", i, "].name"), Cat(Quoted(all.back().name), " stands here twice"));
  }
  return all;
}

}  // namespace frontdesk::contract
