// Every upstream of one worker, found by the service that is called.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/canary.h"
#include "gateway/upstream/channel.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/observer.h"

namespace frontdesk::upstream {

// One per worker, on its loop; outlives every call made through it. Opens nothing until it is used.
class Channels final : public Caller {
 public:
  // `clusters` outlive it; `observer_of` may be empty.
  Channels(Loop& loop, Clusters& clusters, const Random& random, ObserverOf observer_of,
           const TransportMaker& make = MakeTransport);
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
  // One method, in each version of its upstream.
  struct Versions {
    Canary& canary;
    std::vector<Target> targets;
  };
  struct Known {
    Target target;
    std::unique_ptr<const Versions> versions;  // null where there is one only
  };

  // Null when no upstream has it.
  const Known* Find(const contract::MethodName& method);
  Target TargetIn(Cluster& cluster, const contract::MethodName& method, CallObserver* observer);
  // To the version that the request has, or gets; and where that can't be called, perhaps to the
  // stable one. `policy` may be null: the method's own.
  static Task<absl::StatusOr<UnaryReply>> CallVersion(const Versions& of, CallContext& context,
                                                      const contract::MethodName& method,
                                                      CallSpec spec, Duration whole,
                                                      std::string_view request,
                                                      const CallPolicy* policy, double random);

  Loop& loop_;
  Clusters& clusters_;
  const Random random_;
  const ObserverOf observer_of_;
  std::vector<std::unique_ptr<Channel>> channels_;  // parallel to the clusters
  absl::flat_hash_map<std::string, Known> by_path_;
};

}  // namespace frontdesk::upstream
