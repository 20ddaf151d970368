#include "gateway/upstream/grpc_transport.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/tls/context.h"
#include "gateway/tls/credentials.h"
#include "gateway/upstream/grpc_poller.h"
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
  // Else 8 KiB, and who gives more details than that ends the call. The library counts in each
  // frame anew: with as much as a frame of 16 KiB holds, metadata would have no bound at all.
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 15'000);
  // Where back ends are is configured; http_proxy in the environment is for others.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetUserAgentPrefix(settings.user_agent);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(settings.first_backoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(settings.last_backoff));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(settings.connect_timeout));
  // Otherwise all workers and connections of the process would share one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (settings.keepalive_interval > Duration::zero()) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(settings.keepalive_interval));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(settings.keepalive_timeout));
    // Else it is two pings, and then one that waits for an answer is never given up.
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  } else {
    // TCP_USER_TIMEOUT is set with pings alone, and to their timeout: these never come.
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, std::numeric_limits<int>::max() - 1);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(settings.unacknowledged_timeout));
  }
  return arguments;
}

std::string AddressUri(const EndpointTarget& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  return Cat(v6 ? "ipv6:[" : "ipv4:", target.host, v6 ? "]:" : ":", target.port);
}

// The library reads bytes, not files: those that `context` was made of, whatever the files are by
// now. Without one, because they never were any good, the system's authorities, which is what it
// takes for none, must not do instead: with roots that are no PEM calls fail.
std::shared_ptr<grpc::ChannelCredentials> SecureCredentials(const tls::Context* context) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = "none";
  if (context) {
    tls::ClientPem pem = tls::PemOf(*context);
    options.pem_root_certs = std::move(pem.authorities);
    options.pem_cert_chain = std::move(pem.cert_chain);
    options.pem_private_key = std::move(pem.private_key);
  }
  return grpc::SslCredentials(options);
}

// GetState(false) only loads an atomic in gRPC's core and takes no lock, so it may be asked with
// every call.
bool Is(grpc_connectivity_state state, grpc::Channel& channel) {
  return channel.GetState(false) == state;
}

}  // namespace

// What the caller of Start() holds.
class GrpcCall final : public OutgoingCall {
 public:
  explicit GrpcCall(std::shared_ptr<GrpcStream> stream) : stream_(std::move(stream)) {}
  ~GrpcCall() override { stream_->Drop(); }
  void Send(std::string_view message, bool last) override { stream_->Send(message, last); }
  void Cancel() override { stream_->Cancel(); }
  bool IsHeld() const override { return stream_->waits(); }

 private:
  const std::shared_ptr<GrpcStream> stream_;
};

GrpcTransport::GrpcTransport(Loop& loop, const UpstreamSettings& settings,
                             const EndpointTarget& target, Transport::Owner& owner)
    : loop_(loop),
      settings_(settings),
      target_(target),
      owner_(owner),
      shared_(std::make_shared<Shared>(loop, *this)),
      poller_(GrpcPoller::Get()),
      last_failure_(Unreachable("could not connect")) {
  OpenLines();
}

void GrpcTransport::RenewLines() {
  if (!draining_ && settings_.tls && settings_.tls->current() != context_) OpenLines();
}

void GrpcTransport::OpenLines() {
  grpc::ResourceQuota quota;
  quota.Resize(MemoryQuota(settings_));
  const std::string uri = target_.uri.empty() ? AddressUri(target_) : target_.uri;
  grpc::ChannelArguments arguments = Arguments(settings_, quota);
  if (target_.uri.empty()) {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, target_.authority);
  } else {
    // It would ask for two minutes.
    arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, Milliseconds(settings_.connect_timeout));
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (settings_.tls) {
    context_ = settings_.tls->current();
    credentials = SecureCredentials(context_.get());
    const std::string& name = settings_.tls->client().server_name;
    if (!name.empty()) arguments.SetSslTargetNameOverride(name);
  }
  lines_.clear();
  knows_failure_ = false;
  for (size_t n = 0; n < std::max<size_t>(1, settings_.connections); ++n) {
    Line line;
    line.channel = grpc::CreateCustomChannel(uri, credentials, arguments);
    line.stub = std::make_shared<grpc::GenericStub>(line.channel);
    line.room = std::make_shared<GrpcRoom>();
    lines_.push_back(std::move(line));
  }
}

GrpcTransport::~GrpcTransport() {
  shared_->LetGo();
  for (const auto& stream : std::exchange(streams_, {})) stream->LetGo();
}

std::unique_ptr<OutgoingCall> GrpcTransport::Start(const CallSpec& spec, CallEvents& events) {
  auto stream = std::make_shared<GrpcStream>(loop_, shared_, *this, spec, events);
  streams_.insert(stream);
  ++in_flight_;
  if (draining_) {
    stream->FailSoon(Unreachable("the upstream is closing"));
  } else if (pending_ >= settings_.max_pending) {
    stream->FailSoon(Overloaded(Cat(settings_.max_pending, " calls wait already")));
  } else {
    RenewLines();
    if (!knows_failure_ && BestState() == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      asks_failure_ = stream.get();
    }
    stream->Start(Pick(), spec.path);
  }
  return std::make_unique<GrpcCall>(std::move(stream));
}

