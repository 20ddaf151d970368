// The demo's gateway with its compositions as generated code instead of plans.
#include "bff/mobile/v1/mobile.frontdesk.h"
#include "bff/web/v1/web.frontdesk.h"
#include "gateway/frontdesk.h"
#include "shop/giftcard/v1/giftcard.frontdesk.h"

int main(int argc, char** argv) {
  frontdesk::Registry registry;
  registry.Add<bff::mobile::v1::MobileAggregates>();
  registry.Add<bff::web::v1::WebAggregates>();
  registry.Add<shop::giftcard::v1::GiftCardsAggregates>();
  return frontdesk::Main(argc, argv, registry);
}
