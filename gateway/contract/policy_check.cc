// CheckPolicy(): what is wrong with the values of a policy.
#include <set>

#include "gateway/base/text.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/browser_check.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/header_rules.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/version_check.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;

// Answers are kept in memory.
constexpr std::chrono::hours kLongestTtl{168};

std::string HeaderFault(std::string_view name) {
  const std::string lower = LowerCase(name);
  if (!IsMetadataKey(lower)) return Cat(Quoted(name), " is not a name that gRPC metadata can have");
  if (!NeverForwarded(lower)) return "";
  return Cat(Quoted(name), " is set by the gateway itself and never passed on");
}

}  // namespace

void CheckPolicy(const Policy& policy, std::string_view path,
                 const std::function<Place(const std::vector<int>&)>& place_of,
                 Findings& findings) {
  const auto add = [&](const std::vector<int>& field, std::string_view name,
                       std::string_view text) {
    findings.Add(place_of(field), path.empty() ? std::string(name) : Cat(path, '.', name), text);
  };
  constexpr TimeRule kTimeout{"timeout"};
  CheckValues(policy, {}, {&kTimeout, 1}, add);
  if (policy.has_max_request_bytes() && policy.max_request_bytes() == 0) {
    add({Policy::kMaxRequestBytesFieldNumber}, "max_request_bytes", "must be more than 0");
  }
  if (policy.has_max_response_bytes() && policy.max_response_bytes() == 0) {
    add({Policy::kMaxResponseBytesFieldNumber}, "max_response_bytes", "must be more than 0");
  }
  if (policy.has_success_status()) {
    const uint32_t status = policy.success_status();
    if (status != 200 && status != 201 && status != 202 && status != 204) {
      add({Policy::kSuccessStatusFieldNumber}, "success_status",
          Cat(status, " is none of 200, 201, 202 and 204"));
    }
  }
  if (policy.idempotency().has_ttl()) {
    const auto ttl = ParseDuration(policy.idempotency().ttl());
    if (!ttl || *ttl > kLongestTtl) {
      add({Policy::kIdempotencyFieldNumber, Policy::Idempotency::kTtlFieldNumber},
          "idempotency.ttl",
          Cat(Quoted(policy.idempotency().ttl()), " is not a duration of at most 168h"));
    }
  }
  const auto check_headers = [&](int field, std::string_view name, const auto& headers) {
    std::set<std::string> seen;
    for (int i = 0; i < headers.size(); ++i) {
      std::string fault = HeaderFault(headers[i]);
      if (fault.empty() && !seen.insert(LowerCase(headers[i])).second) {
        fault = Cat(Quoted(headers[i]), " stands here twice");
      }
      if (!fault.empty()) add({field, i}, name, fault);
    }
  };
  CheckCallValues(policy, add);
  CheckLimitValues(policy, add);
  CheckAuthValues(policy.auth(), add);
  CheckBrowserValues(policy, add);
  CompileHeaderRules(policy, add);
  CheckVersionValues(policy.version(), add);
  check_headers(Policy::kRequestHeadersFieldNumber, "request_headers", policy.request_headers());
  check_headers(Policy::kResponseHeadersFieldNumber, "response_headers", policy.response_headers());
}

}  // namespace frontdesk::contract
