// Replies of compositions that failed and take back what they did, for as long as a test wants.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/scope.h"
#include "gateway/compose/undo.h"
#include "gateway/exchange.h"
#include "gateway/reply.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk::policy {

struct Undoing {
  // With an undo that runs until the test ends it, unless `caller` answers it at once.
  Reply Fail(const Exchange& exchange) {
    std::vector<compose::UndoCall> calls(1);
    calls[0].method = calls[0].step_method = &method;
    Reply reply(absl::AbortedError("failed"));
    reply.compensation = std::make_shared<compose::Compensation>(
        caller, exchange.call, scope.stop(), nullptr, nullptr, std::move(calls));
    scope.Spawn(compose::Compensation::Run(reply.compensation));
    return reply;
  }
  void EndOne() { caller.Release("Undo", std::string()); }

  testing::ScriptedCaller caller;
  Scope scope{10};
  const contract::MethodName method{"test.S", "Undo"};
};

}  // namespace frontdesk::policy
