// What `frontdesk explain` says of the values that clients may send.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/route/route.h"

namespace frontdesk {

// [{"field": "lines[].quantity", "rule": "int32.gte", "text": "must be at least 1", "from":
// "file:line:col"}]; empty where there are none.
nlohmann::ordered_json RulesToJson(const route::Route& route);
// "x-tenant: must match ..."
std::vector<std::string> HeaderRuleTexts(const route::Route& route);

void PrintRules(const nlohmann::ordered_json& rules);

}  // namespace frontdesk
