#include "services_mock/backends/all.h"
#include "services_mock/data/dice.h"
#include "shop/analytics/v1/analytics.pb.h"

namespace frontdesk::mock {
namespace {

namespace analytics_v1 = ::shop::analytics::v1;

constexpr int kMostEvents = 1000;
constexpr size_t kMostIds = 100'000;

Outcome RecordEvents(Shop& shop, const analytics_v1::RecordEventsRequest& request,
                     analytics_v1::RecordEventsResponse& reply) {
  Violations violations;
  violations.AddIf(request.events().empty(), "events", "must not be empty")
      .AddIf(request.events_size() > kMostEvents, "events", "must not be more than 1000");
  for (int i = 0; i < request.events_size() && i < kMostEvents; ++i) {
    const auto& event = request.events(i);
    violations.AddIf(event.id().empty(), Cat("events[", i, "].id"), "must not be empty")
        .AddIf(event.kind_case() == 0, Cat("events[", i, "].kind"), "must be one of the kinds");
  }
  if (!violations.empty()) return violations.Finish();
  // Duplicates are known for a while only, as in any real collector.
  if (shop.event_ids.size() > kMostIds) shop.event_ids.clear();
  for (const auto& event : request.events()) {
    const bool fresh = shop.event_ids.insert(event.id()).second;
    if (fresh) reply.set_accepted(reply.accepted() + 1);
    if (!fresh) reply.set_duplicates(reply.duplicates() + 1);
  }
  return Outcome();
}

Outcome GetProductStats(Shop& shop, const analytics_v1::GetProductStatsRequest& request,
                        analytics_v1::ProductStats& reply) {
  product_v1::Product* product = nullptr;
  if (Outcome none = FindProduct(shop, request.product_id(), product); Failed(none)) return none;
  Dice dice("stats", NumberOf("product", product->id()));
  reply.set_product_id(product->id());
  for (const order_v1::Order& order : shop.orders) {
    for (const auto& line : order.lines()) {
      if (line.product_id() == product->id()) reply.set_purchases(reply.purchases() + 1);
    }
  }
  reply.set_views(reply.purchases() + static_cast<uint64_t>(dice.Between(50, 5000)));
  reply.set_conversion(static_cast<float>(reply.purchases()) / static_cast<float>(reply.views()));
  reply.mutable_mean_time_on_page()->set_seconds(dice.Between(5, 90));
  reply.mutable_mean_time_on_page()->set_nanos(dice.Between(0, 999) * 1'000'000);
  for (int day = 0; day < 7; ++day) {
    reply.add_daily_views(static_cast<uint32_t>(dice.Between(0, 300)));
  }
  return Outcome();
}

Outcome GetSalesReport(Shop& shop, const analytics_v1::GetSalesReportRequest& request,
                       analytics_v1::SalesReport& reply) {
  const int64_t start = request.has_start() ? request.start().seconds() : kOpening;
  const int64_t end = request.has_end() ? request.end().seconds() : kToday;
  const Outcome valid =
      Violations().AddIf(end < start, "end", "must not lie before the start").Finish();
  if (Failed(valid)) return valid;
  reply.mutable_start()->set_seconds(start);
  reply.mutable_end()->set_seconds(end);
  auto& categories = *reply.mutable_by_category();
  for (const order_v1::Order& order : shop.orders) {
    const int64_t at = order.placed_at().seconds();
    if (at < start || at >= end || order.status() == order_v1::Order::CANCELLED) continue;
    reply.set_orders(reply.orders() + 1);
    for (const auto& line : order.lines()) {
      const int product = NumberOf("product", line.product_id());
      auto& category = categories[shop.products[static_cast<size_t>(product) - 1].category()];
      category.set_pieces(category.pieces() + line.quantity());
      category.set_revenue_cents(category.revenue_cents() + line.total_cents());
      reply.set_revenue_cents(reply.revenue_cents() + line.total_cents());
    }
  }
  return Outcome();
}

}  // namespace

void AddAnalytics(Backend& backend) {
  constexpr std::string_view kService = "shop.analytics.v1.Analytics";
  backend.Add(kService, "RecordEvents", RecordEvents);
  backend.Add(kService, "GetProductStats", GetProductStats);
  backend.Add(kService, "GetSalesReport", GetSalesReport);
}

}  // namespace frontdesk::mock
