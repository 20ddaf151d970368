#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <set>

#include "services_mock/backend.h"

namespace frontdesk::mock {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

// Calls methods by path with requests and replies as text.
class Shopfront {
 public:
  struct Answer {
    Outcome outcome;
    std::string text;  // the reply, or the outcome with its details
    std::unique_ptr<google::protobuf::Message> reply;
  };

  Answer Call(const std::string& path, const std::string& request_text,
              const std::string& key = "") {
    const MethodDescriptor* method = FindMethod(path);
    EXPECT_NE(method, nullptr) << path;
    auto request = New(method->input_type());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(request_text, request.get()));
    std::string bytes;
    Answer answer;
    answer.outcome = (*Find(path))(request->SerializeAsString(), key, &bytes);
    answer.reply = New(method->output_type());
    EXPECT_TRUE(answer.reply->ParseFromString(bytes));
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.SetExpandAny(true);
    if (Failed(answer.outcome)) {
      printer.PrintToString(answer.outcome, &answer.text);
    } else {
      printer.PrintToString(*answer.reply, &answer.text);
    }
    return answer;
  }
  const Backend::Handler* Find(const std::string& path) {
    for (const auto& backend : backends_) {
      if (const Backend::Handler* handler = backend->Find(path)) return handler;
    }
    return nullptr;
  }
  World& world() { return world_; }
  const std::vector<std::unique_ptr<Backend>>& backends() const { return backends_; }

 private:
  static const MethodDescriptor* FindMethod(std::string path) {
    path[path.rfind('/')] = '.';
    return DescriptorPool::generated_pool()->FindMethodByName(path.substr(1));
  }
  static std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* type) {
    return std::unique_ptr<google::protobuf::Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }

  World world_;
  std::vector<std::unique_ptr<Backend>> backends_ = MakeBackends(world_);
};

TEST(Backends, CarryOutEveryMethodOfTheContract) {
  Shopfront shop;
  const char* const services[] = {
      "shop.user.v1.Users",          "shop.user.v2.Users",
      "shop.order.v1.Orders",        "shop.payment.v1.Payments",
      "shop.product.v1.Products",    "shop.inventory.v1.Inventory",
      "shop.shipping.v1.Shipping",   "shop.review.v1.Reviews",
      "shop.pricing.v1.Pricing",     "shop.recommendation.v1.Recommendations",
      "shop.cart.v1.Carts",          "shop.notification.v1.Notifications",
      "shop.analytics.v1.Analytics", "shop.giftcard.v2.GiftCards"};
  for (const char* name : services) {
    const auto* service = DescriptorPool::generated_pool()->FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      EXPECT_NE(shop.Find(Cat("/", name, "/", service->method(i)->name())), nullptr)
          << service->method(i)->full_name();
    }
  }
}

struct Row {
  const char* path;
  const char* request;
  int code;
  const char* part;  // must occur in the reply or in the outcome
};

