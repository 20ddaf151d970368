// How upstreams do, for each scrape: states and what is left, beside what the workers count
// (observe/metrics.h). Series are by upstream and by method, never by address.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <utility>
#include <vector>

#include "gateway/upstream/cluster_view.h"

namespace frontdesk::upstream {

class ClusterMetrics final : public prometheus::Collectable {
 public:
  // `views` is called on the thread of each scrape.
  explicit ClusterMetrics(std::function<std::vector<ClusterView>()> views)
      : views_(std::move(views)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<std::vector<ClusterView>()> views_;
};

}  // namespace frontdesk::upstream
