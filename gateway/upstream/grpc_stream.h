// One call inside gRPC C++, kept alive until the library and the loop are both done with it.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/loop.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

struct GrpcTransport::Shared {
  // Streams between StartCall() and the library's OnDone().
  std::atomic<size_t> held{0};
  // Calls whose first message the library has not put on a connection.
  std::atomic<size_t> pending{0};
};

// Callbacks of the library run on its threads, everything else on the loop. An extra hold, dropped
// on the loop when reading ends, makes it safe to start operations from there until then.
class GrpcStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public std::enable_shared_from_this<GrpcStream> {
 public:
  GrpcStream(Loop& loop, std::shared_ptr<GrpcTransport::Shared> shared, GrpcTransport& transport,
             const CallSpec& spec, CallEvents& events);
  ~GrpcStream() override;

  // The stub lives as long as the call, however often the transport takes another.
  void Start(std::shared_ptr<grpc::GenericStub> stub, std::string_view path);
  void Send(std::string_view message, bool last);
  void Cancel();

  // Nobody listens any more.
  void Drop();
  // OnDone(status) soon, for a call that was not started.
  void FailSoon(absl::Status status);
  // The transport ends: no more operations, so that the library can finish.
  void LetGo();

 private:
  // The library's threads.
  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // The loop.
  void OnReadOnLoop(bool ok);
  void DoneOnLoop();
  void TellHeaders();
  void TellDone(absl::Status status, Metadata trailers);
  void StopHolding();
  void WriteNext();
  // True if it was pending until now.
  bool LeavePending();

  struct Outgoing {
    grpc::ByteBuffer bytes;
    bool last;
  };

  Loop& loop_;
  const std::shared_ptr<GrpcTransport::Shared> shared_;
  const size_t max_reply_bytes_;
  std::shared_ptr<grpc::GenericStub> stub_;  // outlives context_
  grpc::ClientContext context_;
  std::shared_ptr<GrpcStream> self_;  // the library's share
  std::atomic<bool> counted_pending_{false};
  grpc::ByteBuffer incoming_;
  grpc::Status grpc_status_;
  // Only on the loop.
  GrpcTransport* transport_;  // null once it let go
  CallEvents* events_;        // null when nobody listens, or after OnDone()
  std::deque<Outgoing> outgoing_;
  bool writing_ = false;
  bool holding_ = false;
  bool headers_told_ = false;
  bool cancelled_ = false;  // by us
};

}  // namespace frontdesk::upstream
