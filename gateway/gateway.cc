#include "gateway/gateway.h"

#include <limits>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/runtime.h"
#include "gateway/http/client_address.h"
#include "gateway/policy/cors.h"
#include "gateway/policy/credential.h"
#include "gateway/policy/forward_headers.h"
#include "gateway/policy/version_hints.h"
#include "gateway/transcode/encode.h"
#include "gateway/upstream/canary.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk {
namespace {

absl::Status NotAllowed(std::string_view allow) {
  return Failure(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                 "this address does not take that method")
      .Http(405)
      .Header("Allow", allow);
}

absl::Status NoRoute(const route::Matcher* matcher, const route::Match& match) {
  if (!matcher || match.outcome == route::Match::Outcome::kNotFound) {
    return Failure(absl::StatusCode::kNotFound, "NO_ROUTE", "there is nothing at this address");
  }
  return NotAllowed(matcher->Allow(match));
}

void Health(bool healthy, transcode::Rendered& out) {
  out.head.status = healthy ? 200 : 503;
  out.head.headers.emplace_back("Content-Type", "application/json");
  out.head.headers.emplace_back("Cache-Control", "no-store");
  out.body = healthy ? R"({"status":"SERVING"})" : R"({"status":"NOT_SERVING"})";
}

// Counts a request as active while it lives, however it ends.
class Active {
 public:
  explicit Active(observe::MetricsShard& metrics) : metrics_(metrics) { metrics_.AddActive(1); }
  Active(const Active&) = delete;
  Active& operator=(const Active&) = delete;
  ~Active() { metrics_.AddActive(-1); }

 private:
  observe::MetricsShard& metrics_;
};

// A list of a thousand failed elements must not become a header that no client takes.
constexpr size_t kMaxIncompleteBytes = 2000;

// "payment;reason=DEADLINE_EXCEEDED, products[3];reason=NOT_FOUND", and at the end
// "more;count=12" if there are too many.
std::string IncompleteHeader(const std::vector<compose::Missing>& missing) {
  std::string out;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!out.empty()) out += ", ";
    if (out.size() > kMaxIncompleteBytes) {
      out += Cat("more;count=", missing.size() - i);
      break;
    }
    out +=
        Cat(missing[i].part, ";reason=", missing[i].reason, missing[i].defaulted ? ";default" : "");
  }
  return out;
}

// JSON is at most a few times as long as the message it stands for, unless a contract's names of
// fields and enum values are very long: a back end must not make us write gigabytes.
size_t LongestText(size_t message_bytes) {
  constexpr size_t kTimes = 10;
  constexpr size_t kMost = std::numeric_limits<size_t>::max();
  return message_bytes > kMost / kTimes ? kMost : message_bytes * kTimes;
}

// Who sends a token in a query must not find it in a log; `hidden` keeps what is shown instead.
std::string_view Loggable(std::string_view target, std::string& hidden) {
  const size_t query = target.find('?');
  if (query == std::string_view::npos || !policy::HasTokenInQuery(target.substr(query + 1))) {
    return target;
  }
  return hidden = policy::HideTokens(target);
}

}  // namespace

Gateway::Gateway(Loop& loop, std::shared_ptr<const config::Snapshot> snapshot,
                 const compose::Registry& code, upstream::Caller& caller,
                 observe::MetricsShard& metrics, observe::AccessLog::Channel* log,
                 const ReadyFlag& ready, Scope& scope, const GatewayHost& host, uint64_t seed)
    : loop_(loop),
      snapshot_(std::move(snapshot)),
      caller_(caller),
      handlers_(code.Make(*snapshot_->contract, caller)),
      ready_(ready),
      metrics_(metrics),
      log_(log),
      shedder_(host.lateness, host.in_flight, metrics),
      host_{.idempotency = {host.idempotency, scope, metrics, snapshot_},
            .metrics = metrics,
            .shedder = shedder_,
            .authenticator = host.authenticator,
            .bulkheads = host.bulkheads,
            .random = host.random,
            .limits = host.limits,
            .wall = host.wall},
      guarded_(host_, *this),
      undo_host_{scope, &metrics, snapshot_},
      request_ids_(seed) {}

