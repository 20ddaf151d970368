// What the classes of generated aggregates have in common, and how the gateway finds their methods.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/compose/by_key.h"
#include "gateway/compose/runtime.h"
#include "gateway/compose/typed_run.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/caller.h"

namespace frontdesk::compose {

// One object per event loop, used there only; it outlives every request.
class Aggregates {
 public:
  // Calls go through `caller`, which outlives this.
  explicit Aggregates(upstream::Caller& caller) : caller_(caller) {}
  Aggregates(const Aggregates&) = delete;
  Aggregates& operator=(const Aggregates&) = delete;
  virtual ~Aggregates() = default;

 protected:
  upstream::Caller& caller_;
};

// A method that code was generated for.
struct GeneratedMethod {
  std::string_view path;   // "/bff.web.v1.Web/GetOrderDetails"
  uint64_t plan_hash = 0;  // contract::PlanHash() of what it was generated from
  // As compose::Run(), with the code instead of the plan. `of` is an object of the class whose
  // methods these are.
  Task<absl::StatusOr<Composed>> (*run)(Aggregates& of, upstream::CallContext& context,
                                        std::string_view request, const RunOptions& options);
};

// INVALID_MESSAGE, as compose::Run() says it.
absl::Status RequestIsNoMessage();

// GeneratedMethod::run of a composition or of a method written by hand.
template <auto kMethod>
struct Serve;

template <class Service, class Request, class Reply,
          Task<absl::StatusOr<Answer<Reply>>> (Service::*kMethod)(
              upstream::CallContext&, const Request&, const RunOptions&)>
struct Serve<kMethod> {
  static Task<absl::StatusOr<Composed>> Run(Aggregates& of, upstream::CallContext& context,
                                            std::string_view request, const RunOptions& options) {
    Request typed;
    if (!typed.ParsePartialFromArray(request.data(), static_cast<int>(request.size()))) {
      co_return RequestIsNoMessage();
    }
    absl::StatusOr<Answer<Reply>> answer =
        co_await (static_cast<Service&>(of).*kMethod)(context, typed, options);
    if (!answer.ok()) co_return answer.status();
    Composed composed;
    composed.message = upstream::Serialise(answer->message);
    composed.incomplete = std::move(answer->incomplete);
    composed.headers = std::move(answer->headers);
    co_return composed;
  }
};

template <class Service, class Request, class Reply,
          Task<absl::StatusOr<Reply>> (Service::*kMethod)(upstream::CallContext&, const Request&)>
struct Serve<kMethod> {
  static Task<absl::StatusOr<Composed>> Run(Aggregates& of, upstream::CallContext& context,
                                            std::string_view request, const RunOptions&) {
    Request typed;
    if (!typed.ParsePartialFromArray(request.data(), static_cast<int>(request.size()))) {
      co_return RequestIsNoMessage();
    }
    absl::StatusOr<Reply> reply = co_await (static_cast<Service&>(of).*kMethod)(context, typed);
    if (!reply.ok()) co_return reply.status();
    Composed composed;
    composed.message = upstream::Serialise(*reply);
    co_return composed;
  }
};

}  // namespace frontdesk::compose
