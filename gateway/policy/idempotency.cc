#include "gateway/policy/idempotency.h"

#include <algorithm>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/condition.h"
#include "gateway/compose/undo.h"
#include "gateway/contract/plan.h"
#include "gateway/identity/claim_value.h"
#include "gateway/observe/log.h"
#include "gateway/observe/mistake.h"
#include "gateway/policy/chain.h"
#include "gateway/policy/limit_key.h"
#include "gateway/policy/shed.h"
#include "gateway/upstream/transport.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::policy {
namespace {

using Verdict = IdempotencyStore::Begun::Verdict;
using Ending = IdempotencyStore::Ending;
using Outcome = observe::IdempotencyOutcome;

constexpr size_t kLongestKey = 255;

absl::Status BadKey(std::string_view text) {
  return Failure(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_INVALID",
                 Cat("Idempotency-Key ", text));
}

// The characters between the quotes of a structured field's string; nothing if it is none.
std::optional<std::string> Unquote(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return std::nullopt;
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') return std::nullopt;
    if (text[i] == '\\') {
      if (++i + 1 == text.size() || (text[i] != '"' && text[i] != '\\')) return std::nullopt;
    }
    out.push_back(text[i]);
  }
  return out;
}

class NoBody final : public http::BodySource {
  Task<absl::StatusOr<std::string_view>> Next(TimePoint) override { co_return std::string_view(); }
};

// A request on its way that may outlive its client: a copy of all that is needed to carry it out.
struct Flight {
  Flight(const Exchange& from, Scope& scope)
      : cancel(scope.stop()), exchange(request, body, cancel, from.call.loop) {
    from.CopyTo(exchange);
  }

  http::Request request;  // nothing behind the decoder looks at it
  NoBody body;
  Cancellation cancel;
  Exchange exchange;
  Event landed;
  std::shared_ptr<const Reply> reply;  // once it has landed
  bool alone = false;                  // its client has left
};

Ending EndingOf(const Reply& reply) {
  if (reply.status.ok() || IsFinal(reply.status)) return Ending::kAnswered;
  if (!reply.compensation) return Ending::kAgain;
  return reply.compensation->failed() ? Ending::kAnswered : Ending::kUndone;
}

// What a kept answer needs.
void Trim(const route::Route& route, Reply& reply) {
  const auto& wanted = route.response_headers;
  std::erase_if(reply.metadata, [&](const auto& entry) {
    return std::find(wanted.begin(), wanted.end(), entry.first) == wanted.end();
  });
}

std::string NameOf(const Flight& flight) {
  return Cat("request ", flight.exchange.request_id, " (", flight.exchange.route->method->full_name,
             ')');
}

// What became of a request whose client knows nothing of it, or not all. Its line in the access log
// was written before.
void TellTheEnd(const Flight& flight, const absl::Status& status) {
  observe::LogInfo(Cat(NameOf(flight), " ended ",
                       flight.alone ? "without its client" : "after its answer", ": ",
                       status.ok() ? std::string("OK") : ReasonOf(status)));
}

Task<void> Fly(std::shared_ptr<Flight> flight, IdempotentRequest request,
               const IdempotencyHost* host, Terminal* terminal) {
  const std::shared_ptr<const void> alive = host->alive;
  Loop& loop = flight->exchange.call.loop;
  Reply reply;
  // Nobody above would catch it, and the key must not stay claimed.
  try {
    reply = co_await terminal->Dispatch(flight->exchange);
  } catch (...) {
    observe::LogMistake(NameOf(*flight));
    reply = Reply(observe::Mistake());
  }
  Trim(*flight->exchange.route, reply);
  if (reply.compensation && !reply.compensation->finished()) {
    // The client need not wait for the undos, but its key does.
    flight->reply = std::make_shared<const Reply>(reply);
    flight->landed.Set();
    co_await reply.compensation->finish().Until(loop, TimePoint::max(), nullptr);
    if (!reply.status.ok()) reply.compensation->Describe(reply.status);
  }
  const Ending ending = EndingOf(reply);
  reply.compensation.reset();
  const auto answer = std::make_shared<const Reply>(std::move(reply));
  co_await host->store.Finish(request, ending, answer, loop.Now());
  if (flight->reply || flight->alone) TellTheEnd(*flight, answer->status);
  if (flight->reply) co_return;
  flight->reply = answer;
  flight->landed.Set();
}

// By verdict, for the metric.
Outcome OutcomeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRun:
      return Outcome::kRun;
    case Verdict::kAnswered:
      return Outcome::kReplayed;
    case Verdict::kInFlight:
      return Outcome::kInFlight;
    case Verdict::kOtherRequest:
      return Outcome::kReused;
    case Verdict::kFull:
      return Outcome::kRefused;
  }
  return Outcome::kRefused;
}

Reply NoRoom() {
  return Reply(Overloaded("too many requests with an Idempotency-Key are under way"));
}

