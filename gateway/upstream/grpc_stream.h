// One call inside gRPC C++, kept alive until the library and the loop are both done with it.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "gateway/base/loop.h"
#include "gateway/base/mutex.h"
#include "gateway/upstream/grpc_poller.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

struct GrpcTransport::Shared {
  Shared(Loop& of, GrpcTransport& owner) : loop(&of), transport(&owner) {}
  // Any thread: `work` is done on the loop, or dropped once the transport is gone.
  void Post(std::function<void()> work);
  // On the loop: the transport is going.
  void LetGo();

  Mutex mutex;
  Loop* loop ABSL_GUARDED_BY(mutex);  // null once the transport is gone
  // Only on the loop.
  GrpcTransport* transport;  // null once it is gone
  std::unordered_set<const grpc::Channel*> watched;
};

// Everything happens on the loop, but for the moment in which the library tells that an operation
// has ended, and for the destructor where the transport is gone. While an operation is under way it
// keeps the stream alive.
class GrpcStream final : public std::enable_shared_from_this<GrpcStream> {
 public:
  GrpcStream(Loop& loop, std::shared_ptr<GrpcTransport::Shared> shared, GrpcTransport& transport,
             const CallSpec& spec, CallEvents& events);
  ~GrpcStream();

  // The line lives as long as the call, however often the transport takes others. Nothing is sent
  // before the first message.
  void Start(GrpcTransport::Line line, std::string_view path);
  void Send(std::string_view message, bool last);
  void Cancel();
  // The library has it and, as far as is known, no stream for it.
  bool waits() const { return waits_; }

  // Nobody listens any more.
  void Drop();
  // OnDone(status) soon, for a call that was not started.
  void FailSoon(absl::Status status);
  // The transport ends: no more operations, so that the library can finish.
  void LetGo();

 private:
  // What the library does one of at a time.
  class Operation final : public GrpcTag {
   public:
    using Then = void (GrpcStream::*)(bool ok);
    explicit Operation(Then then) : then_(then) {}
    // The tag to start it with.
    void* Begin(GrpcStream& stream);
    void Told(bool ok) override;

   private:
    const Then then_;
    std::shared_ptr<GrpcStream> stream_;
  };

  void OnStarted(bool ok);
  void OnWritten(bool ok);
  void OnRead(bool ok);
  void OnFinished(bool ok);
  void Begin();
  void WriteNext();
  void ReadNext();
  void Finish();
  // Once nothing more comes.
  void EndIfFinished();
  void Leave();
  absl::Status StatusOfCall();
  void TellHeaders();
  void TellDone(absl::Status status, Metadata trailers);
  // Something of it was written.
  void OnStream();
  void OnLargeWritten();

  struct Outgoing {
    grpc::ByteBuffer bytes;
    bool last;
  };

  Loop& loop_;
  const std::shared_ptr<GrpcTransport::Shared> shared_;
  const size_t max_reply_bytes_;
  GrpcTransport::Line line_;  // outlives context_
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;  // null before Start()
  Operation start_{&GrpcStream::OnStarted};
  Operation write_{&GrpcStream::OnWritten};
  Operation read_{&GrpcStream::OnRead};
  Operation finish_{&GrpcStream::OnFinished};
  grpc::ByteBuffer incoming_;
  grpc::Status grpc_status_;
  GrpcTransport* transport_;  // null once one of both has let go
  CallEvents* events_;        // null when nobody listens, or after OnDone()
  std::deque<Outgoing> outgoing_;
  bool begun_ = false;  // there was something to send
  bool writing_ = false;
  bool reading_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  bool waits_ = false;  // counted as such
  bool large_ = false;  // counted as such
  bool headers_told_ = false;
  bool cancelled_ = false;  // by us
};

}  // namespace frontdesk::upstream
