#include "gateway/policy/validate.h"

#include "gateway/base/text.h"
#include "gateway/contract/header_rules.h"

namespace frontdesk::policy {
namespace {

void ValidateHeaders(const std::vector<contract::HeaderRules>& rules, const http::Headers& headers,
                     Violations& violations) {
  for (const contract::HeaderRules& header : rules) {
    bool there = false;
    const std::string field = Cat("headers[\"", header.name, "\"]");
    for (const http::Header& sent : headers.fields()) {
      if (sent.name != header.name) continue;
      there = true;
      contract::RuleValue value;
      value.text = sent.value;
      for (const contract::Rule& rule : header.rules) {
        if (!rule.keeps(value)) violations.Add(field, rule.text, rule.id);
      }
    }
    if (header.required && !there) violations.Add(field, "is required", "required");
  }
}

}  // namespace

absl::Status Validate(const Exchange& exchange, const WallClock& wall) {
  Violations violations;
  if (exchange.route->header_rules != nullptr) {
    ValidateHeaders(*exchange.route->header_rules, exchange.request.headers, violations);
  }
  if (exchange.route->method->rules != nullptr) {
    ValidateMessage(*exchange.route->method->rules, exchange.message, wall, violations);
  }
  return violations.ToStatus();
}

}  // namespace frontdesk::policy
