// The gateway of one worker: START HERE. Handle() is the whole route of one request.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "gateway/base/scope.h"
#include "gateway/compose/registry.h"
#include "gateway/compose/undo.h"
#include "gateway/config/snapshot.h"
#include "gateway/exchange.h"
#include "gateway/http/message.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/metrics.h"
#include "gateway/policy/chain.h"
#include "gateway/policy/request_id.h"
#include "gateway/reply.h"
#include "gateway/transcode/render.h"
#include "gateway/upstream/caller.h"

namespace frontdesk {

// Whether the program is ready for traffic; false from the moment it drains. Any thread.
using ReadyFlag = std::atomic<bool>;

// What the gateways of all workers share, and what each has of its worker.
struct GatewayHost {
  policy::IdempotencyStore& idempotency;
  policy::InFlight& in_flight;
  policy::Authenticator& authenticator;
  policy::Bulkheads& bulkheads;
  const Lateness& lateness;  // of the worker's loop
  policy::Random random;
  policy::LimitHost limits;
  policy::WallClock wall = std::chrono::system_clock::now;
};

// One per worker, used on its loop only.
class Gateway final : public http::Handler, private policy::Terminal {
 public:
  Gateway(Loop& loop, std::shared_ptr<const config::Snapshot> snapshot,
          const compose::Registry& code, upstream::Caller& caller, observe::MetricsShard& metrics,
          observe::AccessLog::Channel* log, const ReadyFlag& ready, Scope& scope,
          const GatewayHost& host, uint64_t seed);

  Task<void> Handle(http::Incoming incoming) override;
  void Refuse(const absl::Status& failure, const http::Request& partial,
              http::ReplySink& sink) override;

 private:
  // Health and `OPTIONS *`, which need no route; false for everything else.
  bool AnswerAtTheDoor(const http::Request& request, http::ReplySink& sink);
  Task<Reply> Answer(Exchange& exchange);
  // True, and the exchange knows, for a browser's question that is answered without a route.
  bool TakePreflight(Exchange& exchange) const;
  // Sets the exchange's front, matcher and path.
  void FindMatcher(Exchange& exchange) const;
  // `answer`, unless its address asks too often.
  Reply WithoutRoute(Exchange& exchange, absl::Status answer);
  Task<Reply> Dispatch(Exchange& exchange) override;
  // Reply -> HTTP, then log and metrics: every answer but health leaves through here.
  void Finish(const Exchange& exchange, const Reply& reply, http::ReplySink& sink);
  // Into rendered_; what can't be rendered is a failure like any other.
  absl::Status Render(const Exchange& exchange, const Reply& reply);
  void Record(const Exchange& exchange, const Reply& reply, const absl::Status& status);

  // Constant after construction.
  Loop& loop_;
  const std::shared_ptr<const config::Snapshot> snapshot_;
  upstream::Caller& caller_;
  const compose::Handlers handlers_;
  const ReadyFlag& ready_;
  // Touched only on the loop.
  observe::MetricsShard& metrics_;
  observe::AccessLog::Channel* const log_;  // null when switched off
  policy::Shedder shedder_;
  const policy::ChainHost host_;
  policy::Guarded guarded_;
  compose::UndoHost undo_host_;
  policy::RequestIds request_ids_;
  transcode::Rendered rendered_;  // its memory is used again by the next answer
};

}  // namespace frontdesk