Task<void> Gateway::Handle(http::Incoming incoming) {
  if (AnswerAtTheDoor(incoming.request, incoming.reply)) co_return;
  const Active active(metrics_);
  Exchange exchange(incoming, loop_);
  exchange.request_id =
      request_ids_.Choose(exchange.request.headers.Find("x-request-id").value_or(""));
  exchange.call.request_id = exchange.request_id;
  exchange.client_address = http::ClientAddress(exchange.request, snapshot_->trusted_hops);
  const Reply reply = co_await Answer(exchange);
  Finish(exchange, reply, incoming.reply);
}

bool Gateway::AnswerAtTheDoor(const http::Request& request, http::ReplySink& sink) {
  const std::string_view health = route::HealthPath(request.path);
  if (health.empty() && request.path != "*") return false;
  const bool read = request.method == "GET" || request.method == "HEAD";
  rendered_.Clear();
  if (health.empty()) {
    rendered_.head.status = 204;  // OPTIONS for the server as a whole: a ping (RFC 9110, 9.3.7)
  } else if (request.method == "OPTIONS") {
    rendered_.head.status = 204;
    rendered_.head.headers.emplace_back("Allow", route::kHealthAllow);
  } else if (!read) {
    return false;
  } else {
    Health(health != "/readyz" || ready_.load(std::memory_order_relaxed), rendered_);
  }
  // By the loop itself: a stuck loop does not answer. Not logged, so that probes drown nothing.
  snapshot_->answer_headers.Apply(request.scheme, false, rendered_.head);
  sink.Send(rendered_.head, rendered_.body);
  return true;
}

Task<Reply> Gateway::Answer(Exchange& exchange) {
  const http::Request& request = exchange.request;
  exchange.cors = snapshot_->cors.get();
  absl::Status path = route::CheckPath(request.path);
  if (!path.ok()) co_return WithoutRoute(exchange, std::move(path));
  // What gets as far as this is no GET, HEAD or OPTIONS.
  if (!route::HealthPath(request.path).empty()) {
    co_return WithoutRoute(exchange, NotAllowed(route::kHealthAllow));
  }
  FindMatcher(exchange);
  if (snapshot_->any_cors && TakePreflight(exchange)) {
    absl::Status stopped = policy::RunChainToAddress(exchange, host_);
    exchange.preflight = stopped.ok();
    co_return Reply(std::move(stopped));
  }
  if (exchange.matcher) exchange.match = exchange.matcher->Find(request.method, exchange.path);
  // Of a path whose methods let nobody in a preflight must not look as if they did.
  if (exchange.match.outcome == route::Match::Outcome::kOptions) exchange.cors = nullptr;
  if (!exchange.match.route) {
    co_return WithoutRoute(exchange, NoRoute(exchange.matcher, exchange.match));
  }
  exchange.route = exchange.match.route;
  exchange.cors = exchange.route->cors.get();
  exchange.call.priority = exchange.route->priority;
  if (snapshot_->version_headers) {
    exchange.call.versions = std::make_shared<upstream::VersionChoices>();
    exchange.call.versions->hints = policy::ReadVersionHints(exchange, *snapshot_->version_headers);
  }
  co_return co_await policy::RunChain(exchange, snapshot_->chain, host_, guarded_);
}

// Without a policy of its path: nobody asks for himself here, and browsers send no credential.
bool Gateway::TakePreflight(Exchange& exchange) const {
  if (!exchange.matcher) return false;
  const route::Cors* const cors =
      policy::FindPreflight(exchange.request, *exchange.matcher, exchange.path);
  if (!cors) return false;
  exchange.cors = cors;
  return exchange.preflight = true;
}

void Gateway::FindMatcher(Exchange& exchange) const {
  exchange.path = exchange.request.path;
  exchange.matcher = &snapshot_->matcher;
  if (snapshot_->apis.empty()) return;
  const route::Apis::Found found =
      snapshot_->apis.Find(exchange.request.authority, exchange.request.path);
  exchange.api = found.api;
  exchange.matcher = found.api ? &found.api->matcher : nullptr;
  exchange.path = found.path;
}

Reply Gateway::WithoutRoute(Exchange& exchange, absl::Status answer) {
  absl::Status stopped = policy::RunChainToAddress(exchange, host_);
  if (stopped.ok()) return Reply(std::move(answer));
  exchange.match = {};  // whatever stands at the path, it is not told
  return Reply(std::move(stopped));
}

