#include "gateway/config/routes.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/config/auth.h"
#include "gateway/config/protection.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/header_rules.h"
#include "gateway/contract/to_call_policy.h"

namespace frontdesk::config {
namespace {

std::vector<std::string> LowerCase(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> lower;
  for (const std::string& name : names) lower.push_back(contract::LowerCase(name));
  return lower;
}

}  // namespace

std::unique_ptr<route::Route> ToRoute(const contract::Method& method,
                                      const contract::Binding& binding, const v1::Policy& policy,
                                      const v1::Config& config, const http::ServerLimits& limits) {
  auto route = std::make_unique<route::Route>();
  route->method = &method;
  route->binding = &binding;
  route->timeout = contract::ToDuration(policy.timeout(), route->timeout);
  route->max_request_bytes = limits.body_bytes;
  if (policy.has_max_request_bytes()) route->max_request_bytes = policy.max_request_bytes();
  if (policy.has_max_response_bytes()) route->max_response_bytes = policy.max_response_bytes();
  if (policy.has_success_status())
    route->success_status = static_cast<int>(policy.success_status());
  route->print_defaults = policy.print().defaults();
  route->proto_names = policy.print().proto_names();
  route->enum_numbers = policy.print().enum_numbers();
  route->ignore_unknown_fields = policy.parse().ignore_unknown_fields();
  route->ignore_unknown_parameters = policy.parse().ignore_unknown_parameters();
  route->last_key_wins = policy.parse().last_key_wins();
  route->keep_reserved_encoded = policy.path().keep_reserved_encoded();
  route->ignore_trailing_slash = policy.path().ignore_trailing_slash();
  // A safe request may be repeated as it is, also where a whole service has the policy.
  const bool safe = binding.http_method == "GET" || binding.http_method == "HEAD";
  route->idempotency.on = policy.has_idempotency() && !safe;
  route->idempotency.required = policy.idempotency().required();
  route->idempotency.ttl = contract::ToDuration(policy.idempotency().ttl(), route->idempotency.ttl);
  Protect(policy, *route);
  route->auth = ToRouteAuth(policy.auth(), AccessOtherwise(config.auth()));
  if (policy.header_rules_size() > 0) {
    // What is wrong with them was told where they were written.
    route->header_rules = std::make_shared<const std::vector<contract::HeaderRules>>(
        contract::CompileHeaderRules(policy, [](const auto&, auto, auto) {}));
  }
  route->request_headers = LowerCase(policy.request_headers());
  route->response_headers = LowerCase(policy.response_headers());
  return route;
}

}  // namespace frontdesk::config
