#include <algorithm>
#include <cstdio>

#include "google/api/httpbody.pb.h"
#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using order_v1::Order;

constexpr size_t kMostOrders = 100'000;

Outcome GetOrder(Shop& shop, const order_v1::GetOrderRequest& request, Order& reply) {
  Order* order = nullptr;
  Outcome outcome = FindOrder(shop, request.order_id(), order);
  if (!Failed(outcome)) reply = *order;
  return outcome;
}

Outcome BatchGet(Shop& shop, const order_v1::BatchGetRequest& request,
                 order_v1::BatchGetResponse& reply) {
  return CopyBatch(request.ids(), "order", shop.orders, reply.mutable_orders());
}

// Names the list for its page tokens: a token of another filter must not fit.
std::string ListName(const order_v1::ListOrdersRequest& request) {
  std::string name = Cat("orders of ", request.user_id());
  for (const int status : request.statuses()) name += Cat(" ", status);
  return name;
}

Outcome ListOrders(Shop& shop, const order_v1::ListOrdersRequest& request,
                   order_v1::ListOrdersResponse& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const std::string list = ListName(request);
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Order*> all;
  const auto& wanted = request.statuses();
  for (auto order = shop.orders.rbegin(); order != shop.orders.rend(); ++order) {
    if (order->user_id() != user->id()) continue;
    if (wanted.empty() || std::count(wanted.begin(), wanted.end(), order->status()) > 0) {
      all.push_back(&*order);
    }
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_orders()));
  reply.set_total_size(static_cast<int>(all.size()));
  return Outcome();
}

Outcome ListLines(Shop& shop, const order_v1::ListLinesRequest& request,
                  order_v1::ListLinesResponse& reply) {
  Order* order = nullptr;
  Outcome outcome = FindOrder(shop, request.order_id(), order);
  if (!Failed(outcome)) *reply.mutable_lines() = order->lines();
  return outcome;
}

// What CreateOrder must know of the order besides its lines.
Violations CheckOrder(const order_v1::CreateOrderRequest& request) {
  Violations violations;
  violations.AddIf(request.items().empty(), "items", "must not be empty");
  for (int i = 0; i < request.items_size(); ++i) {
    violations.AddIf(request.items(i).quantity() <= 0, Cat("items[", i, "].quantity"),
                     "must be more than 0");
  }
  violations.AddIf(request.shipping_address().country().size() != 2, "shipping_address.country",
                   "must be two letters (ISO 3166-1)");
  return violations;
}

void FillLines(const order_v1::CreateOrderRequest& request, Order& order) {
  for (const auto& item : request.items()) {
    Order::Line& line = *order.add_lines();
    line.set_product_id(item.product_id());
    line.set_title(item.title());
    line.set_quantity(item.quantity());
    line.set_unit_price_cents(item.unit_price_cents());
    line.set_total_cents(item.quantity() * item.unit_price_cents());
  }
}

Outcome CreateOrder(Shop& shop, const order_v1::CreateOrderRequest& request, Order& reply) {
  user_v1::User* user = nullptr;
  payment_v1::Payment* payment = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  if (Outcome wrong = CheckOrder(request).Finish(); Failed(wrong)) return wrong;
  Outcome none = Find(shop.payments, "payment", "shop.payment.v1.Payment", "payment_id",
                      request.payment_id(), payment);
  if (Failed(none)) return none;
  if (payment->state() != payment_v1::Payment::CAPTURED || !payment->order_id().empty()) {
    return Precondition("PAYMENT_NOT_USABLE", payment->id(), "it pays for nothing any more");
  }
  if (shop.orders.size() >= kMostOrders) {
    constexpr int kResourceExhausted = 8;
    return Failure(kResourceExhausted, "TOO_MANY_ORDERS", "no more orders fit");
  }
  Order& order = shop.orders.emplace_back();
  shop.shipments.emplace_back();
  order.set_id(Cat("order-", shop.orders.size()));
  order.set_user_id(user->id());
  order.set_status(Order::PAID);
  order.mutable_placed_at()->set_seconds(kToday);
  FillLines(request, order);
  *order.mutable_totals() = request.totals();
  order.set_currency(request.currency());
  *order.mutable_shipping_address() = request.shipping_address();
  order.set_delivery_service(request.delivery_service());
  if (request.has_note()) order.set_note(request.note());
  *order.mutable_coupon_codes() = request.coupon_codes();
  payment->set_order_id(order.id());
  ++shop.effects.orders;
  NoteMade(shop, order.id());
  reply = order;
  return Outcome();
}

Outcome CancelOrder(Shop& shop, const order_v1::CancelOrderRequest& request, Order& reply) {
  Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  const Outcome valid =
      Violations().AddIf(request.reason().size() > 200, "reason", "is over 200 bytes").Finish();
  if (Failed(valid)) return valid;
  if (order->status() != Order::PLACED && order->status() != Order::PAID) {
    return Precondition("ORDER_NOT_CANCELLABLE", order->id(),
                        Cat("the order is ", Order::Status_Name(order->status())));
  }
  order->set_status(Order::CANCELLED);
  order->mutable_cancellation()->set_reason(request.reason());
  order->mutable_cancellation()->mutable_cancelled_at()->set_seconds(kToday);
  ++shop.effects.orders_cancelled;
  NoteUndone(shop, order->id());
  reply = *order;
  return Outcome();
}

std::string Euros(int64_t cents) {
  char text[48];
  std::snprintf(text, sizeof text, "%10.2f EUR\n", static_cast<double>(cents) / 100);
  return text;
}

Outcome GetInvoice(Shop& shop, const order_v1::GetInvoiceRequest& request,
                   google::api::HttpBody& reply) {
  Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  std::string text = Cat("INVOICE for ", order->id(), "\n\n");
  text +=
      Cat(order->shipping_address().recipient(), "\n", order->shipping_address().city(), "\n\n");
  for (const Order::Line& line : order->lines()) {
    text += Cat(line.quantity(), " x ", line.title(), "\n", Euros(line.total_cents()));
  }
  text += Cat("\nShipping\n", Euros(order->totals().shipping_cents()), "Discount\n",
              Euros(-order->totals().discount_cents()), "Total, tax included\n",
              Euros(order->totals().grand_total_cents()));
  reply.set_content_type("text/plain; charset=utf-8");
  reply.set_data(text);
  return Outcome();
}

}  // namespace

void AddOrder(Backend& backend) {
  constexpr std::string_view kService = "shop.order.v1.Orders";
  backend.Add(kService, "GetOrder", GetOrder);
  backend.Add(kService, "BatchGet", BatchGet);
  backend.Add(kService, "ListOrders", ListOrders);
  backend.Add(kService, "ListLines", ListLines);
  backend.AddOnce(kService, "CreateOrder", CreateOrder);
  backend.AddOnce(kService, "CancelOrder", CancelOrder);
  backend.Add(kService, "GetInvoice", GetInvoice);
}

}  // namespace frontdesk::mock