Task<Reply> Gateway::Dispatch(Exchange& exchange) {
  const route::Route& route = *exchange.route;
  Reply reply;
  if (route.method->plan || route.method->custom) {
    compose::RunOptions options;
    options.max_reply_bytes = route.max_response_bytes;
    options.response_headers = route.response_headers;
    options.undo_host = &undo_host_;
    options.compensation = &reply.compensation;
    // An undo finds what it undoes by a key, also where the client sent none.
    if (route.method->plan && route.method->plan->undoes && exchange.call.key_scope.empty()) {
      exchange.call.key_scope = request_ids_.Choose("");
    }
    if (exchange.mask && route.method->plan) {
      const std::string_view method = exchange.request.method;
      options.steps = compose::StepsFor(*route.method->plan, route.binding->response_field,
                                        *exchange.mask, method == "GET" || method == "HEAD");
    }
    options.policies = snapshot_->step_policies.Of(*route.method);
    const compose::Handlers::Handler* code = handlers_.Find(*route.method);
    Task<absl::StatusOr<compose::Composed>> run =
        code ? code->method->run(*code->of, exchange.call, exchange.message, options)
             : compose::Run(exchange.call, *route.method->plan, caller_, exchange.message, options);
    absl::StatusOr<compose::Composed> composed = co_await std::move(run);
    reply.status = composed.status();
    if (!composed.ok()) co_return reply;
    reply.message = std::move(composed->message);
    reply.incomplete = std::move(composed->incomplete);
    reply.metadata = std::move(composed->headers);
  } else {
    upstream::CallOptions options;
    options.max_reply_bytes = route.max_response_bytes;
    std::string key;
    if (!exchange.call.key_scope.empty()) {
      key = upstream::DeriveKey(exchange.call.key_scope, route.method->name);
      options.idempotency_key = key;
    }
    absl::StatusOr<upstream::UnaryReply> answer =
        co_await caller_.Unary(exchange.call, *route.method, exchange.message, options);
    if (!answer.ok()) co_return Reply(answer.status());
    reply.message = std::move(answer->message);
    reply.metadata = std::move(answer->headers);
    for (auto& entry : answer->trailers) reply.metadata.push_back(std::move(entry));
  }
  co_return reply;
}

absl::Status Gateway::Render(const Exchange& exchange, const Reply& reply) {
  http::ResponseHead& head = rendered_.head;
  if (exchange.preflight) {
    return policy::AnswerPreflight(exchange.request, *exchange.matcher, exchange.path,
                                   *exchange.cors, head);
  }
  if (exchange.match.outcome == route::Match::Outcome::kOptions) {
    head.status = 204;
    head.headers.emplace_back("Allow", exchange.matcher->Allow(exchange.match));
    return absl::OkStatus();
  }
  if (!reply.status.ok()) return reply.status;

  const route::Route& route = *exchange.route;
  transcode::PrintOptions print;
  print.defaults = route.print_defaults;
  print.proto_names = route.proto_names;
  print.enum_numbers = route.enum_numbers;
  print.max_bytes = LongestText(route.max_response_bytes);
  print.mask = exchange.mask.get();
  head.status = route.success_status;
  absl::Status encoded =
      transcode::EncodeResponse(*route.method->output, route.binding->response_field, reply.message,
                                print, snapshot_->contract->tables(), rendered_);
  if (!encoded.ok()) return encoded;
  if (route.success_status == 204) {
    rendered_.body.clear();
    head.headers.clear();  // its Content-Type
  }
  if (!reply.incomplete.empty()) {
    head.headers.emplace_back("Frontdesk-Incomplete", IncompleteHeader(reply.incomplete));
  }
  for (auto& header : policy::ForwardResponseMetadata(route, reply.metadata)) {
    head.headers.push_back(std::move(header));
  }
  return absl::OkStatus();
}

void Gateway::Finish(const Exchange& exchange, const Reply& reply, http::ReplySink& sink) {
  rendered_.Clear();
  const absl::Status status = Render(exchange, reply);
  if (!status.ok()) {
    const std::string_view accept = exchange.request.headers.Find("accept").value_or("");
    transcode::RenderFailure(status, exchange.request_id, accept, snapshot_->contract->tables(),
                             rendered_);
  }
  rendered_.head.headers.emplace_back("X-Request-ID", exchange.request_id);
  policy::AddLimitHeaders(exchange.limit, rendered_.head);
  if (exchange.route && exchange.route->version) {
    policy::AddVersionHeaders(exchange, rendered_.head);
  }
  if (reply.replayed) rendered_.head.headers.emplace_back("Idempotency-Replayed", "true");
  if (exchange.cors && !(exchange.preflight && status.ok())) {
    policy::AddCorsHeaders(exchange.request, *exchange.cors, rendered_.head);
  }
  snapshot_->answer_headers.Apply(exchange.request.scheme, exchange.call.identity != nullptr,
                                  rendered_.head);
  sink.Send(rendered_.head, rendered_.body);
  Record(exchange, reply, status);
}

