// Gift cards, of which there is the second edition only.
#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using giftcard_v2::GiftCard;

Outcome GetGiftCard(Shop& shop, const giftcard_v2::GetGiftCardRequest& request, GiftCard& reply) {
  GiftCard* card = nullptr;
  Outcome outcome = Find(shop.gift_cards, "card", "shop.giftcard.v2.GiftCard", "gift_card_id",
                         request.gift_card_id(), card);
  if (!Failed(outcome)) reply = *card;
  return outcome;
}

Outcome IssueGiftCard(Shop& shop, const giftcard_v2::IssueGiftCardRequest& request,
                      GiftCard& reply) {
  Outcome valid =
      Violations()
          .AddIf(request.amount().cents() <= 0, "amount.cents", "must be more than 0")
          .AddIf(request.amount().currency().size() != 3, "amount.currency", "must be of ISO 4217")
          .AddIf(request.recipient().email().find('@') == std::string::npos, "recipient.email",
                 "needs an '@'")
          .Finish();
  if (Failed(valid)) return valid;
  GiftCard card;
  card.set_gift_card_id(Cat("card-", shop.gift_cards.size() + 1));
  *card.mutable_balance() = request.amount();
  *card.mutable_recipient() = request.recipient();
  card.set_state(GiftCard::STATE_ACTIVE);
  card.mutable_expires_at()->set_seconds(kToday + 3 * 365 * kDay);
  card.set_message(request.message());
  card.set_channel(request.channel());
  reply = shop.gift_cards.emplace_back(std::move(card));
  return Outcome();
}

Outcome ListGiftCards(Shop& shop, const giftcard_v2::ListGiftCardsRequest& request,
                      giftcard_v2::ListGiftCardsResponse& reply) {
  Page page;
  if (Outcome bad = ReadPage("gift cards", request.page_size(), request.page_token(), page);
      Failed(bad)) {
    return bad;
  }
  std::vector<const GiftCard*> all;
  for (const GiftCard& card : shop.gift_cards) all.push_back(&card);
  reply.set_next_page_token(TakePage("gift cards", all, page, reply.mutable_gift_cards()));
  return Outcome();
}

}  // namespace

void AddGiftCards(Backend& backend) {
  constexpr std::string_view kService = "shop.giftcard.v2.GiftCards";
  backend.Add(kService, "GetGiftCard", GetGiftCard);
  backend.AddOnce(kService, "IssueGiftCard", IssueGiftCard);
  backend.Add(kService, "ListGiftCards", ListGiftCards);
}

}  // namespace frontdesk::mock
