// The concerns of a request, in one order.
#pragma once

#include <string>

#include "gateway/exchange.h"
#include "gateway/policy/authenticator.h"
#include "gateway/policy/bulkhead.h"
#include "gateway/policy/fault.h"
#include "gateway/policy/idempotency.h"
#include "gateway/policy/limit.h"
#include "gateway/policy/shed.h"
#include "gateway/policy/validate_message.h"
#include "gateway/policy/version.h"
#include "gateway/reply.h"

namespace frontdesk::policy {

// What the chain needs to know of the configuration. Constant while a snapshot lives.
struct ChainSettings {
  AuthSettings auth;
  // This gateway's name in Via; "" for none.
  std::string via;
  // Largest nesting of JSON in a body.
  int json_depth = 100;
  // Types that an Any may hold; the contract's.
  const contract::MessageTables* types = nullptr;
};

// What stands behind the chain: one call or a composition.
class Terminal {
 public:
  virtual ~Terminal() = default;
  // exchange.message holds the request message.
  virtual Task<Reply> Dispatch(Exchange& exchange) = 0;
};

// What the chain needs of the worker and of the process. Outlives every request.
struct ChainHost {
  IdempotencyHost idempotency;
  observe::MetricsShard& metrics;
  Shedder& shedder;
  Authenticator& authenticator;
  Bulkheads& bulkheads;
  Random random;
  LimitHost limits;
  WallClock wall = std::chrono::system_clock::now;
};

// What stands around each time that something is carried out, which may go on without the client:
// see chain.cc. Outlives every request.
class Guarded final : public Terminal {
 public:
  Guarded(const ChainHost& host, Terminal& terminal) : host_(host), terminal_(terminal) {}
  Task<Reply> Dispatch(Exchange& exchange) override;

 private:
  Task<Reply> DispatchGuarded(Exchange& exchange);

  const ChainHost& host_;
  Terminal& terminal_;
};

// What passes without a route, or by a path that can't have one, on its way to a 404: OK, or what
// is answered instead.
absl::Status RunChainToAddress(Exchange& exchange, const ChainHost& host);

// Takes an exchange whose route is set to its reply. Each concern may answer by itself; not
// reaching the terminal is the refusal.
Task<Reply> RunChain(Exchange& exchange, const ChainSettings& settings, const ChainHost& host,
                     Guarded& terminal);

}  // namespace frontdesk::policy