void Gateway::Record(const Exchange& exchange, const Reply& reply, const absl::Status& status) {
  const http::Request& request = exchange.request;
  const route::Route* route = exchange.route;
  const Duration took = Clock::now() - request.received;
  metrics_.OnRequest(route ? route->metrics_id : observe::Metrics::NoRoute(request.method),
                     rendered_.head.status, took);
  const bool deprecated = route && route->version && route->version->deprecated;
  if (deprecated) metrics_.OnDeprecated(route->metrics_id);
  if (!log_) return;
  observe::AccessRecord record;
  record.deprecated = deprecated;
  record.time = std::chrono::system_clock::now() -
                std::chrono::duration_cast<std::chrono::system_clock::duration>(took);
  record.request_id = exchange.request_id;
  record.method = request.method;
  std::string hidden;
  record.target = Loggable(request.target, hidden);
  record.protocol = request.protocol;
  record.route = route ? std::string_view(route->binding->path.text) : "none";
  if (exchange.api) record.api = exchange.api->name;
  if (route) record.rpc = std::string_view(route->method->path).substr(1);
  record.status = rendered_.head.status;
  record.grpc_code = static_cast<int>(status.code());
  std::string reason = status.ok() ? std::string() : ReasonOf(status);
  // What the client must not learn.
  if (!exchange.refused_credential.empty()) reason = exchange.refused_credential;
  record.reason = reason;
  record.cause = observe::CauseOf(status, record.status);
  record.duration = took;
  record.request_bytes = exchange.request_bytes;
  record.response_bytes = rendered_.body.size();
  record.peer = exchange.client_address;
  record.user_agent = request.headers.Find("user-agent").value_or("");
  record.caller = exchange.call.caller_sub();
  record.upstream_calls = exchange.call.calls;
  record.upstream_retries = exchange.call.retries;
  std::string versions;
  if (exchange.call.versions) versions = upstream::VersionsText(*exchange.call.versions);
  record.upstream_versions = versions;
  const std::string incomplete = IncompleteHeader(reply.incomplete);
  record.incomplete = incomplete;
  log_->Write(record);
}

void Gateway::Refuse(const absl::Status& failure, const http::Request& partial,
                     http::ReplySink& sink) {
  const std::string request_id =
      request_ids_.Choose(partial.headers.Find("x-request-id").value_or(""));
  const std::string_view client = http::ClientAddress(partial, snapshot_->trusted_hops);
  limit::Decision limit;
  absl::Status stopped;
  // What went wrong here was a request that has been counted.
  if (failure.code() != absl::StatusCode::kInternal) {
    stopped = policy::TakeOfAddress(client, loop_.Now(), host_.limits, limit);
  }
  const absl::Status& status = stopped.ok() ? failure : stopped;
  transcode::RenderFailure(status, request_id, partial.headers.Find("accept").value_or(""),
                           snapshot_->contract->tables(), rendered_);
  rendered_.head.headers.emplace_back("X-Request-ID", request_id);
  if (snapshot_->cors) policy::AddCorsHeaders(partial, *snapshot_->cors, rendered_.head);
  snapshot_->answer_headers.Apply(partial.scheme, false, rendered_.head);
  policy::AddLimitHeaders(limit, rendered_.head);
  sink.Send(rendered_.head, rendered_.body);
  metrics_.OnRefused();
  metrics_.OnRequest(observe::Metrics::NoRoute(partial.method), rendered_.head.status,
                     Duration::zero());
  if (!log_) return;
  observe::AccessRecord record;
  record.time = std::chrono::system_clock::now();
  record.request_id = request_id;
  record.method = partial.method;
  std::string hidden;
  record.target = Loggable(partial.target, hidden);
  record.route = "none";
  record.status = rendered_.head.status;
  record.grpc_code = static_cast<int>(status.code());
  const std::string reason = ReasonOf(status);
  record.reason = reason;
  record.cause = observe::CauseOf(status, record.status);
  record.response_bytes = rendered_.body.size();
  record.peer = client;
  log_->Write(record);
}

}  // namespace frontdesk
