#include "services_mock/backends/all.h"
#include "services_mock/data/dice.h"
#include "shop/recommendation/v1/recommendation.pb.h"

namespace frontdesk::mock {
namespace {

namespace recommendation_v1 = ::shop::recommendation::v1;
using recommendation_v1::Recommendation;

constexpr int kDefaultResults = 10;
constexpr int kMostResults = 50;

Outcome CheckResults(int max_results) {
  return Violations().AddIf(max_results < 0, "max_results", "must not be negative").Finish();
}

// `not_this` is a product number that is left out.
template <class Response>
void FillResults(const Shop& shop, Dice dice, int max_results, int not_this, Response& reply) {
  const int count = max_results == 0 ? kDefaultResults : std::min(max_results, kMostResults);
  reply.set_model("neighbours-3");
  int index = dice.Between(0, kProducts - 1);
  // 173 and 1,000 have no common divisor, so no product comes twice.
  for (int i = 0; i < count; index = (index + 173) % kProducts) {
    if (index + 1 == not_this) continue;
    const product_v1::Product& product = shop.products[static_cast<size_t>(index)];
    Recommendation* one = reply.add_recommendations();
    one->set_product_id(product.id());
    one->set_title(product.title());
    one->set_price_cents(SaleCents(product));
    one->set_reason(static_cast<Recommendation::Reason>(dice.Between(1, 4)));
    one->set_score(1.0 / (1 + i));
    ++i;
  }
}

Outcome ListForUser(Shop& shop, const recommendation_v1::ListForUserRequest& request,
                    recommendation_v1::ListForUserResponse& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  if (Outcome bad = CheckResults(request.max_results()); Failed(bad)) return bad;
  FillResults(shop, Dice("for user", NumberOf("user", user->id())), request.max_results(), 0,
              reply);
  return Outcome();
}

Outcome ListForProduct(Shop& shop, const recommendation_v1::ListForProductRequest& request,
                       recommendation_v1::ListForProductResponse& reply) {
  product_v1::Product* product = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  if (Outcome bad = CheckResults(request.max_results()); Failed(bad)) return bad;
  const int number = NumberOf("product", product->id());
  FillResults(shop, Dice("for product", number), request.max_results(), number, reply);
  return Outcome();
}

}  // namespace

void AddRecommendation(Backend& backend) {
  constexpr std::string_view kService = "shop.recommendation.v1.Recommendations";
  backend.Add(kService, "ListForUser", ListForUser);
  backend.Add(kService, "ListForProduct", ListForProduct);
}

}  // namespace frontdesk::mock
