// Keys that callers are judged by, and issuers that are asked about tokens, as metrics.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/identity/introspector.h"
#include "gateway/identity/key_source.h"

namespace frontdesk::identity {

class KeyMetrics final : public prometheus::Collectable {
 public:
  // Called on the thread of each scrape.
  explicit KeyMetrics(std::function<std::vector<KeySourceStatus>()> views)
      : views_(std::move(views)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<std::vector<KeySourceStatus>()> views_;
};

class IntrospectionMetrics final : public prometheus::Collectable {
 public:
  // Called on the thread of each scrape; nothing: nobody is asked.
  explicit IntrospectionMetrics(std::function<std::optional<IntrospectionStatus>()> view)
      : view_(std::move(view)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<std::optional<IntrospectionStatus>()> view_;
};

}  // namespace frontdesk::identity
