// How long certificates are still good, and what became of new ones, for each scrape.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <utility>
#include <vector>

#include "gateway/tls/credentials.h"

namespace frontdesk::tls {

class CredentialsMetrics final : public prometheus::Collectable {
 public:
  // Both are called on the thread of each scrape.
  CredentialsMetrics(std::function<std::vector<CredentialsView>()> views,
                     std::function<WallTime()> now = std::chrono::system_clock::now)
      : views_(std::move(views)), now_(std::move(now)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<std::vector<CredentialsView>()> views_;
  const std::function<WallTime()> now_;
};

}  // namespace frontdesk::tls
