// Products and their stock.
#include <array>

#include "gateway/base/text.h"
#include "services_mock/data/dice.h"
#include "services_mock/data/shop.h"

namespace frontdesk::mock {
namespace {

constexpr std::array<std::string_view, 8> kQualities = {"Small", "Sturdy",  "Quiet",  "Bright",
                                                        "Plain", "Folding", "Travel", "Winter"};
constexpr std::array<std::string_view, 8> kThings = {
    "Atlas", "Board Game", "Watering Can", "Kettle", "Lamp", "Jacket", "Guitar", "Tent"};
constexpr std::array<std::string_view, 5> kBrands = {"Nordlys", "Casa Verde", "Bergmann", "Étoile",
                                                     "Umi"};
constexpr std::array<std::string_view, 6> kTags = {"new", "bestseller", "gift",
                                                   "eco", "handmade",   "sale"};
constexpr std::array<std::string_view, 4> kColours = {"blue", "red", "sand", "black"};

void FillLooks(Dice& dice, int n, product_v1::Product& product) {
  const int images = dice.Between(1, 3);
  for (int i = 1; i <= images; ++i) {
    auto* image = product.add_images();
    image->set_url(Cat("https://images.shop.example/product-", n, "/", i, ".jpg"));
    image->set_alt_text(Cat(product.title(), ", view ", i));
    image->set_width(1200);
    image->set_height(dice.Chance(50) ? 1200 : 800);
  }
  auto* dimensions = product.mutable_dimensions();
  dimensions->set_width_cm(dice.Between(20, 900) / 10.0);
  dimensions->set_height_cm(dice.Between(20, 900) / 10.0);
  dimensions->set_depth_cm(dice.Between(5, 400) / 10.0);
  dimensions->set_weight_grams(dice.Between(80, 9000));
}

void FillChoices(Dice& dice, int n, product_v1::Product& product) {
  const int variants = dice.Between(0, 3);
  for (int i = 0; i < variants; ++i) {
    auto* variant = product.add_variants();
    variant->set_sku(Cat("SKU-", n, "-", i + 1));
    variant->set_name(std::string(kColours[static_cast<size_t>(i)]));
    variant->set_price_cents(product.price_cents() + i * 100);
    (*variant->mutable_options())["colour"] = variant->name();
    if (dice.Chance(50)) (*variant->mutable_options())["size"] = dice.Chance(50) ? "M" : "L";
  }
  for (const std::string_view tag : kTags) {
    if (dice.Chance(25)) product.add_tags(std::string(tag));
  }
  auto& attributes = *product.mutable_attributes()->mutable_fields();
  attributes["warranty_months"].set_number_value(dice.Between(1, 3) * 12);
  attributes["material"].set_string_value(dice.Chance(50) ? "steel" : "wood");
  attributes["dishwasher_safe"].set_bool_value(dice.Chance(50));
  if (dice.Chance(10)) attributes["successor"].set_null_value(google::protobuf::NULL_VALUE);
  if (dice.Chance(30)) {
    auto* countries = attributes["sold_in"].mutable_list_value();
    for (const char* country : {"DE", "FR", "PT"}) {
      countries->add_values()->set_string_value(country);
    }
  }
}

void MakeStock(Shop& shop, const product_v1::Product& product, int n) {
  Dice dice("stock", n);
  inventory_v1::Stock& stock = shop.stocks.emplace_back();
  stock.set_product_id(product.id());
  static constexpr std::array<std::string_view, 3> kCities = {"Berlin", "Lyon", "Porto"};
  const bool empty = product.availability() != product_v1::Product::IN_STOCK;
  for (int i = 0; i < 3; ++i) {
    auto* warehouse = stock.add_warehouses();
    warehouse->set_id(Cat("warehouse-", i + 1));
    warehouse->set_city(std::string(kCities[static_cast<size_t>(i)]));
    warehouse->set_on_hand(empty ? 0 : dice.Between(10, 90));
    warehouse->set_reserved(empty ? 0 : dice.Between(0, 9));
    stock.set_available(stock.available() + warehouse->on_hand() - warehouse->reserved());
  }
  if (empty || dice.Chance(30)) {
    stock.mutable_next_delivery()->set_seconds(kToday + dice.Between(1, 40) * kDay);
  }
  stock.mutable_counted_at()->set_seconds(kToday - dice.Between(0, 9) * kDay);
}

}  // namespace

const std::vector<std::string>& Categories() {
  static const auto* const categories = new std::vector<std::string>{
      "books", "games", "garden", "kitchen", "lighting", "clothing", "music", "outdoor"};
  return *categories;
}

void MakeProducts(Shop& shop) {
  shop.products.reserve(kProducts);
  shop.stocks.reserve(kProducts);
  for (int n = 1; n <= kProducts; ++n) {
    Dice dice("product", n);
    const size_t kind = static_cast<size_t>(n - 1) % kThings.size();
    product_v1::Product& product = shop.products.emplace_back();
    product.set_id(Cat("product-", n));
    product.set_brand(std::string(dice.Of(kBrands)));
    product.set_title(Cat(product.brand(), ' ', dice.Of(kQualities), ' ', kThings[kind]));
    product.set_description(Cat("The ", product.title(), " lasts for years.\nMade to be repaired: ",
                                "every part can be ordered one by one."));
    product.set_category(Categories()[kind]);
    product.set_price_cents(dice.Between(4, 250) * 100 - 1);
    product.set_currency("EUR");
    const int roll = dice.Between(1, 100);
    product.set_availability(roll <= 90   ? product_v1::Product::IN_STOCK
                             : roll <= 97 ? product_v1::Product::BACKORDER
                                          : product_v1::Product::DISCONTINUED);
    FillLooks(dice, n, product);
    FillChoices(dice, n, product);
    product.mutable_updated_at()->set_seconds(kToday - dice.Between(0, 200) * kDay);
    if (dice.Chance(5)) product.set_minimum_age(18);
    MakeStock(shop, product, n);
  }
}

int64_t SaleCents(const product_v1::Product& product) {
  Dice dice("sale", NumberOf("product", product.id()));
  return dice.Chance(25) ? product.price_cents() * 80 / 100 : product.price_cents();
}

}  // namespace frontdesk::mock
