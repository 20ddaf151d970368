// Yours: protoc-gen-frontdesk-cpp wrote it once and will not write over it.
#pragma once

#include "kitchen/v1/kitchen.frontdesk.h"

namespace kitchen::v1 {

class MyKitchen final : public KitchenAggregates {
 public:
  using KitchenAggregates::KitchenAggregates;

  // Written by hand.
  frontdesk::Task<absl::StatusOr<Dish>> Cook(frontdesk::upstream::CallContext& context,
                                             const CookRequest& request) override {
    co_return absl::UnimplementedError("Cook is not written yet");
  }

  absl::Status BeforeGetTasteJar(frontdesk::upstream::CallContext& context,
                                 pantry::v1::GetJarRequest& request) override {
    return KitchenAggregates::BeforeGetTasteJar(context, request);
  }

  absl::Status AfterGetTasteJar(frontdesk::upstream::CallContext& context,
                                const pantry::v1::GetJarRequest& request,
                                pantry::v1::Jar& reply) override {
    return KitchenAggregates::AfterGetTasteJar(context, request, reply);
  }

  absl::Status BeforeGetTasteLabels(frontdesk::upstream::CallContext& context,
                                    pantry::v1::GetLabelRequest& request) override {
    return KitchenAggregates::BeforeGetTasteLabels(context, request);
  }

  absl::Status AfterGetTasteLabels(frontdesk::upstream::CallContext& context,
                                   pantry::v1::Label& reply) override {
    return KitchenAggregates::AfterGetTasteLabels(context, reply);
  }

  absl::Status AfterGetTaste(frontdesk::upstream::CallContext& context,
                             const GetTasteRequest& request, Taste& answer) override {
    return KitchenAggregates::AfterGetTaste(context, request, answer);
  }
};

}  // namespace kitchen::v1
