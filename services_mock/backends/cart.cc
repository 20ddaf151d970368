#include "services_mock/backends/all.h"

namespace frontdesk::mock {
namespace {

using cart_v1::Cart;

constexpr int kMostPieces = 999;
constexpr std::string_view kCoupon = "WELCOME10";  // a tenth less

Outcome FindCart(Shop& shop, const std::string& user_id, Cart*& found) {
  user_v1::User* user = nullptr;
  Outcome outcome = FindUser(shop, user_id, user);
  if (!Failed(outcome)) found = &shop.carts[static_cast<size_t>(user - shop.users.data())];
  return outcome;
}

Cart::Item* ItemOf(Cart& cart, const std::string& product_id) {
  for (Cart::Item& item : *cart.mutable_items()) {
    if (item.product_id() == product_id) return &item;
  }
  return nullptr;
}

void CountTotal(Cart& cart) {
  int64_t total = 0;
  for (const Cart::Item& item : cart.items()) total += item.quantity() * item.unit_price_cents();
  cart.set_total_cents(total);
  cart.mutable_updated_at()->set_seconds(kToday);
}

Outcome GetCart(Shop& shop, const cart_v1::GetCartRequest& request, Cart& reply) {
  Cart* cart = nullptr;
  Outcome outcome = FindCart(shop, request.user_id(), cart);
  if (!Failed(outcome)) reply = *cart;
  return outcome;
}

Outcome AddItem(Shop& shop, const cart_v1::AddItemRequest& request, Cart& reply) {
  Cart* cart = nullptr;
  product_v1::Product* product = nullptr;
  const Cart::Item& given = request.item();
  if (Outcome none = FindCart(shop, request.user_id(), cart); Failed(none)) return none;
  const Outcome valid =
      Violations()
          .AddIf(given.product_id().empty(), "item.product_id", "must not be empty")
          .AddIf(given.quantity() < 1 || given.quantity() > kMostPieces, "item.quantity",
                 "must be from 1 to 999")
          .Finish();
  if (Failed(valid)) return valid;
  if (Outcome none = FindProduct(shop, given.product_id(), product); Failed(none)) return none;
  Cart::Item* item = ItemOf(*cart, product->id());
  if (item == nullptr) item = cart->add_items();
  item->set_product_id(product->id());
  item->set_title(product->title());
  item->set_unit_price_cents(SaleCents(*product));
  item->set_quantity(std::min(item->quantity() + given.quantity(), kMostPieces));
  if (given.has_gift_message()) item->set_gift_message(given.gift_message());
  CountTotal(*cart);
  reply = *cart;
  return Outcome();
}

Outcome RemoveItem(Shop& shop, const cart_v1::RemoveItemRequest& request, Cart& reply) {
  Cart* cart = nullptr;
  if (Outcome none = FindCart(shop, request.user_id(), cart); Failed(none)) return none;
  Cart::Item* item = ItemOf(*cart, request.product_id());
  if (item == nullptr) return NotFound("shop.cart.v1.Cart.Item", request.product_id());
  for (int i = 0; i < cart->items_size(); ++i) {
    if (&cart->items(i) != item) continue;
    cart->mutable_items()->DeleteSubrange(i, 1);
    break;
  }
  CountTotal(*cart);
  reply = *cart;
  return Outcome();
}

Outcome ValidateCart(Shop& shop, const cart_v1::ValidateCartRequest& request,
                     cart_v1::ValidatedCart& reply) {
  Cart* cart = nullptr;
  if (Outcome none = FindCart(shop, request.user_id(), cart); Failed(none)) return none;
  if (cart->items().empty()) return Precondition("CART_EMPTY", cart->user_id(), "nothing is in it");
  const auto& coupons = request.coupon_codes();
  for (int i = 0; i < coupons.size(); ++i) {
    if (coupons[i] == kCoupon) continue;
    return Violations().Add(Cat("coupon_codes[", i, "]"), "there is no such coupon").Finish();
  }
  *reply.mutable_items() = cart->items();
  reply.set_currency(cart->currency());
  cart_v1::ValidatedCart::Totals& totals = *reply.mutable_totals();
  const int64_t items = cart->total_cents();
  totals.set_items_cents(items);
  totals.set_shipping_cents(items >= 5000 ? 0 : 490);
  totals.set_discount_cents(coupons.empty() ? 0 : items / 10);
  totals.set_grand_total_cents(items + totals.shipping_cents() - totals.discount_cents());
  totals.set_tax_cents(totals.grand_total_cents() * 19 / 119);
  return Outcome();
}

}  // namespace

void AddCart(Backend& backend) {
  constexpr std::string_view kService = "shop.cart.v1.Carts";
  backend.Add(kService, "GetCart", GetCart);
  backend.Add(kService, "AddItem", AddItem);
  backend.Add(kService, "RemoveItem", RemoveItem);
  backend.Add(kService, "ValidateCart", ValidateCart);
}

}  // namespace frontdesk::mock