TEST(Backends, Answers) {
  const Row rows[] = {
      {"/shop.user.v1.Users/GetUser", "user_id: 'user-200'", 0, "id: \"user-200\""},
      {"/shop.user.v1.Users/GetUser", "user_id: 'user-201'", 5, "resource_name: \"user-201\""},
      {"/shop.user.v1.Users/GetUser", "user_id: 'order-1'", 5, "NO_SUCH_RESOURCE"},
      {"/shop.user.v1.Users/GetUser", "", 3, "field: \"user_id\""},
      {"/shop.user.v1.Users/GetMe", "user_id: 'user-3'", 0, "id: \"user-3\""},
      {"/shop.user.v1.Users/BatchGet", "ids: 'user-2' ids: 'x' ids: 'user-1'", 0, "user-2"},
      {"/shop.user.v1.Users/ListUsers", "page_size: -1", 3, "field: \"page_size\""},
      {"/shop.user.v2.Users/GetUser", "user_id: 'user-1'", 0, "given: "},
      {"/shop.order.v1.Orders/GetOrder", "order_id: 'order-5000'", 0, "status: PLACED"},
      {"/shop.order.v1.Orders/GetOrder", "order_id: 'order-5001'", 5, "shop.order.v1.Order"},
      {"/shop.order.v1.Orders/BatchGet", "ids: 'order-1'", 0, "order-1"},
      {"/shop.order.v1.Orders/ListOrders", "", 3, "field: \"user_id\""},
      {"/shop.order.v1.Orders/ListOrders", "user_id: 'user-1'", 0, "total_size: 25"},
      {"/shop.order.v1.Orders/ListLines", "order_id: 'order-1'", 0, "product_id"},
      {"/shop.order.v1.Orders/GetInvoice", "order_id: 'order-1'", 0, "text/plain"},
      {"/shop.payment.v1.Payments/GetPayment", "payment_id: 'payment-1'", 0, "order-1"},
      {"/shop.payment.v1.Payments/GetByOrder", "order_id: 'order-1'", 0, "payment-1"},
      {"/shop.payment.v1.Payments/ListPayments", "user_id: 'user-1' page_size: 1", 0, "next_page"},
      {"/shop.payment.v1.Payments/Refund", "payment_id: 'payment-1'", 3, "amount_cents"},
      {"/shop.payment.v1.Payments/Refund", "payment_id: 'payment-5000' amount_cents: 1", 9,
       "PAYMENT_NOT_CAPTURED"},
      {"/shop.giftcard.v2.GiftCards/GetGiftCard", "gift_card_id: 'card-3'", 0, "STATE_SPENT"},
      {"/shop.giftcard.v2.GiftCards/GetGiftCard", "gift_card_id: 'card-51'", 5, "GiftCard"},
      {"/shop.giftcard.v2.GiftCards/IssueGiftCard",
       "amount { cents: 5 currency: 'EUR' } recipient { email: 'a@b' }", 0, "card-51"},
      {"/shop.giftcard.v2.GiftCards/IssueGiftCard", "", 3, "field: \"amount.cents\""},
      {"/shop.giftcard.v2.GiftCards/ListGiftCards", "page_size: 1", 0, "next_page_token"},
      {"/shop.product.v1.Products/GetProduct", "product_id: 'product-1000'", 0, "product-1000"},
      {"/shop.product.v1.Products/ListProducts", "category: 'cars'", 3, "field: \"category\""},
      {"/shop.product.v1.Products/ListProducts", "category: 'books'", 0, "total_size: 125"},
      {"/shop.product.v1.Products/SearchProducts", "query: 'ATLAS'", 0, "category_counts"},
      {"/shop.product.v1.Products/SearchProducts", "query: '  '", 3, "field: \"query\""},
      {"/shop.product.v1.Products/SearchProducts",
       "query: 'a' categories: 'books' categories: 'cars' price { min_cents: 2 max_cents: 1 }", 3,
       "field: \"categories[1]\""},
      {"/shop.inventory.v1.Inventory/GetStock", "product_id: 'product-1'", 0, "warehouse-1"},
      {"/shop.inventory.v1.Inventory/BatchGet", "ids: 'product-1'", 0, "stocks"},
      {"/shop.inventory.v1.Inventory/Reserve", "", 3, "field: \"items\""},
      {"/shop.inventory.v1.Inventory/Reserve", "items { product_id: 'product-1' quantity: -1 }", 3,
       "items[0].quantity"},
      {"/shop.inventory.v1.Inventory/Reserve",
       "items { product_id: 'product-1' quantity: 2147483647 }"
       "items { product_id: 'product-1' quantity: 2147483647 }",
       9, "NOT_ENOUGH_STOCK"},
      {"/shop.inventory.v1.Inventory/Release", "reservation_id: 'reservation-1'", 5, "Reservation"},
      {"/shop.shipping.v1.Shipping/GetShipment", "shipment_id: 'shipment-1'", 0, "order-1"},
      {"/shop.shipping.v1.Shipping/GetShipment", "shipment_id: 'shipment-5000'", 5, "Shipment"},
      {"/shop.shipping.v1.Shipping/GetByOrder", "order_id: 'order-5000'", 5, "Shipment"},
      {"/shop.shipping.v1.Shipping/Quote", "weight_grams: 30001", 3, "destination.country"},
      {"/shop.shipping.v1.Shipping/Quote", "weight_grams: 900 destination { country: 'FR' }", 0,
       "parcel-express"},
      {"/shop.review.v1.Reviews/ListByOrder", "order_id: 'order-1'", 0, "order_id: \"order-1\""},
      {"/shop.review.v1.Reviews/GetSummary", "product_id: 'product-1'", 0, "histogram"},
      {"/shop.review.v1.Reviews/GetPhoto", "photo_id: 'photo-1'", 0, "image/png"},
      {"/shop.review.v1.Reviews/UploadPhoto",
       "review_id: 'review-1' photo { content_type: 'text/html' data: 'x' }", 3, "content_type"},
      {"/shop.review.v1.Reviews/CreateReview",
       "product_id: 'product-1' user_id: 'user-1' review { stars: 6 }", 3, "review.stars"},
      {"/shop.pricing.v1.Pricing/GetPrice", "product_id: 'product-1' currency: 'USD'", 0, "USD"},
      {"/shop.pricing.v1.Pricing/GetPrice", "product_id: 'product-1' currency: 'XXX'", 3,
       "currency"},
      {"/shop.pricing.v1.Pricing/BatchGet", "ids: 'product-1' ids: 'nothing'", 0, "prices"},
      {"/shop.pricing.v1.Pricing/Quote",
       "items { product_id: 'product-1' quantity: 2 } coupon_codes: 'WELCOME10'", 0,
       "discount_cents"},
      {"/shop.pricing.v1.Pricing/Quote", "coupon_codes: 'FREE'", 3, "coupon_codes[0]"},
      {"/shop.recommendation.v1.Recommendations/ListForUser", "user_id: 'user-1'", 0, "score: 1"},
      {"/shop.recommendation.v1.Recommendations/ListForProduct",
       "product_id: 'product-1' max_results: -5", 3, "max_results"},
      {"/shop.notification.v1.Notifications/ListNotifications", "user_id: 'user-1' page_size: 5", 0,
       "next_page_token"},
      {"/shop.notification.v1.Notifications/MarkRead", "notification_id: 'notification-1'", 0,
       "read_at"},
      {"/shop.cart.v1.Carts/GetCart", "user_id: 'user-1'", 0, "items"},
      {"/shop.cart.v1.Carts/RemoveItem", "user_id: 'user-7' product_id: 'product-1'", 5, "Cart"},
      {"/shop.cart.v1.Carts/AddItem", "user_id: 'user-7' item { product_id: 'product-1' }", 3,
       "item.quantity"},
      {"/shop.analytics.v1.Analytics/GetProductStats", "product_id: 'product-1'", 0, "daily_views"},
      {"/shop.analytics.v1.Analytics/GetSalesReport", "", 0, "by_category"},
      {"/shop.analytics.v1.Analytics/GetSalesReport", "start { seconds: 5 } end { seconds: 4 }", 3,
       "field: \"end\""},
      {"/shop.analytics.v1.Analytics/RecordEvents", "events { id: 'a' }", 3, "events[0].kind"},
      {"/shop.analytics.v1.Analytics/RecordEvents",
       "events { id: 'a' search: 'x' } events { id: 'a' search: 'x' }", 0, "duplicates: 1"},
  };
  Shopfront shop;
  for (const Row& row : rows) {
    SCOPED_TRACE(Cat(row.path, " ", row.request));
    const auto answer = shop.Call(row.path, row.request);
    EXPECT_EQ(answer.outcome.code(), row.code);
    EXPECT_NE(answer.text.find(row.part), std::string::npos) << answer.text;
  }
}

