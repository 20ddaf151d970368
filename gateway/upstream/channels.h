// Every upstream of one worker, found by the service that is called.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/observer.h"
#include "gateway/upstream/settings.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

// Transport of one upstream as its settings ask for it. A resource: lives where it was made, on
// `loop`, which outlives it.
std::unique_ptr<Transport> MakeTransport(Loop& loop, const UpstreamSettings& settings,
                                         const Random& random);

// One upstream: its settings and its connections.
struct Channel {
  UpstreamSettings settings;
  std::unique_ptr<Transport> transport;
};

// One per worker, on its loop; outlives every call made through it. Opens nothing until it is used.
class Channels final : public Caller {
 public:
  using TransportMaker =
      std::function<std::unique_ptr<Transport>(Loop&, const UpstreamSettings&, const Random&)>;

  // `observer` may be null.
  Channels(Loop& loop, const std::vector<UpstreamSettings>& upstreams, const Random& random,
           CallObserver* observer, const TransportMaker& make = MakeTransport);
  ~Channels() override;

  // Besides what Caller says: UNIMPLEMENTED with reason UPSTREAM_NOT_CONFIGURED when no upstream
  // has the method's service.
  Task<absl::StatusOr<UnaryReply>> Unary(CallContext& context, const contract::MethodName& method,
                                         std::string_view request,
                                         const CallOptions& options) override;

  // Calls in flight over all upstreams.
  size_t in_flight() const;
  // No new calls; connections close when their last call has ended.
  void Drain();

 private:
  Loop& loop_;
  CallObserver* const observer_;
  std::vector<std::unique_ptr<Channel>> channels_;
  absl::flat_hash_map<std::string, Channel*> by_service_;
};

}  // namespace frontdesk::upstream
