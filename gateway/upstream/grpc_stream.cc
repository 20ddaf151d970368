#include "gateway/upstream/grpc_stream.h"

#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"
#include "gateway/upstream/verdict.h"

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
enum class Concluded { kNothing, kReset, kLost, kProtocol, kTooLarge };

Concluded Conclusion(std::string_view text) {
  struct Known {
    std::string_view part;
    Concluded conclusion;
  };
  constexpr Known kKnown[] = {
      {"Received RST_STREAM with error code ", Concluded::kReset},
      {"Socket closed", Concluded::kLost},
      // What the system says of the socket: "recvmsg:Connection timed out".
      {"recvmsg:", Concluded::kLost},
      {"sendmsg:", Concluded::kLost},
      {"Connection reset by peer", Concluded::kLost},
      {"Broken pipe", Concluded::kLost},
      {"keepalive watchdog timeout", Concluded::kLost},
      {"GOAWAY received", Concluded::kLost},
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
    case Concluded::kLost: {
      absl::Status lost = Reset(code, text);
      MarkLost(lost);
      return lost;
    }
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
      // Its own reading of a page that some proxy answered.
      if (Conclusion(text) == Concluded::kProtocol) return FromConnection(status);
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

void* GrpcStream::Operation::Begin(GrpcStream& stream) {
  stream_ = stream.shared_from_this();
  return stream.transport_->poller_->Begin(this);
}

void GrpcStream::Operation::Told(bool ok) {
  // Once it is posted, the stream may be gone at any moment, and this with it.
  const std::shared_ptr<GrpcTransport::Shared> shared = stream_->shared_;
  shared->Post([stream = std::move(stream_), then = then_, ok] { (stream.get()->*then)(ok); });
}

void GrpcTransport::Shared::Post(std::function<void()> work) {
  MutexLock lock(mutex);
  if (loop) loop->Post(std::move(work));
}

void GrpcTransport::Shared::LetGo() {
  transport = nullptr;
  MutexLock lock(mutex);
  loop = nullptr;
}

void GrpcStream::Start(GrpcTransport::Line line, std::string_view path) {
  line_ = std::move(line);
  call_ = line_.stub->PrepareCall(&context_, std::string(path), transport_->poller_->queue());
}

void GrpcStream::Send(std::string_view message, bool last) {
  if (!call_ || !transport_) return;
  const grpc::Slice slice(message.data(), message.size());
  outgoing_.push_back({grpc::ByteBuffer(&slice, 1), last});
  if (!begun_) {
    Begin();
  } else if (!writing_) {
    WriteNext();
  }
}

// Headers leave together with the first message, so that its end tells that there was a stream.
// What the back end's windows may hold up would not tell that: there they leave first, which takes
// one round through the library more.
void GrpcStream::Begin() {
  constexpr size_t kSmall = 16 << 10;  // one frame, a quarter of the smallest usual window
  begun_ = true;
  large_ = outgoing_.front().bytes.Length() > kSmall;
  const bool together = !large_ && !line_.room->has_large();
  if (large_) line_.room->OnLarge();
  context_.set_initial_metadata_corked(together);
  if (together) {
    call_->StartCall(nullptr);
    WriteNext();
  } else {
    writing_ = true;
    call_->StartCall(start_.Begin(*this));
  }
  ReadNext();
  waits_ = true;
  ++transport_->pending_;
  line_.room->OnCall(this, loop_.Now());
  transport_->AskAbout(line_);
}

void GrpcStream::WriteNext() {
  if (outgoing_.empty()) return;
  writing_ = true;
  const Outgoing& next = outgoing_.front();
  grpc::WriteOptions options;
  if (next.last) options.set_last_message();
  call_->Write(next.bytes, options, write_.Begin(*this));
}

void GrpcStream::ReadNext() {
  incoming_.Clear();
  reading_ = true;
  call_->Read(&incoming_, read_.Begin(*this));
}

void GrpcStream::Finish() {
  if (std::exchange(finishing_, true)) return;
  call_->Finish(&grpc_status_, finish_.Begin(*this));
}

void GrpcStream::Cancel() {
  if (std::exchange(cancelled_, true)) return;
  context_.TryCancel();
  // Of what has not begun the library does not tell the end.
  if (call_ && !begun_) FailSoon(absl::CancelledError("the call was cancelled"));
}

void GrpcStream::Drop() {
  context_.TryCancel();
  if (!transport_) return;
  if (std::exchange(events_, nullptr)) transport_->OnEnded();
  if (!begun_) Leave();
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
}

void GrpcStream::OnStream() {
  if (!std::exchange(waits_, false)) return;
  line_.room->OnStream(this);
  --transport_->pending_;
  transport_->OnRoom();
}

void GrpcStream::OnLargeWritten() {
  if (std::exchange(large_, false)) line_.room->OnLargeWritten();
}

void GrpcStream::OnStarted(bool ok) {
  if (!transport_) return;
  writing_ = false;
  if (!ok) return outgoing_.clear();
  OnStream();
  WriteNext();
}

void GrpcStream::OnWritten(bool ok) {
  if (!transport_) return;
  writing_ = false;
  outgoing_.pop_front();
  OnLargeWritten();
  if (!ok) return outgoing_.clear();
  OnStream();
  WriteNext();
}

void GrpcStream::OnRead(bool ok) {
  if (!transport_) return;
  reading_ = false;
  if (ok) {
    if (events_) TellHeaders();
    if (events_ && incoming_.Length() > max_reply_bytes_) {
      context_.TryCancel();
      TellDone(MessageTooLarge(incoming_.Length(), max_reply_bytes_), Metadata());
    }
    if (events_) events_->OnMessage(BytesOf(incoming_));
    if (!transport_) return;
    ReadNext();
  }
  // From the first answer on, whatever it is, the end is waited for, too.
  Finish();
  EndIfFinished();
}

void GrpcStream::OnFinished(bool) {
  if (!transport_) return;
  finished_ = true;
  EndIfFinished();
}

void GrpcStream::EndIfFinished() {
  if (!finished_ || reading_) return;
  const std::shared_ptr<GrpcStream> self = shared_from_this();
  absl::Status status = StatusOfCall();
  if (WasNeverSent(status)) transport_->OnUnreachable(status);
  if (events_) {
    TellDone(std::move(status), ReceivedMetadata(context_.GetServerTrailingMetadata()));
  }
  if (transport_) Leave();
}

void GrpcStream::Leave() {
  OnLargeWritten();
  if (waits_) {
    line_.room->OnGone(this);
    --transport_->pending_;
  } else if (begun_) {
    line_.room->OnEnd();
  }
  // Nobody tells it from here on that the transport goes.
  std::exchange(transport_, nullptr)->Forget(shared_from_this());
}

absl::Status GrpcStream::StatusOfCall() {
  if (grpc_status_.ok()) return absl::OkStatus();
  if (cancelled_) return absl::CancelledError("the call was cancelled");
  const std::string debug = context_.debug_error_string();
  const bool received = debug.find("Error received from peer") != std::string::npos;
  absl::Status status = received ? FromConnection(grpc_status_) : FromLibrary(grpc_status_);
  TakePushback(context_.GetServerTrailingMetadata(), status);
  return status;
}

void GrpcStream::TellHeaders() {
  if (std::exchange(headers_told_, true)) return;
  Metadata headers = ReceivedMetadata(context_.GetServerInitialMetadata());
  events_->OnHeaders(std::move(headers));
}

void GrpcStream::TellDone(absl::Status status, Metadata trailers) {
  CallEvents* events = std::exchange(events_, nullptr);
  if (!events) return;
  if (transport_) transport_->OnEnded();
  events->OnDone(std::move(status), std::move(trailers));
}

}  // namespace frontdesk::upstream
