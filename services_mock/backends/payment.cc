#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using payment_v1::Payment;

constexpr std::string_view kDeclined = "tok-declined";
constexpr size_t kMostPayments = 100'000;

Outcome FindPayment(Shop& shop, const std::string& id, Payment*& found) {
  return Find(shop.payments, "payment", "shop.payment.v1.Payment", "payment_id", id, found);
}

Outcome GetPayment(Shop& shop, const payment_v1::GetPaymentRequest& request, Payment& reply) {
  Payment* payment = nullptr;
  Outcome outcome = FindPayment(shop, request.payment_id(), payment);
  if (!Failed(outcome)) reply = *payment;
  return outcome;
}

Outcome GetByOrder(Shop& shop, const payment_v1::GetByOrderRequest& request, Payment& reply) {
  order_v1::Order* order = nullptr;
  if (Outcome none = FindOrder(shop, request.order_id(), order); Failed(none)) return none;
  // Usually the one at the same place; what was bought since the start is looked for.
  const auto place = static_cast<size_t>(order - shop.orders.data());
  if (place < static_cast<size_t>(kOrders)) {
    reply = shop.payments[place];
    return Outcome();
  }
  for (auto payment = shop.payments.rbegin(); payment != shop.payments.rend(); ++payment) {
    if (payment->order_id() != order->id()) continue;
    reply = *payment;
    return Outcome();
  }
  return NotFound("shop.payment.v1.Payment", Cat("of ", order->id()));
}

Outcome ListPayments(Shop& shop, const payment_v1::ListPaymentsRequest& request,
                     payment_v1::ListPaymentsResponse& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const std::string list = Cat("payments of ", user->id());
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Payment*> all;
  for (auto payment = shop.payments.rbegin(); payment != shop.payments.rend(); ++payment) {
    if (payment->user_id() == user->id()) all.push_back(&*payment);
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_payments()));
  return Outcome();
}

Outcome Charge(Shop& shop, const payment_v1::ChargeRequest& request, Payment& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const Outcome valid =
      Violations()
          .AddIf(request.amount_cents() <= 0, "amount_cents", "must be more than 0")
          .AddIf(request.currency() != "EUR", "currency", "must be EUR")
          .AddIf(request.payment_token().empty(), "payment_token", "must not be empty")
          .Finish();
  if (Failed(valid)) return valid;
  if (request.payment_token() == kDeclined) {
    return Precondition("CARD_DECLINED", request.payment_token(), "the bank says no");
  }
  if (shop.payments.size() >= kMostPayments) {
    constexpr int kResourceExhausted = 8;
    return Failure(kResourceExhausted, "TOO_MANY_PAYMENTS", "no more payments fit");
  }
  Payment& payment = shop.payments.emplace_back();
  payment.set_id(Cat("payment-", shop.payments.size()));
  payment.set_user_id(user->id());
  payment.set_state(Payment::CAPTURED);
  payment.set_amount_cents(request.amount_cents());
  payment.set_currency(request.currency());
  payment.mutable_wallet()->set_provider("Beutel");
  payment.mutable_wallet()->set_token(request.payment_token());
  payment.mutable_created_at()->set_seconds(kToday);
  payment.mutable_captured_at()->set_seconds(kToday);
  ++shop.effects.charges;
  NoteMade(shop, payment.id());
  reply = payment;
  return Outcome();
}

Outcome Refund(Shop& shop, const payment_v1::RefundRequest& request, Payment& reply) {
  Payment* payment = nullptr;
  if (Outcome none = FindPayment(shop, request.payment_id(), payment); Failed(none)) return none;
  int64_t left = payment->amount_cents();
  for (const auto& refund : payment->refunds()) left -= refund.amount_cents();
  const Outcome valid =
      Violations()
          .AddIf(request.amount_cents() <= 0, "amount_cents", "must be more than 0")
          .AddIf(request.amount_cents() > left, "amount_cents", Cat("must not be over ", left))
          .Finish();
  if (Failed(valid)) return valid;
  if (payment->state() != Payment::CAPTURED) {
    return Precondition("PAYMENT_NOT_CAPTURED", payment->id(),
                        Cat("the payment is ", Payment::State_Name(payment->state())));
  }
  auto* refund = payment->add_refunds();
  refund->set_amount_cents(request.amount_cents());
  refund->set_reason(request.reason());
  refund->mutable_refunded_at()->set_seconds(kToday);
  ++shop.effects.refunds;
  if (request.amount_cents() == left) {
    payment->set_state(Payment::REFUNDED);
    NoteUndone(shop, payment->id());
  }
  reply = *payment;
  return Outcome();
}

}  // namespace

void AddPayment(Backend& backend) {
  constexpr std::string_view kService = "shop.payment.v1.Payments";
  backend.Add(kService, "GetPayment", GetPayment);
  backend.Add(kService, "GetByOrder", GetByOrder);
  backend.Add(kService, "ListPayments", ListPayments);
  backend.AddOnce(kService, "Charge", Charge);
  backend.AddOnce(kService, "Refund", Refund);
  AddGiftCards(backend);
}

}  // namespace frontdesk::mock
