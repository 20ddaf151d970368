#include "gateway/upstream/channels.h"

#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/head_limit.h"

namespace frontdesk::upstream {
namespace {

TimePoint Deadline(const CallContext& context, const CallOptions& options, Duration upstream) {
  const TimePoint now = context.loop.Now();
  const Duration timeout = std::min(options.timeout, upstream);
  // Adding first could overflow.
  return context.deadline - now <= timeout ? context.deadline : now + timeout;
}

// What it would have if nothing before it had taken of that time.
Duration Whole(const CallContext& context, const CallOptions& options, Duration upstream) {
  const Duration of_call = options.whole > Duration::zero() ? options.whole : options.timeout;
  const Duration of_all =
      context.whole > Duration::zero() ? context.whole : context.deadline - context.loop.Now();
  return std::min({of_call, of_all, upstream});
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

Target Channels::TargetIn(Cluster& cluster, const contract::MethodName& method,
                          CallObserver* observer) {
  const auto channel = std::find_if(channels_.begin(), channels_.end(),
                                    [&](const auto& one) { return &one->cluster() == &cluster; });
  return {**channel, cluster.Method(method), observer};
}

const Channels::Known* Channels::Find(const contract::MethodName& method) {
  const auto known = by_path_.find(method.path);
  if (known != by_path_.end()) return &known->second;
  Cluster* const cluster = clusters_.Find(method.service);
  if (!cluster) return nullptr;
  CallObserver* const observer = observer_of_ ? observer_of_(method) : nullptr;
  Known found{TargetIn(*cluster, method, observer), nullptr};
  if (Canary* const canary = clusters_.CanaryOf(*cluster)) {
    auto versions = std::make_unique<Versions>(Versions{*canary, {}});
    for (size_t i = 0; i < canary->size(); ++i) {
      versions->targets.push_back(TargetIn(canary->cluster(i), method, observer));
    }
    found.versions = std::move(versions);
  }
  return &by_path_.emplace(method.path, std::move(found)).first->second;
}

Task<absl::StatusOr<UnaryReply>> Channels::Unary(CallContext& context,
                                                 const contract::MethodName& method,
                                                 std::string_view request,
                                                 const CallOptions& options) {
  const Known* const known = Find(method);
  if (!known) {
    return Fail(Failure(absl::StatusCode::kUnimplemented, "UPSTREAM_NOT_CONFIGURED",
                        Cat("no upstream has the service ", method.service), Origin::kGateway)
                    .NeverSent());
  }
  const Target& target = known->target;
  const UpstreamSettings& settings = target.channel.cluster().settings();
  if (request.size() > settings.max_message_bytes) {
    return Fail(RequestTooLarge(request.size(), settings.max_message_bytes));
  }
  if (const size_t bytes = HeadBytes(context.metadata); bytes > kMostMetadataBytes) {
    return Fail(HeadTooLarge(bytes, kMostMetadataBytes));
  }
  const bool settled = target.method.from_settings;
  const CallOptions own = settled ? options : WithDeclared(options, method);
  const CallPolicy* policy = options.policy;
  if (!policy && !settled) policy = options.declared;
  CallSpec spec;
  spec.path = method.path;
  spec.metadata = &context.metadata;
  spec.idempotency_key = options.idempotency_key;
  spec.deadline = Deadline(context, own, settings.timeout);
  spec.max_reply_bytes = std::min(own.max_reply_bytes, settings.max_message_bytes);
  const Duration whole = Whole(context, own, settings.timeout);
  if (known->versions) {
    return CallVersion(*known->versions, context, method, spec, whole, request, policy, random_());
  }
  return MakeCall(target, context, method, spec, whole, request,
                  policy ? *policy : target.method.policy);
}

Task<absl::StatusOr<UnaryReply>> Channels::CallVersion(const Versions& of, CallContext& context,
                                                       const contract::MethodName& method,
                                                       CallSpec spec, Duration whole,
                                                       std::string_view request,
                                                       const CallPolicy* policy, double random) {
  Canary& canary = of.canary;
  const Canary::Choice stable(0, ChosenBy::kFallback);
  Canary::Choice choice = canary.Choose(context, random);
  bool may_fall_back = choice.version > 0 && canary.falls_back(choice.version);
  if (may_fall_back && !of.targets.at(choice.version).channel.MayServe()) choice = stable;
  while (true) {
    canary.Settle(context, choice);
    const Target& target = of.targets.at(choice.version);
    const TimePoint start = context.loop.Now();
    Task<absl::StatusOr<UnaryReply>> call = MakeCall(target, context, method, spec, whole, request,
                                                     policy ? *policy : target.method.policy);
    absl::StatusOr<UnaryReply> reply = co_await std::move(call);
    canary.OnEnd(choice.version, reply.status().code(), context.loop.Now() - start);
    // What none of its end points has seen the other version may do.
    may_fall_back = may_fall_back && choice.version > 0 && CouldNotBeCalled(reply.status());
    if (!may_fall_back) co_return reply;
    choice = stable;
  }
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
