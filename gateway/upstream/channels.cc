#include "gateway/upstream/channels.h"

#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/h2_transport.h"

namespace frontdesk::upstream {
namespace {

TimePoint Deadline(const CallContext& context, const CallOptions& options, Duration upstream) {
  const TimePoint now = context.loop.Now();
  const Duration timeout = std::min(options.timeout, upstream);
  // Adding first could overflow.
  return context.deadline - now <= timeout ? context.deadline : now + timeout;
}

Failure RequestTooLarge(size_t size, size_t limit) {
  return Failure(absl::StatusCode::kResourceExhausted, "UPSTREAM_REQUEST_TOO_LARGE",
                 Cat("a request message of ", size, " bytes is above the limit of ", limit),
                 Origin::kGateway)
      .Http(413)
      .NeverSent();
}

}  // namespace

std::unique_ptr<Transport> MakeTransport(Loop& loop, const UpstreamSettings& settings,
                                         const Random& random) {
  if (settings.transport == TransportKind::kGrpc) {
    return std::make_unique<GrpcTransport>(loop, settings);
  }
  return std::make_unique<H2Transport>(loop, settings, random);
}

Channels::Channels(Loop& loop, const std::vector<UpstreamSettings>& upstreams, const Random& random,
                   CallObserver* observer, const TransportMaker& make)
    : loop_(loop), observer_(observer) {
  for (const UpstreamSettings& settings : upstreams) {
    channels_.push_back(std::make_unique<Channel>());
    Channel& channel = *channels_.back();
    channel.settings = settings;
    channel.transport = make(loop, settings, random);
    for (const std::string& service : settings.services) by_service_[service] = &channel;
  }
}

Channels::~Channels() = default;

Task<absl::StatusOr<UnaryReply>> Channels::Unary(CallContext& context,
                                                 const contract::MethodName& method,
                                                 std::string_view request,
                                                 const CallOptions& options) {
  const auto found = by_service_.find(method.service);
  if (found == by_service_.end()) {
    co_return Failure(absl::StatusCode::kUnimplemented, "UPSTREAM_NOT_CONFIGURED",
                      Cat("no upstream has the service ", method.service), Origin::kGateway)
        .NeverSent();
  }
  const Channel& channel = *found->second;
  if (request.size() > channel.settings.max_message_bytes) {
    co_return RequestTooLarge(request.size(), channel.settings.max_message_bytes);
  }
  CallSpec spec;
  spec.path = method.path;
  spec.metadata = &context.metadata;
  spec.idempotency_key = options.idempotency_key;
  spec.deadline = Deadline(context, options, channel.settings.timeout);
  spec.max_reply_bytes = std::min(options.max_reply_bytes, channel.settings.max_message_bytes);

  ++context.calls;
  const TimePoint start = loop_.Now();
  if (observer_) observer_->OnStart(method);
  UnaryAttempt attempt(*channel.transport, context, spec, request);
  co_await attempt;
  absl::StatusOr<UnaryReply> result = attempt.TakeResult();
  if (observer_) observer_->OnEnd(method, result.status().code(), loop_.Now() - start);
  co_return result;
}

size_t Channels::in_flight() const {
  size_t calls = 0;
  for (const auto& channel : channels_) calls += channel->transport->in_flight();
  return calls;
}

void Channels::Drain() {
  for (const auto& channel : channels_) channel->transport->Drain();
}

}  // namespace frontdesk::upstream
