// The default transport: gRPC over HTTP/2 with nghttp2, in the worker's own loop.
#pragma once

#include <memory>
#include <vector>

#include "gateway/upstream/h2_slot.h"

namespace frontdesk::upstream {

// n connections to each end point, opened on first use; a call takes the connection with the fewest
// streams. A call that no back end has processed (REFUSED_STREAM, GOAWAY above the last id) starts
// again once, on another connection where there is one.
class H2Transport final : public Transport,
                          private H2CallHost,
                          private H2Slot::Owner,
                          private Flushable {
 public:
  // An end point that ParseEndpoint() refuses is left out, and its reason given by calls that fail.
  H2Transport(Loop& loop, const UpstreamSettings& settings, const Random& random);
  ~H2Transport() override;

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override;
  size_t in_flight() const override { return in_flight_; }
  void Drain() override;

 private:
  // A stream for the call, a place in the queue, or its end (told soon).
  void Place(H2Call& call, const H2Session* not_here);
  // The connection for the next call, or null; opens connections as the load asks for them.
  H2Connection* Pick(const H2Session* not_here);
  void PlaceQueued();
  void FailQueued();
  void DrainSlots();

  void Restart(H2Call& call, const H2Session* refused_by) override { Place(call, refused_by); }
  void FailSoon(H2Call& call, absl::Status status) override;
  void LeftQueue() override { --queued_; }
  void Gone() override;
  void OnRoom() override { PlaceQueued(); }
  void OnLost(const absl::Status& why) override;
  // Tells the ends that must not be told where they were found.
  void Flush() override;

  Loop& loop_;
  const UpstreamSettings settings_;
  const Random random_;
  H2CallList waiting_;
  H2CallList failing_;
  size_t queued_ = 0;
  size_t in_flight_ = 0;
  size_t turn_ = 0;  // where the search begins, so that equals take turns
  bool draining_ = false;
  absl::Status last_failure_;
  std::vector<std::unique_ptr<H2Endpoint>> endpoints_;
  std::vector<std::unique_ptr<H2Slot>> slots_;
};

}  // namespace frontdesk::upstream
