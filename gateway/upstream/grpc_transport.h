// The second transport: gRPC C++, for what its core does well (xds:///, custom balancers). What
// it does ends on threads of the poller's and reaches the loop by Loop::Post().
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <unordered_set>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/tls/context.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/grpc_room.h"
#include "gateway/upstream/settings.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

class GrpcPoller;
class GrpcStream;

// Connecting and reconnecting are the library's: a call that is started without a connection waits
// inside it, and so does one for which the back end has no stream. That there are none left is
// found out a moment after they are (grpc_room.h). It gives statuses that it made in the same shape
// as those of a back end; its texts tell them apart where they can.
//
// A call that no back end has seen the library may start again by itself, which only it can know:
// its texts do not say so reliably. The price is CallSpec::previous_attempts, which is not sent,
// for with these restarts the library takes grpc-previous-rpc-attempts for its own and removes
// ours.
//
// Only for back ends that one trusts: trailers without grpc-status end the process by an assertion
// in Debian's libgrpc 1.51, and a message is taken into memory, up to a quota, before its size is
// judged (tests/unit/upstream/behaviours_answers.h has both). Calls go to the first address of a
// name that answers, which is the library's default: its round_robin, also where a control plane
// asks for it, ends the process when a call meets a connection that has just failed.
class GrpcTransport final : public Transport {
 public:
  // Connects to `target.uri` or, where it is empty, the address. `settings` and `owner` outlive it.
  GrpcTransport(Loop& loop, const UpstreamSettings& settings, const EndpointTarget& target,
                Transport::Owner& owner);
  // Cancels what the library still holds.
  ~GrpcTransport() override;

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override;
  // Of changes the owner is told for a tenth of a second after Connect(); later ask again.
  Readiness readiness() const override;
  void Connect() override;
  const absl::Status& last_failure() const override { return last_failure_; }
  size_t in_flight() const override { return in_flight_; }
  size_t connections() const override;
  void Drain() override;

  // What outlives the transport, for streams that the library has not let go.
  struct Shared;

 private:
  friend class GrpcStream;

  // A call ended or was dropped.
  void OnEnded();
  void Forget(const std::shared_ptr<GrpcStream>& stream);
  // Of the line that is nearest to being of use.
  grpc_connectivity_state BestState() const;
  void OnUnreachable(const absl::Status& why) {
    last_failure_ = why;
    knows_failure_ = true;
  }
  // Whether it has been connecting, at each look, for longer than a connection may take. For what
  // hangs while the library resolves a name it says nothing else.
  bool IsInVain(bool connecting) const;
  // While a channel is not ready, the library does not get on without somebody who waits for it.
  void Watch(grpc::Channel& channel, grpc_connectivity_state state);
  // Fewer calls are pending, or a channel may be ready.
  void OnRoom() { owner_.OnReadiness(*this); }

  // One connection.
  struct Line {
    std::shared_ptr<grpc::Channel> channel;
    std::shared_ptr<grpc::GenericStub> stub;
    std::shared_ptr<GrpcRoom> room;
  };
  // Channels of their own, with the newest certificates; calls under way keep those they have.
  void OpenLines();
  // ... if there are others.
  void RenewLines();
  // That for the next call: in turn, but of those that have room, or else may soon have some.
  const Line& Pick();
  bool HasRoom() const;
  // Has the library asked, where it is time, whether calls wait for streams.
  void AskAbout(const Line& line);

  Loop& loop_;
  const UpstreamSettings& settings_;
  const EndpointTarget target_;
  Transport::Owner& owner_;
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<GrpcPoller> poller_;
  // What the lines were opened with; null without TLS, and while no files were any good.
  std::shared_ptr<const tls::Context> context_;
  // One per connection; none when drained.
  std::vector<Line> lines_;
  size_t turn_ = 0;
  size_t in_flight_ = 0;
  size_t pending_ = 0;  // calls of which the library has put nothing on a connection
  bool draining_ = false;
  // Of looks at readiness().
  mutable bool knows_failure_ = false;  // last_failure_ is of since it was ready, or opened
  mutable bool was_connecting_ = false;
  mutable TimePoint connecting_since_;
  mutable TimePoint looked_at_;
  absl::Status last_failure_;
  const GrpcStream* asks_failure_ = nullptr;  // fails at once, which tells why
  // On the loop: streams that have not left.
  std::unordered_set<std::shared_ptr<GrpcStream>> streams_;
};

}  // namespace frontdesk::upstream
