// Everything a running gateway knows of its contract and configuration: built once, checked, then
// immutable and shared by all workers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/sha256.h"
#include "gateway/compose/step_policies.h"
#include "gateway/contract/contract.h"
#include "gateway/http/server_limits.h"
#include "gateway/limit/shared_settings.h"
#include "gateway/limit/store.h"
#include "gateway/observe/metrics.h"
#include "gateway/policy/answer_headers.h"
#include "gateway/policy/bulkhead.h"
#include "gateway/policy/chain.h"
#include "gateway/policy/idempotency_store.h"
#include "gateway/policy/shed.h"
#include "gateway/route/apis.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"
#include "gateway/tls/context.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::config {

struct Snapshot {
  Sha256Digest made_of{};  // DigestOf() both
  std::unique_ptr<const contract::Contract> contract;
  std::vector<std::unique_ptr<route::Route>> routes;
  route::Matcher matcher;  // where there are no fronts
  route::Apis apis;
  std::vector<upstream::UpstreamSettings> upstreams;
  // Of requests, that choose a version; nothing where no upstream has several.
  std::optional<std::vector<std::string>> version_headers;
  upstream::DnsSettings dns;
  compose::StepPolicies step_policies;
  // Where the values of these were written, for `explain`; what is missing is a built-in default.
  std::map<const contract::Method*, contract::PolicyPlaces> policy_places;  // of each served method
  // Of each step that says something about its calls.
  std::map<const contract::PlanStep*, contract::PolicyPlaces> step_places;
  // Of each step whose composition asks less of its requests than the called methods do of theirs:
  // in which ways, by the front that serves it; null where there are none, or it has no address.
  std::map<std::pair<const contract::PlanStep*, const route::Api*>, std::vector<std::string>>
      passed_by;
  std::vector<contract::PolicyPlaces> upstream_places;  // by `upstreams`
  std::vector<const contract::Method*> unserved;        // with an address, and in no front
  policy::ChainSettings chain;
  policy::AnswerHeaders answer_headers;
  // Of answers that are no method's; null where pages of other origins get nothing.
  std::shared_ptr<const route::Cors> cors;
  bool any_cors = false;  // here, or of some route
  http::ServerLimits limits;
  policy::MemoryIdempotencyStore::Limits idempotency;
  policy::OverloadSettings overload;
  std::vector<policy::BulkheadSettings> bulkheads;  // by Route::bulkhead

  std::vector<limit::Rule> limit_rules;  // by Route::Limit::rule
  std::optional<size_t> address_rule;    // of limit_rules: for whatever comes from one address
  size_t limit_bytes = 64 << 20;
  std::optional<limit::SharedSettings> shared_limits;  // counted in a Redis
  std::string redis_address;                           // "host:port"
  uint32_t trusted_hops = 0;
  std::set<std::string> lifted;  // notes of what is asked of callers no more (policy_in_force.h)

  std::string listen_address;  // "host:port"
  std::optional<tls::ServerSettings> listen_tls;
  Duration handshake_timeout = std::chrono::seconds(10);  // of TLS
  std::string admin_address;
  unsigned workers = 1;
  int backlog = 1024;
  bool access_log = true;
  std::string access_log_file;  // "" for stderr
  // Why it can't be written: who serves needs it, and nobody else.
  std::optional<contract::Finding> log_fault;
  Duration drain_grace{};
  Duration drain_timeout{};
};

}  // namespace frontdesk::config