Reply Refusal(Verdict verdict) {
  if (verdict == Verdict::kInFlight) {
    return Reply(Failure(absl::StatusCode::kAborted, "IDEMPOTENCY_KEY_IN_FLIGHT",
                         "the first request with this Idempotency-Key is still being carried out")
                     .Http(409)
                     .Header("Retry-After", "1"));
  }
  if (verdict == Verdict::kOtherRequest) {
    return Reply(Failure(absl::StatusCode::kFailedPrecondition, "IDEMPOTENCY_KEY_REUSED",
                         "this Idempotency-Key was used for a different request")
                     .Http(422));
  }
  return NoRoom();
}

std::string TextOf(const upstream::Metadata& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) text += Cat(key, ':', value, '\n');
  return text;
}

IdempotentRequest Identify(const Exchange& exchange, std::string_view key) {
  IdempotentRequest request;
  // Two issuers may know different people by one name, unless the file says that they don't.
  // Strangers are told apart by their addresses: a key that somebody can guess must not show him
  // another one's answer.
  const identity::IdentityPointer& caller = exchange.call.identity;
  const std::string& method = exchange.route->method->full_name;
  request.scope =
      caller ? Sha256({"key", caller->realm(), caller->sub, method, key})
             : Sha256({"stranger's key", AddressKey(exchange.client_address), method, key});
  // What back ends are told of a caller, such as the tenant, belongs to what is asked for.
  std::string told = caller ? TextOf(caller->metadata) : "";
  for (const contract::ClaimNeed& need : exchange.route->method->claims) {
    const identity::JsonValue* const claim =
        identity::FindClaim(caller.get(), need.claim, need.type);
    const std::optional<std::string> text = claim ? claim->ScalarText() : std::nullopt;
    told += text ? Cat(need.claim, '=', text->size(), ':', *text, '\n') : Cat(need.claim, '\n');
  }
  // So does what is done for such a caller and not for others.
  if (const contract::Plan* const plan = exchange.route->method->plan.get()) {
    told += compose::TrueOfCaller(*plan, exchange.call.caller_sub(), caller.get());
  }
  request.fingerprint = Sha256({exchange.message, told});
  request.ttl = exchange.route->idempotency.ttl;
  return request;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> ReadIdempotencyKey(const http::Headers& headers) {
  const std::optional<std::string_view> value = headers.Find(upstream::kIdempotencyKey);
  if (!value) return std::nullopt;
  if (headers.Count(upstream::kIdempotencyKey) > 1) return BadKey("stands there more than once");
  std::optional<std::string> key(*value);
  if (value->starts_with('"')) key = Unquote(*value);
  if (!key) return BadKey("is no quoted string");
  if (key->empty() || key->size() > kLongestKey) return BadKey("must have 1 to 255 characters");
  const bool visible =
      std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible) return BadKey("may have visible ASCII characters only");
  return key;
}

bool IsFinal(const absl::Status& failure) {
  if (WasNeverSent(failure) || upstream::MayHaveActed(failure)) return false;
  switch (failure.code()) {
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return upstream::SaysNo(failure.code());
  }
}

Task<Reply> DispatchOnce(Exchange& exchange, const IdempotencyHost& host, Terminal& terminal) {
  const absl::StatusOr<std::optional<std::string>> key =
      ReadIdempotencyKey(exchange.request.headers);
  if (!key.ok()) co_return Reply(key.status());
  if (!key->has_value()) {
    if (!exchange.route->idempotency.required) co_return co_await terminal.Dispatch(exchange);
    co_return Reply(Failure(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_MISSING",
                            "this address needs the header Idempotency-Key"));
  }
  // Before the key is claimed, so that nothing claimed is ever left lying.
  std::optional<Scope::Place> place = host.scope.Reserve();
  if (!place) co_return NoRoom();
  const IdempotentRequest request = Identify(exchange, **key);
  const IdempotencyStore::Begun begun =
      co_await host.store.Begin(request, exchange.call.loop.Now());
  host.metrics.OnIdempotency(OutcomeOf(begun.verdict));
  if (begun.verdict == Verdict::kAnswered) {
    Reply again = *begun.answer;
    again.replayed = true;
    co_return again;
  }
  if (begun.verdict != Verdict::kRun) co_return Refusal(begun.verdict);

  exchange.call.key_scope = Cat(ToHex(request.scope), '/', begun.round);
  // Back ends get the derived key and no other.
  std::erase_if(exchange.call.metadata,
                [](const auto& entry) { return entry.first == upstream::kIdempotencyKey; });
  const auto flight = std::make_shared<Flight>(exchange, host.scope);
  // Clients that send and leave must not get more done at once than others, nor have more held.
  flight->exchange.place = std::move(exchange.place);
  flight->exchange.body_bytes = std::move(exchange.body_bytes);
  host.scope.Start(*std::move(place), Fly(flight, request, &host, &terminal));
  co_await flight->landed.Until(exchange.call.loop, TimePoint::max(), &exchange.call.cancel);
  if (!flight->reply) {
    flight->alone = true;
    co_return Reply(exchange.call.cancel.reason());
  }
  exchange.call.calls = flight->exchange.call.calls;
  exchange.call.retries = flight->exchange.call.retries;
  co_return *flight->reply;
}

}  // namespace frontdesk::policy
