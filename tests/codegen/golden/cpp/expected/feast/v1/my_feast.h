// Yours: protoc-gen-frontdesk-cpp wrote it once and will not write over it.
#pragma once

#include "feast/v1/feast.frontdesk.h"

namespace feast::v1 {

class MyFeast final : public FeastAggregates {
 public:
  using FeastAggregates::FeastAggregates;

  absl::Status BeforeGetTastingJar(frontdesk::upstream::CallContext& context,
                                   pantry::v1::GetJarRequest& request) override {
    return FeastAggregates::BeforeGetTastingJar(context, request);
  }

  absl::Status AfterGetTastingJar(frontdesk::upstream::CallContext& context,
                                  const pantry::v1::GetJarRequest& request,
                                  pantry::v1::Jar& reply) override {
    return FeastAggregates::AfterGetTastingJar(context, request, reply);
  }

  absl::Status BeforeGetTastingLabel(frontdesk::upstream::CallContext& context,
                                     pantry::v1::GetLabelRequest& request) override {
    return FeastAggregates::BeforeGetTastingLabel(context, request);
  }

  absl::Status AfterGetTastingLabel(frontdesk::upstream::CallContext& context,
                                    const pantry::v1::GetLabelRequest& request,
                                    pantry::v1::Label& reply) override {
    return FeastAggregates::AfterGetTastingLabel(context, request, reply);
  }

  absl::Status BeforeGetTastingBeds(frontdesk::upstream::CallContext& context,
                                    pantry::v1::GetLabelRequest& request) override {
    return FeastAggregates::BeforeGetTastingBeds(context, request);
  }

  absl::Status AfterGetTastingBeds(frontdesk::upstream::CallContext& context,
                                   pantry::v1::Label& reply) override {
    return FeastAggregates::AfterGetTastingBeds(context, reply);
  }

  absl::Status AfterGetTasting(frontdesk::upstream::CallContext& context,
                               const GetGardenRequest& request, Tasting& answer) override {
    return FeastAggregates::AfterGetTasting(context, request, answer);
  }
};

}  // namespace feast::v1
