// Orders and what follows from them: payments and shipments.
#include <array>

#include "gateway/base/text.h"
#include "services_mock/data/dice.h"
#include "services_mock/data/shop.h"

namespace frontdesk::mock {
namespace {

using order_v1::Order;

// One order every 83 minutes and 23 seconds, so that the newest is the one with the highest number.
constexpr int64_t kBetweenOrders = 5003;

Order::Status StatusOf(Dice& dice, int n) {
  if (n > 20 && dice.Chance(4)) return Order::CANCELLED;
  if (n > kOrders - 60) return Order::PLACED;
  if (n > kOrders - 140) return Order::PAID;
  if (n > kOrders - 260) return Order::SHIPPED;
  return Order::DELIVERED;
}

void FillLines(Dice& dice, const Shop& shop, Order& order) {
  const int lines = dice.Between(1, 5);
  const int first = dice.Between(0, kProducts - 1);
  int64_t items = 0;
  for (int i = 0; i < lines; ++i) {
    // 131 and 1,000 have no common divisor, so the products of an order differ.
    const product_v1::Product& product = shop.products[(first + i * 131) % kProducts];
    Order::Line* line = order.add_lines();
    line->set_product_id(product.id());
    line->set_title(product.title());
    line->set_quantity(dice.Between(1, 4));
    line->set_unit_price_cents(SaleCents(product));
    line->set_total_cents(line->quantity() * line->unit_price_cents());
    if (dice.Chance(40)) (*line->mutable_options())["colour"] = dice.Chance(50) ? "blue" : "red";
    if (dice.Chance(15)) (*line->mutable_options())["engraving"] = "für \"Opa\"";
    items += line->total_cents();
  }
  Order::Totals& totals = *order.mutable_totals();
  totals.set_items_cents(items);
  totals.set_shipping_cents(items >= 5000 ? 0 : 490);
  if (dice.Chance(20)) {
    totals.set_discount_cents(items / 10);
    order.add_coupon_codes("WELCOME10");
  }
  totals.set_grand_total_cents(items + totals.shipping_cents() - totals.discount_cents());
  totals.set_tax_cents(totals.grand_total_cents() * 19 / 119);
}

void FillMethod(Dice& dice, int n, payment_v1::Payment& payment) {
  switch (dice.Between(1, 3)) {
    case 1: {
      auto* card = payment.mutable_card();
      card->set_brand(static_cast<payment_v1::Payment::Card::Brand>(dice.Between(1, 3)));
      card->set_last_four(std::to_string(dice.Between(1000, 9999)));
      card->set_expiry_month(dice.Between(1, 12));
      card->set_expiry_year(dice.Between(2025, 2030));
      break;
    }
    case 2:
      payment.mutable_bank_transfer()->set_iban_masked(
          Cat("DE** **** **** **** ", dice.Between(1000, 9999)));
      payment.mutable_bank_transfer()->set_reference(Cat("ORDER ", n));
      break;
    default: {
      payment.mutable_wallet()->set_provider("Beutel");
      std::string token;
      for (int i = 0; i < 16; ++i) token.push_back(static_cast<char>(dice.Between(0, 255)));
      payment.mutable_wallet()->set_token(token);
    }
  }
}

void AddEvent(shipping_v1::Shipment& shipment, int64_t at, shipping_v1::Shipment::State state,
              std::string_view place) {
  auto* event = shipment.add_events();
  event->mutable_at()->set_seconds(at);
  event->set_state(state);
  event->set_place(std::string(place));
  shipment.set_state(state);
}

shipping_v1::Shipment MakeShipment(const Order& order, int n) {
  Dice dice("shipment", n);
  static constexpr std::array<std::string_view, 3> kCarriers = {"Postbote", "Colis+", "Fastline"};
  shipping_v1::Shipment shipment;
  shipment.set_id(Cat("shipment-", n));
  shipment.set_order_id(order.id());
  shipment.set_carrier(std::string(dice.Of(kCarriers)));
  const int parcels = dice.Between(1, 2);
  for (int i = 1; i <= parcels; ++i) {
    shipment.add_parcels()->set_tracking_number(Cat("TRK", 1'000'000 + n, "-", i));
    shipment.mutable_parcels(i - 1)->set_weight_grams(dice.Between(200, 12000));
  }
  const int64_t placed = order.placed_at().seconds();
  const std::string& city = order.shipping_address().city();
  using Shipment = shipping_v1::Shipment;
  AddEvent(shipment, placed + kDay / 4, Shipment::LABEL_CREATED, "Berlin");
  AddEvent(shipment, placed + kDay, Shipment::IN_TRANSIT, "Leipzig");
  if (order.status() == Order::DELIVERED) {
    AddEvent(shipment, placed + 2 * kDay, Shipment::OUT_FOR_DELIVERY, city);
    AddEvent(shipment, placed + 2 * kDay + kDay / 5, Shipment::DELIVERED, city);
    if (dice.Chance(30)) shipment.mutable_events(3)->set_remark("left with a neighbour");
  }
  *shipment.mutable_destination() = order.shipping_address();
  shipment.mutable_estimated_delivery()->set_seconds(placed + 3 * kDay);
  return shipment;
}

}  // namespace

void MakeOrders(Shop& shop) {
  shop.orders.reserve(kOrders);
  for (int n = 1; n <= kOrders; ++n) {
    Dice dice("order", n);
    const user_v1::User& user = shop.users[(n - 1) % kUsers];
    Order& order = shop.orders.emplace_back();
    order.set_id(Cat("order-", n));
    order.set_user_id(user.id());
    order.set_status(StatusOf(dice, n));
    order.mutable_placed_at()->set_seconds(kOpening + n * kBetweenOrders);
    FillLines(dice, shop, order);
    order.set_currency("EUR");
    *order.mutable_shipping_address() = dice.Of(user.addresses());
    if (dice.Chance(85)) {
      order.set_delivery_service(dice.Chance(30) ? "parcel-express" : "parcel-standard");
    } else {
      order.set_pickup_store_id(Cat("store-", dice.Between(1, 9)));
    }
    if (dice.Chance(15)) order.set_note("Bitte klingeln \u2014 2. Stock");
    if (order.status() == Order::CANCELLED) {
      order.mutable_cancellation()->set_reason("changed my mind");
      order.mutable_cancellation()->mutable_cancelled_at()->set_seconds(
          order.placed_at().seconds() + 3600);
    }
  }
}

void MakePayments(Shop& shop) {
  shop.payments.reserve(kOrders);
  for (int n = 1; n <= kOrders; ++n) {
    Dice dice("payment", n);
    const Order& order = shop.orders[static_cast<size_t>(n) - 1];
    payment_v1::Payment& payment = shop.payments.emplace_back();
    payment.set_id(Cat("payment-", n));
    payment.set_order_id(order.id());
    payment.set_user_id(order.user_id());
    payment.set_amount_cents(order.totals().grand_total_cents());
    payment.set_currency(order.currency());
    FillMethod(dice, n, payment);
    *payment.mutable_created_at() = order.placed_at();
    if (order.status() == Order::PLACED) {
      payment.set_state(payment_v1::Payment::AUTHORIZED);
    } else {
      payment.set_state(payment_v1::Payment::CAPTURED);
      payment.mutable_captured_at()->set_seconds(order.placed_at().seconds() + 90);
    }
    if (order.status() == Order::CANCELLED) {
      payment.set_state(payment_v1::Payment::REFUNDED);
      auto* refund = payment.add_refunds();
      refund->set_amount_cents(payment.amount_cents());
      refund->set_reason("order cancelled");
      *refund->mutable_refunded_at() = order.cancellation().cancelled_at();
    }
    if (dice.Chance(70)) payment.set_risk_score(static_cast<float>(dice.Between(0, 100)) / 128);
  }
}

void MakeShipments(Shop& shop) {
  shop.shipments.resize(kOrders);
  for (int n = 1; n <= kOrders; ++n) {
    const Order& order = shop.orders[static_cast<size_t>(n) - 1];
    const bool sent = order.status() == Order::SHIPPED || order.status() == Order::DELIVERED;
    if (sent) shop.shipments[static_cast<size_t>(n) - 1] = MakeShipment(order, n);
  }
}

void MakeGiftCards(Shop& shop) {
  using giftcard_v2::GiftCard;
  shop.gift_cards.reserve(kGiftCards);
  for (int n = 1; n <= kGiftCards; ++n) {
    const user_v1::User& user = shop.users[static_cast<size_t>(n)];
    GiftCard& card = shop.gift_cards.emplace_back();
    card.set_gift_card_id(Cat("card-", n));
    card.mutable_recipient()->set_name(user.display_name());
    card.mutable_recipient()->set_email(user.email());
    card.mutable_expires_at()->set_seconds(kToday + n * kDay);
    card.set_message("Viel Freude damit");
    card.set_channel("web");
    // Every third is spent.
    const int64_t left = n % 3 == 0 ? 0 : n * 500;
    card.mutable_balance()->set_cents(left);
    card.mutable_balance()->set_currency("EUR");
    card.set_state(left > 0 ? GiftCard::STATE_ACTIVE : GiftCard::STATE_SPENT);
    for (int i = left > 0 ? n % 2 : 0; i < 2; ++i) {
      auto* redemption = card.add_redemptions();
      redemption->set_order_id(Cat("order-", n * 10 + i));
      redemption->set_cents(1000 + n);
    }
  }
}

}  // namespace frontdesk::mock
