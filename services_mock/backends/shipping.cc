#include "services_mock/backends/all.h"

namespace frontdesk::mock {
namespace {

using shipping_v1::Shipment;
constexpr std::string_view kType = "shop.shipping.v1.Shipment";
constexpr std::string_view kNowhere = "AQ";  // Antarctica

Outcome GetShipment(Shop& shop, const shipping_v1::GetShipmentRequest& request, Shipment& reply) {
  std::optional<Shipment>* shipment = nullptr;
  Outcome outcome =
      Find(shop.shipments, "shipment", kType, "shipment_id", request.shipment_id(), shipment);
  if (Failed(outcome)) return outcome;
  if (!shipment->has_value()) return NotFound(kType, request.shipment_id());
  reply = **shipment;
  return Outcome();
}

Outcome GetByOrder(Shop& shop, const shipping_v1::GetByOrderRequest& request, Shipment& reply) {
  order_v1::Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  const auto& shipment = shop.shipments[static_cast<size_t>(order - shop.orders.data())];
  if (!shipment) return NotFound(kType, Cat("of ", order->id()));
  reply = *shipment;
  return Outcome();
}

Outcome Schedule(Shop& shop, const shipping_v1::ScheduleRequest& request, Shipment& reply) {
  order_v1::Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  if (request.destination().country() == kNowhere) {
    return Precondition("NOT_DELIVERABLE", order->id(), "nobody delivers there");
  }
  const auto place = static_cast<size_t>(order - shop.orders.data());
  std::optional<Shipment>& shipment = shop.shipments[place];
  if (shipment.has_value() || order->status() != order_v1::Order::PAID) {
    return Precondition("NOT_TO_SHIP", order->id(), "the order is shipped, or not to be");
  }
  shipment.emplace();
  shipment->set_id(Cat("shipment-", place + 1));
  shipment->set_order_id(order->id());
  shipment->set_carrier("Postbote");
  shipment->set_state(Shipment::LABEL_CREATED);
  shipment->add_parcels()->set_tracking_number(Cat("TRK", 1'000'001 + place, "-1"));
  shipment->mutable_parcels(0)->set_weight_grams(1000);
  *shipment->mutable_destination() = request.destination();
  const int64_t days = request.delivery_service() == "parcel-express" ? 1 : 3;
  shipment->mutable_estimated_delivery()->set_seconds(kToday + days * kDay);
  ++shop.effects.shipments;
  NoteMade(shop, shipment->id());
  reply = *shipment;
  return Outcome();
}

Outcome CancelShipment(Shop& shop, const shipping_v1::CancelShipmentRequest& request,
                       Shipment& reply) {
  std::optional<Shipment>* shipment = nullptr;
  Outcome outcome =
      Find(shop.shipments, "shipment", kType, "shipment_id", request.shipment_id(), shipment);
  if (Failed(outcome)) return outcome;
  if (!shipment->has_value()) return NotFound(kType, request.shipment_id());
  if ((*shipment)->state() != Shipment::LABEL_CREATED) {
    return Precondition("SHIPMENT_NOT_CANCELLABLE", (*shipment)->id(),
                        Cat("the shipment is ", Shipment::State_Name((*shipment)->state())));
  }
  (*shipment)->set_state(Shipment::CANCELLED);
  ++shop.effects.shipments_cancelled;
  NoteUndone(shop, (*shipment)->id());
  reply = **shipment;
  return Outcome();
}

Outcome Quote(Shop&, const shipping_v1::QuoteRequest& request, shipping_v1::QuoteResponse& reply) {
  const int grams = request.weight_grams();
  const Outcome valid = Violations()
                            .AddIf(grams <= 0, "weight_grams", "must be more than 0")
                            .AddIf(grams > 30'000, "weight_grams", "must not be over 30000")
                            .AddIf(request.destination().country().size() != 2,
                                   "destination.country", "must be two letters (ISO 3166-1)")
                            .Finish();
  if (Failed(valid)) return valid;
  const int64_t abroad = request.destination().country() == "DE" ? 0 : 600;
  const int64_t by_weight = (grams + 999) / 1000 * 80;
  const auto offer = [&](const char* service, int64_t cents, int64_t days) {
    auto* one = reply.add_offers();
    one->set_service(service);
    one->set_price_cents(cents + by_weight + abroad);
    one->mutable_transit_time()->set_seconds(days * kDay);
  };
  offer("parcel-standard", 410, abroad > 0 ? 5 : 2);
  offer("parcel-express", 990, abroad > 0 ? 2 : 1);
  return Outcome();
}

}  // namespace

void AddShipping(Backend& backend) {
  constexpr std::string_view kService = "shop.shipping.v1.Shipping";
  backend.Add(kService, "GetShipment", GetShipment);
  backend.Add(kService, "GetByOrder", GetByOrder);
  backend.AddOnce(kService, "Schedule", Schedule);
  backend.AddOnce(kService, "CancelShipment", CancelShipment);
  backend.Add(kService, "Quote", Quote);
}

}  // namespace frontdesk::mock
