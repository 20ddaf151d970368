// The second transport: gRPC C++, for what its core does well (xds:///, custom balancers). Its
// callbacks run on the library's threads and reach the loop by Loop::Post().
#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <unordered_set>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/upstream/settings.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

class GrpcStream;

// Connecting, reconnecting and queueing are the library's. It gives statuses that it made in the
// same shape as those of a back end; its texts tell them apart where they can.
//
// Only for back ends that one trusts: trailers without grpc-status end the process by an assertion
// in Debian's libgrpc 1.51, and a message is taken into memory, up to a quota, before its size is
// judged (tests/unit/upstream/behaviours_answers.h has both).
class GrpcTransport final : public Transport {
 public:
  GrpcTransport(Loop& loop, const UpstreamSettings& settings);
  // Cancels what the library still holds and waits until it has let go, which is soon.
  ~GrpcTransport() override;

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override;
  size_t in_flight() const override { return in_flight_; }
  void Drain() override;

  // What outlives the transport, for streams that the library has not let go.
  struct Shared;

 private:
  friend class GrpcStream;

  // A call ended or was dropped.
  void OnEnded();
  void Forget(const std::shared_ptr<GrpcStream>& stream);

  Loop& loop_;
  const UpstreamSettings settings_;
  const std::shared_ptr<Shared> shared_;
  // One per end point and connection, used in turn.
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  size_t turn_ = 0;
  size_t in_flight_ = 0;
  bool draining_ = false;
  // On the loop: streams that the library has not reported as done.
  std::unordered_set<std::shared_ptr<GrpcStream>> streams_;
};

}  // namespace frontdesk::upstream
