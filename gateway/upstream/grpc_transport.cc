#include "gateway/upstream/grpc_transport.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_stream.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

int Milliseconds(Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

// gRPC C++ takes a message into memory whole before it looks at its size. What is above this quota
// ends with the call ("Buffers full"), so that a back end cannot fill the gateway.
size_t MemoryQuota(const UpstreamSettings& settings) {
  constexpr size_t kLeast = size_t{128} << 20;
  return std::max(kLeast, 16 * settings.max_message_bytes);
}

grpc::ChannelArguments Arguments(const UpstreamSettings& settings,
                                 const grpc::ResourceQuota& quota) {
  grpc::ChannelArguments arguments;
  arguments.SetResourceQuota(quota);
  constexpr size_t kMost = std::numeric_limits<int>::max();
  const auto most = static_cast<int>(std::min(settings.max_message_bytes, kMost));
  arguments.SetMaxReceiveMessageSize(most);
  arguments.SetMaxSendMessageSize(most);
  arguments.SetUserAgentPrefix(settings.user_agent);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(settings.first_backoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(settings.last_backoff));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(settings.connect_timeout));
  // Otherwise all workers and connections of the process would share one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (settings.keepalive_interval > Duration::zero()) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(settings.keepalive_interval));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(settings.keepalive_timeout));
  }
  return arguments;
}

}  // namespace

// What the caller of Start() holds.
class GrpcCall final : public OutgoingCall {
 public:
  explicit GrpcCall(std::shared_ptr<GrpcStream> stream) : stream_(std::move(stream)) {}
  ~GrpcCall() override { stream_->Drop(); }
  void Send(std::string_view message, bool last) override { stream_->Send(message, last); }
  void Cancel() override { stream_->Cancel(); }

 private:
  const std::shared_ptr<GrpcStream> stream_;
};

GrpcTransport::GrpcTransport(Loop& loop, const UpstreamSettings& settings)
    : loop_(loop), settings_(settings), shared_(std::make_shared<Shared>()) {
  grpc::ResourceQuota quota;
  quota.Resize(MemoryQuota(settings));
  for (size_t n = 0; n < std::max<size_t>(1, settings.connections); ++n) {
    for (const std::string& target : settings.endpoints) {
      stubs_.push_back(std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
          target, grpc::InsecureChannelCredentials(), Arguments(settings, quota))));
    }
  }
}

GrpcTransport::~GrpcTransport() {
  for (const auto& stream : std::exchange(streams_, {})) stream->LetGo();
  for (size_t held = shared_->held; held > 0; held = shared_->held) shared_->held.wait(held);
}

std::unique_ptr<OutgoingCall> GrpcTransport::Start(const CallSpec& spec, CallEvents& events) {
  auto stream = std::make_shared<GrpcStream>(loop_, shared_, *this, spec, events);
  ++in_flight_;
  if (draining_ || stubs_.empty()) {
    stream->FailSoon(Unreachable(draining_ ? "the upstream is closing" : "no end point"));
  } else if (shared_->pending >= settings_.max_pending) {
    stream->FailSoon(Overloaded(Cat(settings_.max_pending, " calls wait already")));
  } else {
    streams_.insert(stream);
    stream->Start(*stubs_[turn_++ % stubs_.size()], spec.path);
  }
  return std::make_unique<GrpcCall>(std::move(stream));
}

void GrpcTransport::Drain() {
  draining_ = true;
  if (in_flight_ == 0) stubs_.clear();
}

void GrpcTransport::OnEnded() {
  --in_flight_;
  if (draining_ && in_flight_ == 0) stubs_.clear();
}

void GrpcTransport::Forget(const std::shared_ptr<GrpcStream>& stream) { streams_.erase(stream); }

}  // namespace frontdesk::upstream
