// Customers and what they are about to buy.
#include <array>

#include "gateway/base/text.h"
#include "services_mock/data/dice.h"
#include "services_mock/data/shop.h"

namespace frontdesk::mock {
namespace {

using Words = std::array<std::string_view, 12>;
constexpr Words kGiven = {"Ada",   "Björn", "Chloé", "Dmitri", "Eleni", "Farid",
                          "Grace", "Hiro",  "Inês",  "Jürgen", "Kofi",  "Lucía"};
constexpr Words kFamily = {"Lovelace", "Åkesson", "Dubois", "Ivanov", "Papadopoulou", "Haddad",
                           "Hopper",   "Tanaka",  "Sousa",  "Müller", "Mensah",       "García"};

struct Town {
  std::string_view city, country, postal_code, street;
  double latitude, longitude;
};
constexpr std::array<Town, 6> kTowns = {
    Town{"Berlin", "DE", "10115", "Invalidenstraße", 52.5321, 13.3849},
    Town{"Lyon", "FR", "69002", "Rue de la République", 45.7597, 4.8372},
    Town{"Porto", "PT", "4050-014", "Rua das Flores", 41.1438, -8.6141},
    Town{"Göteborg", "SE", "411 06", "Östra Hamngatan", 57.7072, 11.9668},
    Town{"Utrecht", "NL", "3511 LN", "Oudegracht", 52.0894, 5.1180},
    Town{"Αθήνα", "GR", "105 57", "Ερμού", 37.9761, 23.7303}};

void FillAddress(Dice& dice, const std::string& recipient, ::shop::type::v1::Address& address) {
  const Town& town = dice.Of(kTowns);
  address.set_recipient(recipient);
  address.add_lines(Cat(town.street, ' ', dice.Between(1, 180)));
  if (dice.Chance(30)) address.add_lines(Cat("c/o ", dice.Of(kFamily)));
  address.set_postal_code(std::string(town.postal_code));
  address.set_city(std::string(town.city));
  address.set_country(std::string(town.country));
  if (dice.Chance(70)) {
    address.mutable_location()->set_latitude(town.latitude);
    address.mutable_location()->set_longitude(town.longitude);
  }
}

void FillPreferences(Dice& dice, user_v1::User::Preferences& preferences) {
  static constexpr std::array<std::string_view, 5> kLanguages = {"de-DE", "fr-FR", "pt-PT", "sv-SE",
                                                                 "en-GB"};
  preferences.set_language(std::string(dice.Of(kLanguages)));
  preferences.set_currency(dice.Chance(90) ? "EUR" : "USD");
  if (dice.Chance(60)) preferences.set_newsletter(dice.Chance(50));
  for (const char* channel : {"email", "push", "sms"}) {
    (*preferences.mutable_channels())[channel] = dice.Chance(50);
  }
}

}  // namespace

void MakeUsers(Shop& shop) {
  shop.users.reserve(kUsers);
  for (int n = 1; n <= kUsers; ++n) {
    Dice dice("user", n);
    user_v1::User& user = shop.users.emplace_back();
    user.set_id(Cat("user-", n));
    user.set_display_name(Cat(dice.Of(kGiven), ' ', dice.Of(kFamily)));
    user.set_email(Cat("customer", n, "@example.com"));
    user.set_tier(static_cast<user_v1::User::Tier>(dice.Between(1, 3)));
    user.mutable_created_at()->set_seconds(kOpening - dice.Between(1, 900) * kDay);
    user.mutable_created_at()->set_nanos(dice.Between(0, 999) * 1'000'000);
    const int addresses = dice.Between(1, 2);
    for (int i = 0; i < addresses; ++i) {
      FillAddress(dice, user.display_name(), *user.add_addresses());
    }
    FillPreferences(dice, *user.mutable_preferences());
    if (dice.Chance(60)) user.set_phone(Cat("+49 30 ", dice.Between(100000, 999999)));
    user.set_loyalty_points(dice.Between(-50, 5000));
    if (dice.Chance(40)) (*user.mutable_labels())["segment"] = dice.Chance(50) ? "family" : "trade";
    if (dice.Chance(20)) (*user.mutable_labels())["source"] = "summer campaign";
  }
}

void MakeCarts(Shop& shop) {
  shop.carts.reserve(kUsers);
  for (int n = 1; n <= kUsers; ++n) {
    Dice dice("cart", n);
    cart_v1::Cart& cart = shop.carts.emplace_back();
    cart.set_user_id(Cat("user-", n));
    cart.set_currency("EUR");
    cart.mutable_updated_at()->set_seconds(kToday - dice.Between(0, 20 * kDay));
    const int first = dice.Between(0, kProducts - 1);
    // Every customer's cart but each seventh holds something.
    const int items = n % 7 == 0 ? 0 : dice.Between(1, 4);
    for (int i = 0; cart.items_size() < items; ++i) {
      // Only what the shop has plenty of, so that every cart can be bought. 37 and 1,000 have no
      // common divisor.
      const auto place = static_cast<size_t>((first + i * 37) % kProducts);
      if (shop.stocks[place].available() < 30) continue;
      const product_v1::Product& product = shop.products[place];
      auto* item = cart.add_items();
      item->set_product_id(product.id());
      item->set_title(product.title());
      item->set_quantity(dice.Between(1, 3));
      item->set_unit_price_cents(SaleCents(product));
      if (dice.Chance(15)) item->set_gift_message("Alles Gute \U0001F381");
      cart.set_total_cents(cart.total_cents() + item->quantity() * item->unit_price_cents());
    }
  }
}

}  // namespace frontdesk::mock
