// The data of the demo shop: 200 users, 1,000 products, 5,000 orders and what belongs to them. The
// same in every run.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services_mock/outcome.h"
#include "shop/cart/v1/cart.pb.h"
#include "shop/giftcard/v2/giftcard.pb.h"
#include "shop/inventory/v1/inventory.pb.h"
#include "shop/notification/v1/notification.pb.h"
#include "shop/order/v1/order.pb.h"
#include "shop/payment/v1/payment.pb.h"
#include "shop/product/v1/product.pb.h"
#include "shop/review/v1/review.pb.h"
#include "shop/shipping/v1/shipping.pb.h"
#include "shop/user/v1/user.pb.h"

namespace frontdesk::mock {

namespace cart_v1 = ::shop::cart::v1;
namespace giftcard_v2 = ::shop::giftcard::v2;
namespace inventory_v1 = ::shop::inventory::v1;
namespace notification_v1 = ::shop::notification::v1;
namespace order_v1 = ::shop::order::v1;
namespace payment_v1 = ::shop::payment::v1;
namespace product_v1 = ::shop::product::v1;
namespace review_v1 = ::shop::review::v1;
namespace shipping_v1 = ::shop::shipping::v1;
namespace user_v1 = ::shop::user::v1;

inline constexpr int kUsers = 200;
inline constexpr int kProducts = 1000;
inline constexpr int kGiftCards = 50;  // at the start
inline constexpr int kOrders = 5000;   // at the start
// 2024-01-01T00:00:00Z, when the shop opened, and the day on which its data ends.
inline constexpr int64_t kOpening = 1704067200;
inline constexpr int64_t kDay = 86400;
inline constexpr int64_t kToday = kOpening + 300 * kDay;

struct PhotoFile {
  std::string content_type;
  std::string data;
};

// What was done to the shop since the start, and taken back.
struct Effects {
  uint64_t reservations = 0;
  uint64_t releases = 0;
  uint64_t charges = 0;
  uint64_t refunds = 0;
  uint64_t orders = 0;
  uint64_t orders_cancelled = 0;
  uint64_t shipments = 0;
  uint64_t shipments_cancelled = 0;
  uint64_t replays = 0;  // calls answered as before, because their idempotency key was known
};

// What a call with an idempotency key did.
struct Deed {
  std::string request;
  std::string reply;
  bool undone = false;
};

// A plain value; whoever shares it locks. Element i has the id number i + 1 ("user-1"), except
// where said otherwise.
struct Shop {
  std::vector<user_v1::User> users;
  std::vector<product_v1::Product> products;
  std::vector<inventory_v1::Stock> stocks;  // by product
  std::vector<order_v1::Order> orders;
  std::vector<payment_v1::Payment> payments;                    // by order
  std::vector<std::optional<shipping_v1::Shipment>> shipments;  // by order, none before it is sent
  std::vector<review_v1::Review> reviews;
  std::vector<PhotoFile> photos;
  std::vector<notification_v1::Notification> notifications;
  std::vector<cart_v1::Cart> carts;  // by user
  std::vector<giftcard_v2::GiftCard> gift_cards;
  std::map<std::string, inventory_v1::Reservation> reservations;
  int reservations_made = 0;
  std::set<std::string> event_ids;

  Effects effects;
  std::map<std::string, Deed> deeds;           // by path and idempotency key
  std::map<std::string, std::string> made_by;  // id of what was made -> its key in `deeds`
  std::string call_key;  // of the call that is being answered; "" when it has no key
};

Shop MakeShop();

// Parts of MakeShop(), each needing those before it.
void MakeUsers(Shop& shop);
void MakeProducts(Shop& shop);
void MakeOrders(Shop& shop);
void MakePayments(Shop& shop);
void MakeShipments(Shop& shop);
void MakeReviews(Shop& shop);
void MakeNotifications(Shop& shop);
void MakeCarts(Shop& shop);
void MakeGiftCards(Shop& shop);

// Categories of the catalogue.
const std::vector<std::string>& Categories();
// "EUR" prices before any discount, including tax: what pricing and catalogue agree on.
int64_t SaleCents(const product_v1::Product& product);
uint32_t Crc32c(std::string_view bytes);

// 7 of "order-7" with prefix "order"; 0 for anything else ("order-07", "order-x", "user-7").
int NumberOf(std::string_view prefix, std::string_view id);

// The element with the id "<prefix>-<n>". INVALID_ARGUMENT for `field` if the id is empty,
// NOT_FOUND of `type` if there is none. `found` is set on success and owned by the list.
template <class T>
Outcome Find(std::vector<T>& list, std::string_view prefix, std::string_view type,
             std::string_view field, const std::string& id, T*& found) {
  if (id.empty()) return Violations().Add(field, "must not be empty").Finish();
  const int number = NumberOf(prefix, id);
  if (number == 0 || number > static_cast<int>(list.size())) return NotFound(type, id);
  found = &list[static_cast<size_t>(number) - 1];
  return Outcome();
}

// Of handlers: the call at hand makes the thing with this id, or takes it back.
void NoteMade(Shop& shop, const std::string& id);
void NoteUndone(Shop& shop, const std::string& id);

// Where and with which words the shop's things are looked up.
Outcome FindUser(Shop& shop, const std::string& id, user_v1::User*& found);
Outcome FindProduct(Shop& shop, const std::string& id, product_v1::Product*& found);
Outcome FindOrder(Shop& shop, const std::string& id, order_v1::Order*& found);

}  // namespace frontdesk::mock
