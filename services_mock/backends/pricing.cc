#include "services_mock/backends/all.h"
#include "shop/pricing/v1/pricing.pb.h"

namespace frontdesk::mock {
namespace {

namespace pricing_v1 = ::shop::pricing::v1;
using pricing_v1::Price;

constexpr int kTaxBasisPoints = 1900;

// Dollars for euros at a rate that never changes.
int64_t InCurrency(int64_t euro_cents, const std::string& currency) {
  return currency == "USD" ? euro_cents * 108 / 100 : euro_cents;
}

void FillPrice(const product_v1::Product& product, const std::string& currency, Price& price) {
  price.set_product_id(product.id());
  price.set_currency(currency);
  price.set_list_cents(InCurrency(product.price_cents(), currency));
  price.set_sale_cents(InCurrency(SaleCents(product), currency));
  price.set_tax_basis_points(kTaxBasisPoints);
  const int64_t less = price.list_cents() - price.sale_cents();
  if (less == 0) return;
  auto* discount = price.add_discounts();
  discount->set_label("Season's end");
  if (NumberOf("product", product.id()) % 2 == 0) {
    discount->set_basis_points(2000);
    discount->mutable_ends_at()->set_seconds(kToday + 14 * kDay);
  } else {
    discount->set_cents(less);
  }
}

Outcome GetPrice(Shop& shop, const pricing_v1::GetPriceRequest& request, Price& reply) {
  const std::string currency = request.currency().empty() ? "EUR" : request.currency();
  const Outcome valid =
      Violations()
          .AddIf(currency != "EUR" && currency != "USD", "currency", "must be EUR or USD")
          .Finish();
  if (Failed(valid)) return valid;
  product_v1::Product* product = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  FillPrice(*product, currency, reply);
  return Outcome();
}

Outcome BatchGet(Shop& shop, const pricing_v1::BatchGetRequest& request,
                 pricing_v1::BatchGetResponse& reply) {
  product_v1::BatchGetResponse found;
  Outcome outcome = CopyBatch(request.ids(), "product", shop.products, found.mutable_products());
  for (const auto& product : found.products()) FillPrice(product, "EUR", *reply.add_prices());
  return outcome;
}

Outcome Quote(Shop& shop, const pricing_v1::QuoteRequest& request,
              pricing_v1::QuoteResponse& reply) {
  Violations violations;
  violations.AddIf(request.items().empty(), "items", "must not be empty");
  for (int i = 0; i < request.items_size(); ++i) {
    violations.AddIf(request.items(i).quantity() <= 0, Cat("items[", i, "].quantity"),
                     "must be more than 0");
  }
  bool welcome = false;
  for (int i = 0; i < request.coupon_codes_size(); ++i) {
    welcome = true;
    violations.AddIf(request.coupon_codes(i) != "WELCOME10", Cat("coupon_codes[", i, "]"),
                     "is no coupon of this shop");
  }
  if (!violations.empty()) return violations.Finish();
  for (const auto& item : request.items()) {
    product_v1::Product* product = nullptr;
    if (Outcome none = FindProduct(shop, item.product_id(), product); Failed(none)) return none;
    const int64_t cents = SaleCents(*product) * item.quantity();
    (*reply.mutable_item_cents())[product->id()] += cents;
    reply.set_items_cents(reply.items_cents() + cents);
  }
  if (welcome) reply.set_discount_cents(reply.items_cents() / 10);
  reply.set_total_cents(reply.items_cents() - reply.discount_cents());
  reply.set_tax_cents(reply.total_cents() * kTaxBasisPoints / (10'000 + kTaxBasisPoints));
  reply.set_currency("EUR");
  return Outcome();
}

}  // namespace

void AddPricing(Backend& backend) {
  constexpr std::string_view kService = "shop.pricing.v1.Pricing";
  backend.Add(kService, "GetPrice", GetPrice);
  backend.Add(kService, "BatchGet", BatchGet);
  backend.Add(kService, "Quote", Quote);
}

}  // namespace frontdesk::mock
