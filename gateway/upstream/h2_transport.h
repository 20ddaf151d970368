// The default transport: gRPC over HTTP/2 with nghttp2, in the worker's own loop.
#pragma once

#include <memory>
#include <vector>

#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/h2_slot.h"

namespace frontdesk::upstream {

// Up to n connections to one end point, opened as calls ask for them; a call takes the one with the
// fewest streams. While one more is being made, it is kConnecting, however full the others are. A
// call that the back end has not processed (REFUSED_STREAM, GOAWAY above the last id) ends with
// NeverSent().
class H2Transport final : public Transport,
                          private H2CallHost,
                          private H2Slot::Owner,
                          private Flushable {
 public:
  // `settings` and `owner` outlive it. With a target that is no address it never connects.
  H2Transport(Loop& loop, const UpstreamSettings& settings, const EndpointTarget& target,
              const Random& random, Transport::Owner& owner);
  ~H2Transport() override;

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override;
  Readiness readiness() const override;
  void Connect() override;
  const absl::Status& last_failure() const override { return last_failure_; }
  size_t in_flight() const override { return in_flight_; }
  size_t connections() const override;
  void Drain() override;

 private:
  // The connection for the next call, or null.
  H2Connection* Pick();

  void FailSoon(H2Call& call, absl::Status status) override;
  void Gone() override { --in_flight_; }
  void OnChange() override { owner_.OnReadiness(*this); }
  void OnLost(const absl::Status& why) override;
  void OnUsefulEnd() override;
  // Tells the ends that must not be told where they were found.
  void Flush() override;

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Random random_;
  Transport::Owner& owner_;
  H2CallList failing_;
  size_t in_flight_ = 0;
  size_t turn_ = 0;  // where the search begins, so that equals take turns
  bool draining_ = false;
  absl::Status last_failure_;
  H2Endpoint endpoint_;
  std::vector<std::unique_ptr<H2Slot>> slots_;
};

}  // namespace frontdesk::upstream
