#include "services_mock/data/shop.h"

#include <charconv>

namespace frontdesk::mock {

Shop MakeShop() {
  Shop shop;
  MakeUsers(shop);
  MakeProducts(shop);
  MakeOrders(shop);
  MakePayments(shop);
  MakeShipments(shop);
  MakeReviews(shop);
  MakeNotifications(shop);
  MakeCarts(shop);
  MakeGiftCards(shop);
  return shop;
}

int NumberOf(std::string_view prefix, std::string_view id) {
  if (id.size() < prefix.size() + 2 || id.substr(0, prefix.size()) != prefix) return 0;
  if (id[prefix.size()] != '-') return 0;
  id.remove_prefix(prefix.size() + 1);
  if (id.front() < '1' || id.front() > '9') return 0;
  int number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  return error == std::errc() && end == id.data() + id.size() ? number : 0;
}

void NoteMade(Shop& shop, const std::string& id) {
  if (!shop.call_key.empty()) shop.made_by[id] = shop.call_key;
}

// Who asks for it again under the same key must not be told that it is there.
void NoteUndone(Shop& shop, const std::string& id) {
  const auto made = shop.made_by.find(id);
  if (made == shop.made_by.end()) return;
  const auto deed = shop.deeds.find(made->second);
  if (deed != shop.deeds.end()) deed->second.undone = true;
}

Outcome FindUser(Shop& shop, const std::string& id, user_v1::User*& found) {
  return Find(shop.users, "user", "shop.user.v1.User", "user_id", id, found);
}

Outcome FindProduct(Shop& shop, const std::string& id, product_v1::Product*& found) {
  return Find(shop.products, "product", "shop.product.v1.Product", "product_id", id, found);
}

Outcome FindOrder(Shop& shop, const std::string& id, order_v1::Order*& found) {
  return Find(shop.orders, "order", "shop.order.v1.Order", "order_id", id, found);
}

// Bit by bit: photos are small and few.
uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78 & (0 - (crc & 1)));
  }
  return ~crc;
}

}  // namespace frontdesk::mock