TEST(Backends, BrokenBytesAreAnError) {
  Shopfront shop;
  std::string reply;
  EXPECT_EQ((*shop.Find("/shop.order.v1.Orders/GetOrder"))("\x0a\xff", "", &reply).code(), 13);
  EXPECT_EQ(shop.Find("/shop.order.v1.Orders/Nothing"), nullptr);
  EXPECT_EQ(shop.backends()[1]->Find("/shop.user.v1.Users/GetUser"), nullptr);
}

TEST(Backends, PagesCoverTheListOnce) {
  Shopfront shop;
  std::string token;
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto answer = shop.Call("/shop.order.v1.Orders/ListOrders",
                                  Cat("user_id: 'user-7' page_size: 10 page_token: '", token, "'"));
    const auto& reply = static_cast<const order_v1::ListOrdersResponse&>(*answer.reply);
    for (const auto& order : reply.orders()) EXPECT_TRUE(seen.insert(order.id()).second);
    token = reply.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 25u);
}

TEST(Backends, ForeignAndBrokenPageTokensAreRefused) {
  Shopfront shop;
  const auto first =
      shop.Call("/shop.order.v1.Orders/ListOrders", "user_id: 'user-1' page_size: 1");
  const std::string token =
      static_cast<const order_v1::ListOrdersResponse&>(*first.reply).next_page_token();
  const auto code = [&shop](const std::string& user, const std::string& page_token) {
    return shop
        .Call("/shop.order.v1.Orders/ListOrders",
              Cat("user_id: '", user, "' page_token: '", page_token, "'"))
        .outcome.code();
  };
  EXPECT_EQ(code("user-1", token), 0);
  EXPECT_EQ(code("user-2", token), 3);
  EXPECT_EQ(code("user-1", token + "A"), 3);
  EXPECT_EQ(code("user-1", token + "="), 3);
  EXPECT_EQ(code("user-1", token.substr(1)), 3);
  EXPECT_EQ(code("user-1", "1"), 3);
  EXPECT_EQ(code("user-1", "%%%"), 3);
  EXPECT_EQ(code("user-1", "LTEuMQ"), 3);
}

