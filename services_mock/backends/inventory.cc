#include "services_mock/backends/all.h"

namespace frontdesk::mock {
namespace {

using inventory_v1::Reservation;
using inventory_v1::Stock;

constexpr size_t kMostReservations = 10'000;

Stock& StockOf(Shop& shop, const product_v1::Product* product) {
  return shop.stocks[static_cast<size_t>(product - shop.products.data())];
}

Outcome GetStock(Shop& shop, const inventory_v1::GetStockRequest& request, Stock& reply) {
  product_v1::Product* product = nullptr;
  Outcome outcome = FindProduct(shop, request.product_id(), product);
  if (!Failed(outcome)) reply = StockOf(shop, product);
  return outcome;
}

Outcome BatchGet(Shop& shop, const inventory_v1::BatchGetRequest& request,
                 inventory_v1::BatchGetResponse& reply) {
  return CopyBatch(request.ids(), "product", shop.stocks, reply.mutable_stocks());
}

Outcome Reserve(Shop& shop, const inventory_v1::ReserveRequest& request, Reservation& reply) {
  Violations violations;
  violations.AddIf(request.items().empty(), "items", "must not be empty");
  std::map<std::string, int64_t> wanted;
  for (int i = 0; i < request.items_size(); ++i) {
    const auto& item = request.items(i);
    violations.AddIf(item.quantity() <= 0, Cat("items[", i, "].quantity"), "must be more than 0");
    wanted[item.product_id()] += item.quantity();
  }
  if (!violations.empty()) return violations.Finish();
  // All or nothing, so look before taking.
  for (const auto& [id, quantity] : wanted) {
    product_v1::Product* product = nullptr;
    if (Outcome none = FindProduct(shop, id, product); Failed(none)) return none;
    const int available = StockOf(shop, product).available();
    if (available < quantity) {
      return Precondition("NOT_ENOUGH_STOCK", id, Cat("only ", available, " left"));
    }
  }
  if (shop.reservations.size() >= kMostReservations) {
    constexpr int kResourceExhausted = 8;
    return Failure(kResourceExhausted, "TOO_MANY_RESERVATIONS", "no more reservations fit");
  }
  for (const auto& [id, quantity] : wanted) {
    Stock& stock = shop.stocks[static_cast<size_t>(NumberOf("product", id)) - 1];
    stock.set_available(stock.available() - static_cast<int>(quantity));
  }
  reply.set_id(Cat("reservation-", ++shop.reservations_made));
  *reply.mutable_items() = request.items();
  reply.mutable_expires_at()->set_seconds(kToday + 1800);
  shop.reservations[reply.id()] = reply;
  ++shop.effects.reservations;
  NoteMade(shop, reply.id());
  return Outcome();
}

Outcome Release(Shop& shop, const inventory_v1::ReleaseRequest& request,
                inventory_v1::ReleaseResponse&) {
  const auto found = shop.reservations.find(request.reservation_id());
  if (found == shop.reservations.end()) {
    return NotFound("shop.inventory.v1.Reservation", request.reservation_id());
  }
  for (const auto& item : found->second.items()) {
    Stock& stock = shop.stocks[static_cast<size_t>(NumberOf("product", item.product_id())) - 1];
    stock.set_available(stock.available() + item.quantity());
  }
  shop.reservations.erase(found);
  ++shop.effects.releases;
  NoteUndone(shop, request.reservation_id());
  return Outcome();
}

}  // namespace

void AddInventory(Backend& backend) {
  constexpr std::string_view kService = "shop.inventory.v1.Inventory";
  backend.Add(kService, "GetStock", GetStock);
  backend.Add(kService, "BatchGet", BatchGet);
  backend.AddOnce(kService, "Reserve", Reserve);
  backend.AddOnce(kService, "Release", Release);
}

}  // namespace frontdesk::mock
