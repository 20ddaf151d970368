// What customers say about products, and what the shop says to customers.
#include <array>

#include "absl/strings/escaping.h"
#include "gateway/base/text.h"
#include "services_mock/data/dice.h"
#include "services_mock/data/shop.h"

namespace frontdesk::mock {
namespace {

// A PNG of one transparent pixel.
const std::string& Pixel() {
  static const auto* const pixel = [] {
    auto* decoded = new std::string;
    absl::Base64Unescape(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5C"
        "YII=",
        decoded);
    return decoded;
  }();
  return *pixel;
}

void AddPhoto(Shop& shop, review_v1::Review& review) {
  shop.photos.push_back({"image/png", Pixel()});
  auto* photo = review.add_photos();
  photo->set_id(Cat("photo-", shop.photos.size()));
  photo->set_content_type("image/png");
  photo->set_size_bytes(static_cast<int64_t>(Pixel().size()));
  photo->set_checksum(Crc32c(Pixel()));
}

void AddReview(Shop& shop, Dice& dice, const order_v1::Order& order,
               const order_v1::Order::Line& line) {
  static constexpr std::array<std::string_view, 5> kTitles = {
      "Not for me", "Could be better", "Does its job", "Good", "Wonderful \u2728"};
  review_v1::Review& review = shop.reviews.emplace_back();
  review.set_id(Cat("review-", shop.reviews.size()));
  review.set_product_id(line.product_id());
  review.set_user_id(order.user_id());
  review.set_order_id(order.id());
  review.set_stars(std::min(5, dice.Between(1, 7)));
  review.set_title(std::string(kTitles[static_cast<size_t>(review.stars()) - 1]));
  review.set_text(Cat("Bought ", line.quantity(), " of these. ", review.title(), "."));
  review.mutable_created_at()->set_seconds(order.placed_at().seconds() +
                                           dice.Between(3, 10) * kDay);
  review.set_helpful_votes(dice.Between(0, 40));
  if (dice.Chance(15)) AddPhoto(shop, review);
  if (dice.Chance(20)) review.set_reply("Thank you for telling us.");
}

// The mean that the catalogue shows, from the reviews themselves.
void FillRatings(Shop& shop) {
  std::vector<std::pair<int, int>> sums(kProducts);
  for (const review_v1::Review& review : shop.reviews) {
    auto& [stars, count] = sums[NumberOf("product", review.product_id()) - 1];
    stars += review.stars();
    ++count;
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    const auto [stars, count] = sums[i];
    if (count > 0) shop.products[i].set_rating(static_cast<double>(stars) / count);
  }
}

}  // namespace

void MakeReviews(Shop& shop) {
  for (int n = 1; n <= kOrders; ++n) {
    const order_v1::Order& order = shop.orders[static_cast<size_t>(n) - 1];
    if (order.status() != order_v1::Order::DELIVERED) continue;
    Dice dice("review", n);
    for (const auto& line : order.lines()) {
      if (dice.Chance(n == 1 ? 100 : 45)) AddReview(shop, dice, order, line);
    }
  }
  FillRatings(shop);
}

void MakeNotifications(Shop& shop) {
  constexpr int kEach = 12;
  using notification_v1::Notification;
  for (int n = 1; n <= kUsers * kEach; ++n) {
    Dice dice("notification", n);
    const int user = (n - 1) % kUsers + 1;
    Notification& notification = shop.notifications.emplace_back();
    notification.set_id(Cat("notification-", n));
    notification.set_user_id(Cat("user-", user));
    notification.set_channel(static_cast<Notification::Channel>(dice.Between(1, 3)));
    notification.mutable_sent_at()->set_seconds(kToday - kUsers * kEach * 997 + n * 997);
    if (n <= kUsers * (kEach - 4) || dice.Chance(40)) {
      notification.mutable_read_at()->set_seconds(notification.sent_at().seconds() + 600);
    }
    if (dice.Chance(70)) {
      // The customer's own orders are user, user + 200, user + 400, ...
      const int number = user + kUsers * dice.Between(0, kOrders / kUsers - 1);
      const order_v1::Order& order = shop.orders[static_cast<size_t>(number) - 1];
      notification.mutable_order_update()->set_order_id(order.id());
      notification.mutable_order_update()->set_state(order_v1::Order::Status_Name(order.status()));
      notification.set_title(Cat("News about ", order.id()));
      notification.set_body(Cat("It is now: ", notification.order_update().state(), "."));
    } else {
      const product_v1::Product& product = dice.Of(shop.products);
      notification.mutable_offer()->set_product_id(product.id());
      notification.mutable_offer()->set_discount_percent(dice.Between(1, 8) * 5);
      notification.set_title(Cat("Less for ", product.title()));
      notification.set_body(Cat(notification.offer().discount_percent(), " % off <today> & only."));
    }
  }
}

}  // namespace frontdesk::mock
