#include "gateway/upstream/channels.h"

#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

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

Task<absl::StatusOr<UnaryReply>> Fail(absl::Status why) { co_return why; }

}  // namespace

Channels::Channels(Loop& loop, Clusters& clusters, const Random& random, ObserverOf observer_of,
                   const TransportMaker& make)
    : loop_(loop), clusters_(clusters), random_(random), observer_of_(std::move(observer_of)) {
  for (const auto& cluster : clusters.all()) {
    channels_.push_back(std::make_unique<Channel>(loop_, *cluster, random_, make));
  }
}

Channels::~Channels() = default;

const Target* Channels::Find(const contract::MethodName& method) {
  const auto known = by_path_.find(method.path);
  if (known != by_path_.end()) return &known->second;
  Cluster* const cluster = clusters_.Find(method.service);
  if (!cluster) return nullptr;
  const auto channel = std::find_if(channels_.begin(), channels_.end(),
                                    [&](const auto& one) { return &one->cluster() == cluster; });
  const Target target{**channel, cluster->Method(method),
                      observer_of_ ? observer_of_(method) : nullptr};
  return &by_path_.emplace(method.path, target).first->second;
}

Task<absl::StatusOr<UnaryReply>> Channels::Unary(CallContext& context,
                                                 const contract::MethodName& method,
                                                 std::string_view request,
                                                 const CallOptions& options) {
  const Target* const target = Find(method);
  if (!target) {
    return Fail(Failure(absl::StatusCode::kUnimplemented, "UPSTREAM_NOT_CONFIGURED",
                        Cat("no upstream has the service ", method.service), Origin::kGateway)
                    .NeverSent());
  }
  const UpstreamSettings& settings = target->channel.cluster().settings();
  if (request.size() > settings.max_message_bytes) {
    return Fail(RequestTooLarge(request.size(), settings.max_message_bytes));
  }
  CallSpec spec;
  spec.path = method.path;
  spec.metadata = &context.metadata;
  spec.idempotency_key = options.idempotency_key;
  spec.deadline = Deadline(context, options, settings.timeout);
  spec.max_reply_bytes = std::min(options.max_reply_bytes, settings.max_message_bytes);
  return MakeCall(*target, context, method, spec, request,
                  options.policy ? *options.policy : target->method.policy);
}

size_t Channels::in_flight() const {
  size_t calls = 0;
  for (const auto& channel : channels_) calls += channel->in_flight();
  return calls;
}

void Channels::Drain() {
  for (const auto& channel : channels_) channel->Drain();
}

}  // namespace frontdesk::upstream
