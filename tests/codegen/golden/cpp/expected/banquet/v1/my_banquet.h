// Yours: protoc-gen-frontdesk-cpp wrote it once and will not write over it.
#pragma once

#include "banquet/v1/banquet.frontdesk.h"

namespace banquet::v1 {

class MyBanquet final : public BanquetAggregates {
 public:
  using BanquetAggregates::BanquetAggregates;

  absl::Status BeforeGetTastingFruits(frontdesk::upstream::CallContext& context,
                                      market::v1::BatchGetRequest& request) override {
    return BanquetAggregates::BeforeGetTastingFruits(context, request);
  }

  absl::Status AfterGetTastingFruits(frontdesk::upstream::CallContext& context,
                                     market::v1::Fruit& reply) override {
    return BanquetAggregates::AfterGetTastingFruits(context, reply);
  }

  absl::Status BeforeBuySomePaid(frontdesk::upstream::CallContext& context,
                                 market::v1::PayRequest& request) override {
    return BanquetAggregates::BeforeBuySomePaid(context, request);
  }

  absl::Status AfterBuySomePaid(frontdesk::upstream::CallContext& context,
                                const market::v1::PayRequest& request,
                                market::v1::Paid& reply) override {
    return BanquetAggregates::AfterBuySomePaid(context, request, reply);
  }

  absl::Status BeforeBuySomeDeliveries(frontdesk::upstream::CallContext& context,
                                       market::v1::DeliverRequest& request) override {
    return BanquetAggregates::BeforeBuySomeDeliveries(context, request);
  }

  absl::Status AfterBuySomeDeliveries(frontdesk::upstream::CallContext& context,
                                      market::v1::Delivery& reply) override {
    return BanquetAggregates::AfterBuySomeDeliveries(context, reply);
  }

  absl::Status AfterBuySome(frontdesk::upstream::CallContext& context, const BuyRequest& request,
                            Receipt& answer) override {
    return BanquetAggregates::AfterBuySome(context, request, answer);
  }
};

}  // namespace banquet::v1
