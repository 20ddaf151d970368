// THE ORDER. Read it top to bottom; each line says why it stands where it stands.
#include "gateway/policy/chain.h"

#include <memory>
#include <utility>

#include "gateway/compose/undo.h"
#include "gateway/policy/authenticate.h"
#include "gateway/policy/authorize.h"
#include "gateway/policy/client_deadline.h"
#include "gateway/policy/csrf.h"
#include "gateway/policy/decode.h"
#include "gateway/policy/forward_headers.h"
#include "gateway/policy/read_body.h"
#include "gateway/policy/validate.h"
#include "gateway/policy/via.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::policy {
namespace {

// What is kept for its key needs no room.
bool HasKey(const Exchange& exchange) {
  return exchange.route->idempotency.on &&
         exchange.request.headers.Find(upstream::kIdempotencyKey).has_value();
}

// Undos are work of the request's kind, although its client may have its answer, or be gone: who
// fails and leaves, again and again, must not get more done at once than others.
template <class Held>
void KeepForUndos(const Reply& reply, Held& held) {
  if (!reply.compensation || reply.compensation->finished()) return;
  reply.compensation->Keep(std::make_shared<const Held>(std::move(held)));
}

}  // namespace

absl::Status RunChainToAddress(Exchange& exchange, const ChainHost& host) {
  const TimePoint now = exchange.call.loop.Now();
  // Whatever it asks for, so that a storm of 404s is one address' own trouble.
  absl::Status status = TakeOfAddress(exchange.client_address, now, host.limits, exchange.limit);
  if (!status.ok()) return status;
  return host.shedder.Peek(Priority::kNormal, now);
}

Task<Reply> RunChain(Exchange& exchange, const ChainSettings& settings, const ChainHost& host,
                     Guarded& terminal) {
  const route::Route& route = *exchange.route;
  // Before everything else: who asks too much is told so, whatever he asks for.
  const TimePoint now = exchange.call.loop.Now();
  absl::Status status = TakeOfAddress(exchange.client_address, now, host.limits, exchange.limit);
  if (!status.ok()) co_return Reply(std::move(status));

  // What is gone is gone for everybody, and to say so costs next to nothing. An overloaded gateway
  // that answered 503 instead would have the client come again.
  if (route.version && route.version->retired_from) {
    absl::Status retired = RefuseRetired(exchange, host.wall());
    if (!retired.ok()) co_return Reply(std::move(retired));
  }

  const Priority priority = route.priority;
  // Early, because a refusal is worth the more the less was spent before it.
  status = host.shedder.Peek(priority, now);
  if (!status.ok()) co_return Reply(std::move(status));

  // What nobody waits for any more need not be begun.
  status = TakeClientDeadline(exchange);
  if (!status.ok()) co_return Reply(std::move(status));

  // What goes round in circles grows with each round: before anything is counted or asked.
  if (!settings.via.empty()) {
    status = PassVia(exchange, settings.via);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // Before a signature is looked at, which costs more than this: who tries many is stopped here.
  if (!route.limits_by_address.empty()) {
    status = co_await TakeLimits(exchange, route.limits_by_address, host.limits);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // Before anything is spent on a stranger: nothing of the body has been read yet.
  if (settings.auth.introspection) {
    status = co_await AuthenticateAsking(exchange, settings.auth, host.authenticator);
  } else {
    status = Authenticate(exchange, settings.auth, host.authenticator);
  }
  if (!status.ok()) co_return Reply(std::move(status));

  // As soon as it is known that a browser may speak for the caller by itself, and before anything
  // is counted against somebody who knows nothing of the request.
  if (exchange.by_browser) {
    status = CheckCsrf(exchange.request, route, exchange.by_cookie);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // As soon as it is known who asks. Strangers who are not let in use up nothing of a route's
  // limit.
  if (!route.limits_by_caller.empty()) {
    status = co_await TakeLimits(exchange, route.limits_by_caller, host.limits);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // After the limit, which counts what is not allowed, too.
  status = Authorize(route.auth, exchange.call.identity.get());
  if (status.ok() && !route.method->claims.empty()) {
    status = AuthorizeClaims(route.method->claims, exchange.call.identity.get());
  }
  if (!status.ok()) co_return Reply(std::move(status));

  // After the caller is known, because identity goes on as metadata.
  status = ForwardRequestHeaders(exchange, settings.auth.metadata_keys);
  if (!status.ok()) co_return Reply(std::move(status));

  // Only now, so that a refused client is never asked for its body (100 Continue goes out here);
  // nor is one whose body would be read in vain.
  if (exchange.request.has_body) {
    if (!HasKey(exchange)) status = host.bulkheads.Peek(route);
    if (!status.ok()) co_return Reply(std::move(status));
    status = co_await ReadBody(exchange, host.shedder, priority);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // Held until all is done. No earlier, so that who sends a body slowly keeps no place from others.
  status = host.shedder.Take(priority, exchange.place);
  if (!status.ok()) co_return Reply(std::move(status));

  // One deadline, handed down: every wait below asks for what is left of it.
  status = TakeRouteDeadline(exchange);
  if (!status.ok()) co_return Reply(std::move(status));

  // Everything behind this line works on one canonical message.
  status = Decode(exchange, *settings.types, settings.json_depth);
  if (!status.ok()) co_return Reply(std::move(status));

  // Before it counts anywhere what the request says: what can't be right costs nobody anything.
  if (HasRules(route)) {
    status = Validate(exchange, host.wall);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // No earlier than there is a field; no later, because what follows costs most.
  if (!route.limits_by_field.empty()) {
    status = co_await TakeLimits(exchange, route.limits_by_field, host.limits);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // Last, because what a key stands for is the canonical message and its caller; and around all
  // that is carried out, because that happens once.
  Task<Reply> work = route.idempotency.on ? DispatchOnce(exchange, host.idempotency, terminal)
                                          : terminal.Dispatch(exchange);
  Reply reply = co_await std::move(work);
  KeepForUndos(reply, exchange.place);
  co_return reply;
}

Task<Reply> Guarded::Dispatch(Exchange& exchange) {
  const route::Route& route = *exchange.route;
  // Most have neither, and a coroutine's frame is not for nothing.
  if (route.bulkhead < 0 && !route.fault.on) return terminal_.Dispatch(exchange);
  return DispatchGuarded(exchange);
}

Task<Reply> Guarded::DispatchGuarded(Exchange& exchange) {
  const route::Route& route = *exchange.route;
  // Around what is carried out, and no earlier: who sends a body slowly, or is answered from what
  // is kept, takes no room from others.
  absl::StatusOr<Admission::Room> room = co_await host_.bulkheads.Enter(exchange);
  if (!room.ok()) co_return Reply(room.status());

  // Inside of the bulkhead, as the trouble of a back end would be.
  if (route.fault.on) {
    absl::Status fault = co_await InjectFault(exchange, host_.random, host_.metrics);
    if (!fault.ok()) co_return Reply(std::move(fault));
  }
  Reply reply = co_await terminal_.Dispatch(exchange);
  KeepForUndos(reply, *room);
  co_return reply;
}

}  // namespace frontdesk::policy
