// What a matched path leads to: a binding of a method and the values in force for it. Resolved when
// the snapshot is built; at run time there is nothing left to look up or to fail.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/origin.h"
#include "gateway/route/version.h"

namespace frontdesk::contract {
struct HeaderRules;  // contract/header_rules.h
}

namespace frontdesk::route {

// Paths that the gateway answers itself, whatever the contract binds and however they are spelled:
// "/healthz", "/health" or "/readyz", or "" for any other.
std::string_view HealthPath(std::string_view path);
// What they take: the header Allow.
inline constexpr std::string_view kHealthAllow = "GET, HEAD, OPTIONS";

struct Api;  // route/apis.h

// What pages of other origins may do, as it is written to browsers.
struct Cors {
  contract::OriginSet origins;
  bool credentials = false;
  bool private_network = false;
  std::string allow_headers;   // "authorization, content-type"
  std::string expose_headers;  // likewise
  std::string max_age;         // seconds
};

struct Route {
  // Whose it is, where there are fronts; else null.
  const Api* api = nullptr;
  const contract::Method* method = nullptr;
  const contract::Binding* binding = nullptr;

  // Longest time from the whole request to its answer: a client's slow upload is not counted, its
  // least rate is the listener's concern.
  Duration timeout = std::chrono::seconds(15);
  size_t max_request_bytes = 4 << 20;
  size_t max_response_bytes = 4 << 20;
  int success_status = 200;
  bool print_defaults = false;
  bool proto_names = false;
  bool enum_numbers = false;
  bool ignore_unknown_fields = false;
  bool ignore_unknown_parameters = false;
  bool last_key_wins = false;
  bool keep_reserved_encoded = false;
  bool ignore_trailing_slash = false;
  // Requests with an Idempotency-Key are carried out once.
  struct Idempotency {
    bool on = false;
    bool required = false;  // a request without the header is refused
    Duration ttl = std::chrono::hours(24);
  };
  Idempotency idempotency;
  // Who is refused first when not all can be served.
  Priority priority = Priority::kNormal;
  // Index of the bulkhead that its requests are counted in; -1 for none.
  int bulkhead = -1;
  // Trouble made on purpose: a share of the requests waits, a share fails.
  struct Fault {
    bool on = false;
    Duration delay{};
    double delay_percent = 100;
    absl::StatusCode abort = absl::StatusCode::kOk;  // OK: none does
    double abort_percent = 100;
  };
  Fault fault;
  // How often requests may come, by when it is known whom a limit is for. Rules are the snapshot's,
  // by index.
  struct Limit {
    enum class Key : uint8_t { kCaller, kAddress, kRoute, kHeader, kClaim, kField, kApiKey };
    // Another rule for callers with this value in the claim.
    struct Tier {
      std::string value;
      size_t rule = 0;
    };
    Key key = Key::kRoute;
    size_t rule = 0;
    std::string of;               // kHeader: in lower case; kClaim: its path
    std::vector<uint32_t> field;  // kField: numbers from the outermost
    // What a request takes: `cost`, and for each element of these lists `per_element`.
    uint32_t cost = 1;
    uint32_t per_element = 0;
    std::vector<contract::LimitList> lists;
    std::string tier_claim;  // its path
    std::vector<Tier> tiers;
  };
  std::vector<Limit> limits_by_address;
  std::vector<Limit> limits_by_caller;  // and what needs nobody to be known, but somebody let in
  std::vector<Limit> limits_by_field;   // by what the request says, or charged by it
  // Who may call.
  struct Auth {
    enum class Access : uint8_t { kPublic, kOptional, kRequired };
    struct Claim {
      std::string name;                 // a path: "organisation.plan"
      std::vector<std::string> values;  // none: it must be there
    };
    Access access = Access::kOptional;
    // Who may vouch for callers, by Identity::provider; none: everybody who is known.
    std::vector<std::string> providers;
    std::vector<std::string> scopes;     // all of them
    std::vector<std::string> any_scope;  // one of them, where there are any
    std::vector<std::string> roles;      // likewise
    std::vector<Claim> claims;           // all of them
    // Kinds of credentials that are taken, a bit each (policy::Credential::Bit()); 0 for any.
    uint8_t credentials = 0;
    bool asks() const {
      return !scopes.empty() || !any_scope.empty() || !roles.empty() || !claims.empty();
    }
  };
  Auth auth;
  // Null when pages of other origins get nothing.
  std::shared_ptr<const Cors> cors;
  // Whether who is known by a cookie has to come from a page of this host, or of one of these.
  bool csrf = true;
  contract::OriginSet csrf_origins;
  // Headers that clients send; null where there is no rule for one.
  std::shared_ptr<const std::vector<contract::HeaderRules>> header_rules;
  // Null: it is neither deprecated nor retired.
  std::unique_ptr<const Version> version;
  // Client headers that become metadata, lower case.
  std::vector<std::string> request_headers;
  // Metadata that becomes response headers, lower case.
  std::vector<std::string> response_headers;

  // Where the values above were written, for `explain`; what is missing is a built-in default.
  contract::PolicyPlaces places;

  // Identifies the route in metrics.
  uint32_t metrics_id = 0;
};

}  // namespace frontdesk::route
