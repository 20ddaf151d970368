#include "gateway/admin/upstreams.h"

#include <gtest/gtest.h>

#include "gateway/admin/pages.h"

namespace frontdesk::admin {
namespace {

using nlohmann::ordered_json;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using upstream::ClusterView;
using upstream::Standing;

ClusterView Orders() {
  ClusterView view;
  view.name = "orders";
  view.services = {"shop.order.v1.Orders"};
  view.endpoints.resize(2);
  view.endpoints[0].address = "10.0.0.1:50052";
  view.endpoints[0].authority = "orders.internal:50052";
  view.endpoints[0].standing = Standing::kEjected;
  view.endpoints[0].ejected_for = milliseconds(29'750);
  view.endpoints[0].ejections = 1;
  view.endpoints[1].address = view.endpoints[1].authority = "10.0.0.2:50052";
  view.endpoints[1].weight = 9;
  view.endpoints[1].zone = "a";
  view.endpoints[1].connection = upstream::Connection::kFailing;
  view.endpoints[1].standing = Standing::kUnreachable;
  view.endpoints[1].last_failure = {.why = "Connection refused",
                                    .count = 7,
                                    .since = milliseconds(12'340),
                                    .ago = milliseconds(780)};
  view.endpoints[1].breaker.on = false;
  view.methods.resize(2);
  view.methods[0].service = view.methods[1].service = "shop.order.v1.Orders";
  view.methods[0].name = "GetOrder";
  view.methods[0].breaker = {.state = Breaker::State::kOpen,
                             .why = "5 failures in a row",
                             .until_probe = microseconds(779'900),
                             .opened = 3,
                             .seen = {.calls = 20, .failures = 5, .slow = 1}};
  view.methods[0].hedge_percentile = 95;
  view.methods[0].hedge_latency = milliseconds(12);
  view.methods[1].name = "ListOrders";
  view.methods[1].hedge_percentile = 90;
  view.retries_left = 15.5;
  view.ejections = 4;
  view.room = {.limit = 32, .in_flight = 7, .waiting = 2};
  view.waiting_for_connection = 3;
  view.discovery_failure = "no such name";
  return view;
}

TEST(Upstreams, EveryStateIsThereForReadersAndForPrograms) {
  const ordered_json expected = ordered_json::parse(R"({"upstreams": [{
    "name": "orders", "services": ["shop.order.v1.Orders"], "panic": false,
    "endpoints": [
      {"address": "10.0.0.1:50052", "authority": "orders.internal:50052", "weight": 1,
       "state": "ejected", "healthy": true, "connection": "idle", "ejected_for": "29.8s", "ejected_for_ms": 29750,
       "ejections_in_a_row": 1,
       "breaker": {"state": "closed", "opened": 0,
                   "seen": {"calls": 0, "failures": 0, "slow": 0}}},
      {"address": "10.0.0.2:50052", "authority": "10.0.0.2:50052", "weight": 9, "zone": "a",
       "state": "unreachable", "healthy": true, "connection": "failing",
       "last_failure": {"why": "Connection refused", "count": 7, "since": "12.4s",
                        "since_ms": 12340, "ago": "780ms", "ago_ms": 780},
       "ejections_in_a_row": 0, "breaker": {"state": "off"}}],
    "methods": [
      {"rpc": "shop.order.v1.Orders/GetOrder",
       "breaker": {"state": "open", "why": "5 failures in a row", "until_probe": "780ms",
                   "until_probe_ms": 780, "opened": 3,
                   "seen": {"calls": 20, "failures": 5, "slow": 1}},
       "hedge": {"percentile": 95.0, "latency": "12ms", "latency_ms": 12}},
      {"rpc": "shop.order.v1.Orders/ListOrders",
       "breaker": {"state": "closed", "opened": 0,
                   "seen": {"calls": 0, "failures": 0, "slow": 0}},
       "hedge": {"percentile": 90.0}}],
    "retries_left": 15.5, "ejections": 4,
    "room": {"limit": 32, "in_flight": 7, "waiting": 2}, "waiting_for_connection": 3,
    "discovery": {"failure": "no such name"}}]})");
  EXPECT_EQ(UpstreamsToJson({Orders()}).dump(2), expected.dump(2));
}

TEST(Upstreams, WhatIsNotKnownIsLeftOut) {
  const ordered_json expected = ordered_json::parse(R"({"upstreams": [{
    "name": "", "services": [], "panic": false, "endpoints": [], "methods": [],
    "retries_left": 0.0, "ejections": 0, "waiting_for_connection": 0, "discovery": {}}]})");
  EXPECT_EQ(UpstreamsToJson({ClusterView()}).dump(2), expected.dump(2));
}

TEST(Upstreams, AreAPageOfTheListener) {
  const std::atomic<bool> ready{true};
  const observe::Metrics metrics("1.2.3", "cc");
  Sources sources{.ready = ready, .metrics = metrics, .version = "1.2.3", .compiler = "cc"};
  EXPECT_EQ(ordered_json::parse(Answer(sources, "GET", "/upstreams", "localhost").body),
            ordered_json::parse(R"({"upstreams": []})"));
  sources.upstreams = [] {
    ClusterView view = Orders();
    view.discovery_failure = "what a name server sent: \xff";
    return std::vector<ClusterView>{view};
  };
  const Page page = Answer(sources, "GET", "/upstreams", "localhost");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.type, "application/json");
  const ordered_json json = ordered_json::parse(page.body);
  EXPECT_EQ(json["upstreams"][0]["methods"][0]["breaker"]["until_probe"], "780ms");
  EXPECT_EQ(json["upstreams"][0]["discovery"]["failure"], "what a name server sent: \xEF\xBF\xBD");
  EXPECT_EQ(Answer(sources, "POST", "/upstreams", "localhost").status, 405);
  EXPECT_EQ(Answer(sources, "GET", "/upstreams", "evil.example").status, 403);
}

}  // namespace
}  // namespace frontdesk::admin