const GrpcTransport::Line& GrpcTransport::Pick() {
  ++turn_;
  const Line* waits = nullptr;  // inside the library, and fails at once in its kFailing
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[(turn_ + i) % lines_.size()];
    const grpc_connectivity_state state = line.channel->GetState(true);
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) continue;
    if (state == GRPC_CHANNEL_READY && !line.room->IsFull(loop_.Now())) return line;
    if (!waits) waits = &line;
  }
  return waits ? *waits : lines_[turn_ % lines_.size()];
}

bool GrpcTransport::HasRoom() const {
  return std::any_of(lines_.begin(), lines_.end(), [now = loop_.Now()](const Line& line) {
    return Is(GRPC_CHANNEL_READY, *line.channel) && !line.room->IsFull(now);
  });
}

void GrpcTransport::AskAbout(const Line& line) {
  if (!Is(GRPC_CHANNEL_READY, *line.channel)) return line.room->OnNoConnection(loop_.Now());
  const std::optional<TimePoint> since = line.room->Ask(loop_.Now());
  if (!since) return;
  poller_->Tell([shared = shared_, room = line.room, since = *since] {
    shared->Post([shared, room, since] {
      if (shared->transport) room->OnTold(since, shared->transport->loop_.Now());
    });
  });
}

Transport::Readiness GrpcTransport::readiness() const {
  if (draining_) return Readiness::kClosed;
  if (pending_ >= settings_.max_pending) return Readiness::kFull;
  const grpc_connectivity_state state = BestState();
  const bool room = state == GRPC_CHANNEL_READY && HasRoom();
  // Another line that will have some.
  const bool more = state == GRPC_CHANNEL_READY && !room &&
                    std::any_of(lines_.begin(), lines_.end(), [](const Line& line) {
                      return Is(GRPC_CHANNEL_CONNECTING, *line.channel);
                    });
  const bool in_vain = IsInVain(more || state == GRPC_CHANNEL_CONNECTING);
  switch (state) {
    case GRPC_CHANNEL_READY:
      knows_failure_ = false;
      if (room) return Readiness::kReady;
      return more && !in_vain ? Readiness::kConnecting : Readiness::kFull;
    case GRPC_CHANNEL_CONNECTING:
      return in_vain ? Readiness::kFailing : Readiness::kConnecting;
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
      if (knows_failure_) return Readiness::kFailing;
      // The library says why only to a call, which it fails at once and does not send. One will do.
      return asks_failure_ ? Readiness::kConnecting : Readiness::kReady;
    default:
      return Readiness::kIdle;
  }
}

grpc_connectivity_state GrpcTransport::BestState() const {
  for (const grpc_connectivity_state state :
       {GRPC_CHANNEL_READY, GRPC_CHANNEL_CONNECTING, GRPC_CHANNEL_TRANSIENT_FAILURE}) {
    const auto is = [state](const Line& line) { return Is(state, *line.channel); };
    if (std::any_of(lines_.begin(), lines_.end(), is)) return state;
  }
  return GRPC_CHANNEL_IDLE;
}

bool GrpcTransport::IsInVain(bool connecting) const {
  constexpr Duration kSeldom = std::chrono::seconds(1);  // who waits looks more often
  const TimePoint now = loop_.Now();
  if (!was_connecting_ || now - looked_at_ > kSeldom) connecting_since_ = now;
  was_connecting_ = connecting;
  looked_at_ = now;
  return connecting && now - connecting_since_ > settings_.connect_timeout;
}

void GrpcTransport::Connect() {
  // What failed for its certificate is tried with a new one.
  RenewLines();
  // All of them, for calls take them in turn.
  for (const Line& line : lines_) {
    Watch(*line.channel, line.channel->GetState(true));
    AskAbout(line);
  }
}

void GrpcTransport::Watch(grpc::Channel& channel, grpc_connectivity_state state) {
  if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_SHUTDOWN) return;
  if (!shared_->watched.insert(&channel).second) return;
  poller_->Watch(channel, state, [shared = shared_, &channel] {
    shared->Post([shared, &channel] {
      shared->watched.erase(&channel);
      if (shared->transport) shared->transport->OnRoom();
    });
  });
}

size_t GrpcTransport::connections() const {
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [](const Line& line) {
    return Is(GRPC_CHANNEL_READY, *line.channel);
  }));
}

void GrpcTransport::Drain() {
  draining_ = true;
  if (in_flight_ == 0) lines_.clear();
}

void GrpcTransport::OnEnded() {
  --in_flight_;
  if (draining_ && in_flight_ == 0) lines_.clear();
}

void GrpcTransport::Forget(const std::shared_ptr<GrpcStream>& stream) {
  if (asks_failure_ == stream.get()) asks_failure_ = nullptr;
  streams_.erase(stream);
  owner_.OnReadiness(*this);
}

}  // namespace frontdesk::upstream
