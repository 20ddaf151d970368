#include "services_mock/data/shop.h"

#include <gtest/gtest.h>

#include <set>

namespace frontdesk::mock {
namespace {

template <class List>
std::string Bytes(const List& list) {
  std::string bytes;
  for (const auto& message : list) bytes += message.SerializeAsString();
  return bytes;
}

TEST(Shop, SizesAndSameInEveryRun) {
  const Shop one = MakeShop();
  const Shop two = MakeShop();
  EXPECT_EQ(one.users.size(), 200u);
  EXPECT_EQ(one.products.size(), 1000u);
  EXPECT_EQ(one.stocks.size(), 1000u);
  EXPECT_EQ(one.orders.size(), 5000u);
  EXPECT_EQ(one.payments.size(), 5000u);
  EXPECT_EQ(one.shipments.size(), 5000u);
  EXPECT_EQ(one.carts.size(), 200u);
  EXPECT_EQ(Bytes(one.payments), Bytes(two.payments));
  EXPECT_EQ(Bytes(one.reviews), Bytes(two.reviews));
  EXPECT_EQ(Bytes(one.notifications), Bytes(two.notifications));
}

TEST(Shop, HangsTogether) {
  Shop shop = MakeShop();
  int64_t before = kOpening;
  std::set<int> statuses;
  std::set<int> methods;
  for (size_t i = 0; i < shop.orders.size(); ++i) {
    const order_v1::Order& order = shop.orders[i];
    SCOPED_TRACE(order.id());
    statuses.insert(order.status());
    methods.insert(shop.payments[i].method_case());
    user_v1::User* user = nullptr;
    ASSERT_FALSE(Failed(FindUser(shop, order.user_id(), user)));
    ASSERT_GT(order.lines_size(), 0);
    std::set<std::string> products;
    int64_t total = 0;
    for (const auto& line : order.lines()) {
      product_v1::Product* product = nullptr;
      ASSERT_FALSE(Failed(FindProduct(shop, line.product_id(), product)));
      EXPECT_TRUE(products.insert(line.product_id()).second);
      EXPECT_EQ(line.unit_price_cents(), SaleCents(*product));
      total += line.total_cents();
    }
    EXPECT_EQ(order.totals().items_cents(), total);
    EXPECT_EQ(shop.payments[i].order_id(), order.id());
    EXPECT_EQ(shop.payments[i].amount_cents(), order.totals().grand_total_cents());
    const bool sent =
        order.status() == order_v1::Order::SHIPPED || order.status() == order_v1::Order::DELIVERED;
    EXPECT_EQ(shop.shipments[i].has_value(), sent);
    EXPECT_GT(order.placed_at().seconds(), before);
    before = order.placed_at().seconds();
  }
  EXPECT_EQ(statuses.size(), 5u);
  EXPECT_EQ(methods.size(), 3u);
  EXPECT_LT(shop.orders.back().placed_at().seconds(), kToday);
  // What the demo asks for.
  EXPECT_EQ(shop.orders[0].user_id(), "user-1");
  EXPECT_TRUE(shop.shipments[0].has_value());
  EXPECT_EQ(shop.reviews[0].order_id(), "order-1");
}

TEST(Shop, NumberOf) {
  struct Row {
    const char* id;
    int number;
  };
  const Row rows[] = {{"order-1", 1},
                      {"order-5000", 5000},
                      {"order-2147483647", 2147483647},
                      {"order-2147483648", 0},
                      {"order-0", 0},
                      {"order-01", 0},
                      {"order--1", 0},
                      {"order-+1", 0},
                      {"order-1 ", 0},
                      {"order- 1", 0},
                      {"order-", 0},
                      {"order", 0},
                      {"", 0},
                      {"user-1", 0},
                      {"orders-1", 0},
                      {"order_1", 0},
                      {"order-1x", 0},
                      {"ORDER-1", 0}};
  for (const Row& row : rows) EXPECT_EQ(NumberOf("order", row.id), row.number) << row.id;
}

TEST(Shop, Crc32cOfItsCheckString) { EXPECT_EQ(Crc32c("123456789"), 0xe3069283u); }

}  // namespace
}  // namespace frontdesk::mock