TEST(Backends, UpdateUser) {
  const std::string path = "/shop.user.v1.Users/UpdateUser";
  const Row rows[] = {
      {"", "user_id: 'user-1' user { display_name: 'Ada' } update_mask { paths: 'display_name' }",
       0, "display_name: \"Ada\""},
      {"", "user_id: 'user-1' user { display_name: 'Eva' }", 0, "display_name: \"Eva\""},
      {"",
       "user_id: 'user-1' user { preferences { language: 'el-GR' } }"
       "update_mask { paths: 'preferences.language' }",
       0, "language: \"el-GR\" currency: \"EUR\""},
      {"", "user_id: 'user-1' user { phone: '1' } update_mask { paths: 'phone' }", 0,
       "phone: \"1\""},
      {"", "user_id: 'user-1' user { } update_mask { paths: 'display_name' }", 3,
       "user.display_name"},
      {"", "user_id: 'user-1'", 3, "field: \"user\""},
      {"", "user_id: 'user-1' user { id: 'user-2' }", 3, "field: \"user.id\""},
      {"", "user_id: 'user-1' user { } update_mask { paths: 'created_at' }", 3, "created_at"},
      {"", "user_id: 'user-1' user { } update_mask { paths: 'nothing' paths: '' }", 3, "no field "},
      {"", "user_id: 'user-1' user { email: 'x' } update_mask { paths: 'email' }", 3, "user.email"},
      {"", "user_id: 'user-999' user { email: 'x@y' }", 5, "user-999"},
  };
  Shopfront shop;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    const auto answer = shop.Call(path, row.request);
    EXPECT_EQ(answer.outcome.code(), row.code);
    EXPECT_NE(answer.text.find(row.part), std::string::npos) << answer.text;
  }
  const auto cleared = shop.Call(path, "user_id: 'user-1' user { } update_mask { paths: 'phone' }");
  EXPECT_EQ(cleared.text.find("phone"), std::string::npos) << cleared.text;
}

