#include "gateway/upstream/grpc_stream.h"

#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"

namespace frontdesk::upstream {
namespace {

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

Metadata ReceivedMetadata(const std::multimap<grpc::string_ref, grpc::string_ref>& from) {
  Metadata metadata;
  for (const auto& [name, value] : from) {
    if (!View(name).starts_with("grpc-")) metadata.emplace_back(View(name), View(value));
  }
  return metadata;
}

void TakePushback(const std::multimap<grpc::string_ref, grpc::string_ref>& trailers,
                  absl::Status& status) {
  const auto found = trailers.find({kRetryPushback.data(), kRetryPushback.size()});
  if (found != trailers.end()) SetPushback(status, View(found->second));
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// The library gives what it concluded in the same shape as what the back end said. Its texts tell
// the two apart, so that a reason may be wrong where a back end borrows one of them.
enum class Concluded { kNothing, kReset, kProtocol, kTooLarge };

Concluded Conclusion(std::string_view text) {
  struct Known {
    std::string_view part;
    Concluded conclusion;
  };
  constexpr Known kKnown[] = {
      {"Received RST_STREAM with error code ", Concluded::kReset},
      {"Socket closed", Concluded::kReset},
      {"Connection reset by peer", Concluded::kReset},
      {"Broken pipe", Concluded::kReset},
      {"keepalive watchdog timeout", Concluded::kReset},
      {"GOAWAY received", Concluded::kReset},
      {"Stream removed", Concluded::kProtocol},
      {"Received http2 header with status: ", Concluded::kProtocol},
      {"metadata size exceeds limit", Concluded::kProtocol},
      {"overflows local window", Concluded::kProtocol},
      {"Received message larger than max", Concluded::kTooLarge},
      {"Buffers full", Concluded::kTooLarge},  // the transport's memory quota
  };
  for (const Known& known : kKnown) {
    if (text.find(known.part) != std::string_view::npos) return known.conclusion;
  }
  return Concluded::kNothing;
}

absl::Status FromConnection(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::string& text = status.error_message();
  switch (Conclusion(text)) {
    case Concluded::kReset:
      return Reset(code, text);
    case Concluded::kProtocol:
      return ProtocolError(code, text).Http(code == absl::StatusCode::kUnavailable ? 503 : 502);
    case Concluded::kTooLarge:
      return Failure(code, "UPSTREAM_MESSAGE_TOO_LARGE", text, Origin::kUpstream).Http(502);
    case Concluded::kNothing:
      break;
  }
  return BackendStatus(status.error_code(), text, status.error_details());
}

// Never reached a connection, or was ended on this side.
absl::Status FromLibrary(const grpc::Status& status) {
  const std::string& text = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
      return absl::CancelledError(Absl(text));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return DeadlineExceeded(text);
    case grpc::StatusCode::UNAVAILABLE:
      return Unreachable(text);
    default:
      return FromConnection(status);
  }
}

}  // namespace

GrpcStream::GrpcStream(Loop& loop, std::shared_ptr<GrpcTransport::Shared> shared,
                       GrpcTransport& transport, const CallSpec& spec, CallEvents& events)
    : loop_(loop),
      shared_(std::move(shared)),
      max_reply_bytes_(spec.max_reply_bytes),
      transport_(&transport),
      events_(&events) {
  if (spec.deadline != TimePoint::max()) {
    context_.set_deadline(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(
                              spec.deadline - loop.Now()));
  }
  const std::string_view key = spec.idempotency_key;
  if (!key.empty()) context_.AddMetadata(std::string(kIdempotencyKey), std::string(key));
  if (!spec.metadata) return;
  for (const auto& [name, value] : *spec.metadata) {
    if (spec.Sends(name) && IsSendableMetadata(name, value)) context_.AddMetadata(name, value);
  }
}

GrpcStream::~GrpcStream() = default;

void GrpcStream::Start(std::shared_ptr<grpc::GenericStub> stub, std::string_view path) {
  stub_ = std::move(stub);
  ++shared_->held;
  ++shared_->pending;
  counted_pending_ = true;
  holding_ = true;
  self_ = shared_from_this();
  stub_->PrepareBidiStreamingCall(&context_, std::string(path), grpc::StubOptions(), this);
  AddHold();
  StartCall();
}

void GrpcStream::Send(std::string_view message, bool last) {
  if (!holding_) return;
  const grpc::Slice slice(message.data(), message.size());
  outgoing_.push_back({grpc::ByteBuffer(&slice, 1), last});
  if (!writing_) WriteNext();
}

void GrpcStream::WriteNext() {
  if (outgoing_.empty() || !holding_) return;
  writing_ = true;
  Outgoing& next = outgoing_.front();
  if (next.last) {
    StartWriteLast(&next.bytes, grpc::WriteOptions());
  } else {
    StartWrite(&next.bytes);
  }
}

void GrpcStream::Cancel() {
  cancelled_ = true;
  context_.TryCancel();
}

void GrpcStream::Drop() {
  context_.TryCancel();
  if (std::exchange(events_, nullptr) && transport_) transport_->OnEnded();
}

void GrpcStream::FailSoon(absl::Status status) {
  loop_.Post([self = shared_from_this(), status = std::move(status)] {
    self->TellDone(status, Metadata());
  });
}

void GrpcStream::LetGo() {
  transport_ = nullptr;
  events_ = nullptr;
  context_.TryCancel();
  StopHolding();
}

void GrpcStream::StopHolding() {
  if (std::exchange(holding_, false)) RemoveHold();
}

bool GrpcStream::LeavePending() {
  const bool counted = counted_pending_.exchange(false);
  if (counted) --shared_->pending;
  return counted;
}

void GrpcStream::OnReadInitialMetadataDone(bool) { StartRead(&incoming_); }

void GrpcStream::OnReadDone(bool ok) {
  loop_.Post([self = shared_from_this(), ok] { self->OnReadOnLoop(ok); });
}

void GrpcStream::OnWriteDone(bool) {
  const bool left = LeavePending();
  loop_.Post([self = shared_from_this(), left] {
    if (left && self->transport_) self->transport_->OnRoom();
    self->writing_ = false;
    self->outgoing_.pop_front();
    self->WriteNext();
  });
}

void GrpcStream::OnDone(const grpc::Status& status) {
  LeavePending();
  grpc_status_ = status;
  std::shared_ptr<GrpcTransport::Shared> shared = shared_;
  // From here on the loop alone keeps this alive.
  loop_.Post([self = std::move(self_)] { self->DoneOnLoop(); });
  if (--shared->held == 0) shared->held.notify_all();
}

void GrpcStream::TellHeaders() {
  if (std::exchange(headers_told_, true) || !events_) return;
  Metadata headers = ReceivedMetadata(context_.GetServerInitialMetadata());
  events_->OnHeaders(std::move(headers));
}

void GrpcStream::OnReadOnLoop(bool ok) {
  if (!ok) return StopHolding();
  if (events_) TellHeaders();
  if (events_ && incoming_.Length() > max_reply_bytes_) {
    context_.TryCancel();
    TellDone(MessageTooLarge(incoming_.Length(), max_reply_bytes_), Metadata());
  }
  if (events_) events_->OnMessage(BytesOf(incoming_));
  if (!holding_) return;
  incoming_.Clear();
  StartRead(&incoming_);
}

void GrpcStream::DoneOnLoop() {
  absl::Status status;
  if (!grpc_status_.ok() && cancelled_) {
    status = absl::CancelledError("the call was cancelled");
  } else if (!grpc_status_.ok()) {
    const std::string debug = context_.debug_error_string();
    const bool received = debug.find("Error received from peer") != std::string::npos;
    status = received ? FromConnection(grpc_status_) : FromLibrary(grpc_status_);
    TakePushback(context_.GetServerTrailingMetadata(), status);
    if (transport_ && WasNeverSent(status)) transport_->OnUnreachable(status);
  }
  if (events_) {
    TellDone(std::move(status), ReceivedMetadata(context_.GetServerTrailingMetadata()));
  }
  if (transport_) transport_->Forget(shared_from_this());
}

void GrpcStream::TellDone(absl::Status status, Metadata trailers) {
  CallEvents* events = std::exchange(events_, nullptr);
  if (!events) return;
  if (transport_) transport_->OnEnded();
  events->OnDone(std::move(status), std::move(trailers));
}

}  // namespace frontdesk::upstream
