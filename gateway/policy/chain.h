// The concerns of a request, in one order.
#pragma once

#include <string>

#include "gateway/exchange.h"
#include "gateway/policy/idempotency.h"
#include "gateway/reply.h"

namespace frontdesk::policy {

// What the chain needs to know of the configuration. Constant while a snapshot lives.
struct ChainSettings {
  // Caller of every request; "" for none.
  std::string development_caller;
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

// What the chain needs of the worker. Outlives every request.
struct ChainHost {
  IdempotencyHost idempotency;
};

// Takes an exchange whose route is set to its reply. Each concern may answer by itself; not
// reaching the terminal is the refusal.
Task<Reply> RunChain(Exchange& exchange, const ChainSettings& settings, const ChainHost& host,
                     Terminal& terminal);

}  // namespace frontdesk::policy