TEST(Backends, ChangesLastUntilReset) {
  Shopfront shop;
  const std::string cancel = "/shop.order.v1.Orders/CancelOrder";
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-5000' reason: 'late'").outcome.code(), 0);
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-5000'").outcome.code(), 9);
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-1'").outcome.code(), 9);
  const std::string reserve = "/shop.inventory.v1.Inventory/Reserve";
  const auto held = shop.Call(reserve, "items { product_id: 'product-1' quantity: 1 }");
  EXPECT_NE(held.text.find("reservation-1"), std::string::npos);
  const std::string release = "/shop.inventory.v1.Inventory/Release";
  EXPECT_EQ(shop.Call(release, "reservation_id: 'reservation-1'").outcome.code(), 0);
  EXPECT_EQ(shop.Call(release, "reservation_id: 'reservation-1'").outcome.code(), 5);
  shop.world().Reset();
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-5000'").outcome.code(), 0);
}

constexpr char kCharge[] = "/shop.payment.v1.Payments/Charge";
constexpr char kOne[] = "user_id: 'user-1' amount_cents: 500 currency: 'EUR' payment_token: 'tok'";

TEST(Backends, AKeyIsAnsweredAsBeforeAndDoesNothingAgain) {
  Shopfront shop;
  const auto first = shop.Call(kCharge, kOne, "key-1");
  ASSERT_EQ(first.outcome.code(), 0) << first.text;
  EXPECT_EQ(shop.Call(kCharge, kOne, "key-1").text, first.text);
  const auto other = shop.Call(kCharge, kOne, "key-2");
  EXPECT_NE(other.text, first.text);
  EXPECT_NE(shop.Call(kCharge, kOne).text, other.text);  // without a key each is one more
  EXPECT_EQ(
      shop.Call(kCharge, "user_id: 'user-1' amount_cents: 501 currency: 'EUR' payment_token: 'tok'",
                "key-1")
          .outcome.code(),
      3);
  // The same key at another method is another key.
  EXPECT_EQ(shop.Call("/shop.payment.v1.Payments/Refund",
                      "payment_id: 'payment-5001' amount_cents: 100", "key-1")
                .outcome.code(),
            0);
  World& world = shop.world();
  MutexLock lock(world.mutex);
  EXPECT_EQ(world.shop.effects.charges, 3u);
  EXPECT_EQ(world.shop.effects.replays, 1u);
}

TEST(Backends, AFailureIsNotRemembered) {
  Shopfront shop;
  const std::string cancel = "/shop.order.v1.Orders/CancelOrder";
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-5001'", "key").outcome.code(), 5);
  EXPECT_EQ(shop.Call(cancel, "order_id: 'order-5000'", "key").outcome.code(), 0);
}

TEST(Backends, WhatWasTakenBackIsNotGivenAgain) {
  Shopfront shop;
  ASSERT_EQ(shop.Call(kCharge, kOne, "key").outcome.code(), 0);
  ASSERT_EQ(shop.Call("/shop.payment.v1.Payments/Refund",
                      "payment_id: 'payment-5001' amount_cents: 500", "undo key")
                .outcome.code(),
            0);
  const auto again = shop.Call(kCharge, kOne, "key");
  EXPECT_EQ(again.outcome.code(), 9);
  EXPECT_NE(again.text.find("ALREADY_UNDONE"), std::string::npos) << again.text;
}

