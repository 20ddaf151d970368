#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using payment_v1::Payment;

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
  reply = shop.payments[static_cast<size_t>(order - shop.orders.data())];
  return Outcome();
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
  if (request.amount_cents() == left) payment->set_state(Payment::REFUNDED);
  reply = *payment;
  return Outcome();
}

}  // namespace

void AddPayment(Backend& backend) {
  constexpr std::string_view kService = "shop.payment.v1.Payments";
  backend.Add(kService, "GetPayment", GetPayment);
  backend.Add(kService, "GetByOrder", GetByOrder);
  backend.Add(kService, "ListPayments", ListPayments);
  backend.Add(kService, "Refund", Refund);
}

}  // namespace frontdesk::mock
