// What the author of a gateway writes: hooks and the methods that are written by hand.
#pragma once

#include "kitchen/v1/kitchen.frontdesk.h"

namespace kitchen::v1 {

class MyKitchen final : public KitchenAggregates {
 public:
  using KitchenAggregates::KitchenAggregates;

  // A dish is called after the jar and its label, asked for one after the other.
  frontdesk::Task<absl::StatusOr<Dish>> Cook(frontdesk::upstream::CallContext& context,
                                             const CookRequest& request) override {
    pantry::v1::GetJarRequest ask_jar;
    ask_jar.set_jar_id(request.jar_id());
    const absl::StatusOr<pantry::v1::Jar> jar = co_await pantry_.GetJar(context, ask_jar);
    if (!jar.ok()) co_return jar.status();
    pantry::v1::GetLabelRequest ask_label;
    ask_label.set_id(jar->id());
    const absl::StatusOr<pantry::v1::Label> label = co_await labels_.GetLabel(context, ask_label);
    if (!label.ok()) co_return label.status();
    Dish dish;
    dish.set_name(jar->id() + " " + label->text());
    co_return dish;
  }
};

}  // namespace kitchen::v1