TEST(Backends, AnOrderIsMadeOfItsPartsAndTakenApart) {
  Shopfront shop;
  const std::string order =
      "user_id: 'user-1' items { product_id: 'product-1' title: 't' quantity: 2 "
      "unit_price_cents: 250 } totals { grand_total_cents: 500 } currency: 'EUR' "
      "shipping_address { country: 'DE' } delivery_service: 'parcel-express' ";
  const Row rows[] = {
      {"/shop.cart.v1.Carts/ValidateCart", "user_id: 'user-1'", 0, "grand_total_cents"},
      {"/shop.cart.v1.Carts/ValidateCart", "user_id: 'user-7'", 9, "CART_EMPTY"},
      {"/shop.cart.v1.Carts/ValidateCart", "user_id: 'user-1' coupon_codes: 'FREE'", 3,
       "coupon_codes[0]"},
      {kCharge, kOne, 0, "payment-5001"},
      {kCharge, "user_id: 'user-1' amount_cents: 1 currency: 'EUR' payment_token: 'tok-declined'",
       9, "CARD_DECLINED"},
      {kCharge, "user_id: 'user-1'", 3, "amount_cents"},
      {"/shop.order.v1.Orders/CreateOrder", order.c_str(), 3, "payment_id"},
      {"/shop.payment.v1.Payments/GetByOrder", "order_id: 'order-5001'", 5, "order-5001"},
  };
  for (const Row& row : rows) {
    const auto answer = shop.Call(row.path, row.request);
    EXPECT_EQ(answer.outcome.code(), row.code) << row.path << " " << answer.text;
    EXPECT_NE(answer.text.find(row.part), std::string::npos) << answer.text;
  }
  const std::string paid = order + "payment_id: 'payment-5001'";
  const char* const kSchedule = "/shop.shipping.v1.Shipping/Schedule";
  const Row then[] = {
      {"/shop.order.v1.Orders/CreateOrder", paid.c_str(), 0, "total_cents: 500"},
      {"/shop.order.v1.Orders/CreateOrder", paid.c_str(), 9, "PAYMENT_NOT_USABLE"},
      {"/shop.payment.v1.Payments/GetByOrder", "order_id: 'order-5001'", 0, "payment-5001"},
      {kSchedule, "order_id: 'order-5001' destination { country: 'AQ' }", 9, "NOT_DELIVERABLE"},
      {kSchedule, "order_id: 'order-5001' destination { country: 'DE' }", 0, "shipment-5001"},
      {kSchedule, "order_id: 'order-5001' destination { country: 'DE' }", 9, "NOT_TO_SHIP"},
      {"/shop.shipping.v1.Shipping/GetByOrder", "order_id: 'order-5001'", 0, "LABEL_CREATED"},
      {"/shop.shipping.v1.Shipping/CancelShipment", "shipment_id: 'shipment-5001'", 0, "CANCELLED"},
      {"/shop.shipping.v1.Shipping/CancelShipment", "shipment_id: 'shipment-1'", 9, "CANCELLABLE"},
      {"/shop.order.v1.Orders/CancelOrder", "order_id: 'order-5001'", 0, "CANCELLED"},
      {kSchedule, "order_id: 'order-5001' destination { country: 'DE' }", 9, "NOT_TO_SHIP"},
  };
  for (const Row& row : then) {
    const auto answer = shop.Call(row.path, row.request);
    EXPECT_EQ(answer.outcome.code(), row.code) << row.path << " " << answer.text;
    EXPECT_NE(answer.text.find(row.part), std::string::npos) << answer.text;
  }
}

// The demo's own customer can buy.
TEST(Backends, EveryCartCanBeBought) {
  Shopfront shop;
  World& world = shop.world();
  MutexLock lock(world.mutex);
  for (const auto& cart : world.shop.carts) {
    for (const auto& item : cart.items()) {
      const auto place = static_cast<size_t>(NumberOf("product", item.product_id())) - 1;
      EXPECT_GE(world.shop.stocks[place].available(), 10 * item.quantity());
    }
  }
}

TEST(Backends, PhotosComeBackAsTheyWereSent) {
  Shopfront shop;
  const auto sent = shop.Call("/shop.review.v1.Reviews/UploadPhoto",
                              "review_id: 'review-1'"
                              "photo { content_type: 'image/jpeg' data: '\\377\\000\\n' }");
  const auto& photo = static_cast<const review_v1::Photo&>(*sent.reply);
  EXPECT_EQ(photo.size_bytes(), 3);
  const auto back =
      shop.Call("/shop.review.v1.Reviews/GetPhoto", Cat("photo_id: '", photo.id(), "'"));
  EXPECT_NE(back.text.find("data: \"\\377\\000\\n\""), std::string::npos) << back.text;
}

}  // namespace
}  // namespace frontdesk::mock
