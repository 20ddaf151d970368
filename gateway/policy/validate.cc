#include "gateway/policy/validate.h"

#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/text.h"
#include "gateway/contract/header_rules.h"
#include "gateway/policy/forward_headers.h"

namespace frontdesk::policy {
namespace {

// As back ends get them: a value that none of them sees is not there. It keeps the rules all the
// same, because some headers are read by the gateway itself.
void ValidateHeaders(const std::vector<contract::HeaderRules>& rules, const http::Headers& headers,
                     Violations& violations) {
  for (const contract::HeaderRules& header : rules) {
    bool there = false;
    const bool stays = IsForThisHop(headers, header.name);
    const std::string field = Cat("headers[\"", header.name, "\"]");
    for (const http::Header& sent : headers.fields()) {
      if (sent.name != header.name) continue;
      there |= !stays;
      std::string bytes;
      const std::optional<std::string_view> text = MetadataValue(sent, bytes);
      if (!text) {
        const bool binary = sent.name.ends_with("-bin");
        violations.Add(field, binary ? "must be base64" : "must be printable ASCII", "header.text");
        continue;
      }
      contract::RuleValue value;
      value.text = *text;
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
