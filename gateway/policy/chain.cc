// THE ORDER. Read it top to bottom; each line says why it stands where it stands.
#include "gateway/policy/chain.h"

#include <utility>

#include "gateway/policy/authenticate.h"
#include "gateway/policy/decode.h"
#include "gateway/policy/forward_headers.h"
#include "gateway/policy/read_body.h"

namespace frontdesk::policy {

Task<Reply> RunChain(Exchange& exchange, const ChainSettings& settings, const ChainHost& host,
                     Terminal& terminal) {
  // Before anything is spent on a stranger: nothing of the body has been read yet.
  absl::Status status = Authenticate(exchange, settings.development_caller);
  if (!status.ok()) co_return Reply(std::move(status));

  // After the caller is known, because identity goes on as metadata.
  status = ForwardRequestHeaders(exchange);
  if (!status.ok()) co_return Reply(std::move(status));

  // Only now, so that a refused client is never asked for its body (100 Continue goes out here).
  if (exchange.request.has_body) {
    status = co_await ReadBody(exchange);
    if (!status.ok()) co_return Reply(std::move(status));
  }

  // One deadline, handed down: every wait below asks for what is left of it. It counts from here,
  // because how fast a client sends says nothing about what is behind us; what bounds the body is
  // the least rate of its listener.
  exchange.call.deadline = exchange.call.loop.Now() + exchange.route->timeout;

  // Everything behind this line works on one canonical message.
  status = Decode(exchange, *settings.types, settings.json_depth);
  if (!status.ok()) co_return Reply(std::move(status));

  // Last, because what a key stands for is the canonical message and its caller; and around all
  // that is carried out, because that happens once.
  if (exchange.route->idempotency.on) {
    co_return co_await DispatchOnce(exchange, host.idempotency, terminal);
  }
  co_return co_await terminal.Dispatch(exchange);
}

}  // namespace frontdesk::policy
