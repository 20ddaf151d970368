#include "gateway/explain_rules.h"

#include <cstdio>

#include "gateway/base/text.h"
#include "gateway/contract/header_rules.h"
#include "gateway/contract/rules.h"

namespace frontdesk {

using nlohmann::ordered_json;

ordered_json RulesToJson(const route::Route& route) {
  ordered_json rules = ordered_json::array();
  if (route.method->rules == nullptr) return rules;
  contract::EachRule(*route.method->rules, [&](const std::string& path, const contract::Rule& rule,
                                               const contract::Place& place) {
    rules.push_back(
        {{"field", path}, {"rule", rule.id}, {"text", rule.text}, {"from", place.ToString()}});
  });
  return rules;
}

std::vector<std::string> HeaderRuleTexts(const route::Route& route) {
  std::vector<std::string> texts;
  if (route.header_rules == nullptr) return texts;
  for (const contract::HeaderRules& header : *route.header_rules) {
    if (header.required) texts.push_back(Cat(header.name, ": is required"));
    for (const contract::Rule& rule : header.rules) {
      texts.push_back(Cat(header.name, ": ", rule.text));
    }
  }
  return texts;
}

void PrintRules(const ordered_json& rules) {
  std::puts("rules");
  for (const ordered_json& rule : rules) {
    std::printf("  %-32s %-44s %s\n", rule["field"].get<std::string>().c_str(),
                rule["text"].get<std::string>().c_str(), rule["from"].get<std::string>().c_str());
  }
}

}  // namespace frontdesk
