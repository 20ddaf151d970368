#include "gateway/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "gateway/base/text.h"

namespace frontdesk::observe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// The value of the one series written exactly so, or -1.
double ValueOf(const std::string& text, const std::string& series) {
  const size_t at = text.find(Cat("\n", series, " "));
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

TEST(Metrics, NamesAndLabelsAreTheOnesDashboardsKnow) {
  Metrics metrics("1.2.3", "g++");
  const RouteId route = metrics.AddRoute("GET", "/api/v1/orders/{order_id}");
  const MethodId method = metrics.AddMethod("shop.order.v1.Orders", "GetOrder", "unary");
  MetricsShard& shard = metrics.AddShard();
  shard.OnRequest(route, 200, milliseconds(2));
  shard.OnRequest(route, 404, milliseconds(30));
  shard.OnCallStarted(method);
  shard.OnCallHandled(method, 5, milliseconds(1));
  shard.OnCallEvent(method, CallEvent::kRetry);
  shard.OnCallEvent(method, CallEvent::kRetry);
  shard.OnCallEvent(method, CallEvent::kHedge);
  shard.OnCallEvent(method, CallEvent::kBreakerOpen);
  metrics.AddShard().OnCallEvent(method, CallEvent::kBreakerOpen);
  metrics.AddMethod("shop.order.v1.Orders", "NeverCalled", "unary");
  shard.AddActive(+1);
  shard.AddConnections(+1);
  shard.OnRefused();
  shard.OnLogDropped(3);
  shard.OnDeprecated(route);
  metrics.AddShard().OnDeprecated(route);

  const std::string text = metrics.Text();
  const std::string labels =
      R"(http_request_method="GET",http_route="/api/v1/orders/{order_id}",http_response_status_code=)";
  const std::string rpc =
      R"({grpc_service="shop.order.v1.Orders",grpc_method="GetOrder",grpc_type="unary")";
  const std::string called = R"({grpc_service="shop.order.v1.Orders",grpc_method="GetOrder"})";
  const struct {
    std::string series;
    double value;
  } rows[] = {
      {Cat("http_server_request_duration_seconds_count{", labels, "\"200\"}"), 1},
      {Cat("http_server_request_duration_seconds_sum{", labels, "\"200\"}"), 0.002},
      {Cat("http_server_request_duration_seconds_bucket{", labels, "\"200\",le=\"0.001\"}"), 0},
      {Cat("http_server_request_duration_seconds_bucket{", labels, "\"200\",le=\"0.0025\"}"), 1},
      {Cat("http_server_request_duration_seconds_bucket{", labels, "\"200\",le=\"+Inf\"}"), 1},
      {Cat("http_server_request_duration_seconds_count{", labels, "\"404\"}"), 1},
      {"frontdesk_deprecated_requests_total{http_request_method=\"GET\","
       "http_route=\"/api/v1/orders/{order_id}\"}",
       2},
      {Cat("grpc_client_started_total", rpc, "}"), 1},
      {Cat("grpc_client_handled_total", rpc, ",grpc_code=\"OK\"}"), 0},
      {Cat("grpc_client_handled_total", rpc, ",grpc_code=\"NotFound\"}"), 1},
      {Cat("grpc_client_handled_total", rpc, ",grpc_code=\"Unknown\"}"), -1},
      {Cat("grpc_client_handling_seconds_count", rpc, "}"), 1},
      {Cat("frontdesk_upstream_retries_total", called), 2},
      {Cat("frontdesk_upstream_hedges_total", called), 1},
      {Cat("frontdesk_upstream_retry_budget_exhausted_total", called), 0},
      {Cat("frontdesk_upstream_breaker_refused_total", called), 2},
      {R"(frontdesk_upstream_hedges_total{grpc_service="shop.order.v1.Orders",)"
       R"(grpc_method="NeverCalled"})",
       -1},
      {"http_server_active_requests", 1},
      {"frontdesk_client_connections", 1},
      {"frontdesk_refused_total", 1},
      {"frontdesk_log_dropped_total", 3},
      {R"(frontdesk_build_info{compiler="g++",version="1.2.3"})", 1},
  };
  for (const auto& row : rows) EXPECT_EQ(ValueOf(text, row.series), row.value) << row.series;
  EXPECT_THAT(text, HasSubstr("# TYPE http_server_request_duration_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE grpc_client_handled_total counter\n"));
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(ValueOf(text, "process_threads"), 1);
  EXPECT_GT(ValueOf(text, "process_start_time_seconds"), 1.5e9);
  EXPECT_GE(ValueOf(text, "process_open_fds"), 3);
}

TEST(Metrics, ARequestWithoutRouteNeverMakesASeriesOfItsOwn) {
  Metrics metrics("0", "c");
  MetricsShard& shard = metrics.AddShard();
  for (const char* method : {"GET", "BREW", "get", "_OTHER", "", "none\"}\n"}) {
    shard.OnRequest(Metrics::NoRoute(method), 404, microseconds(1));
  }
  const std::string text = metrics.Text();
  const std::string tail = "http_route=\"none\",http_response_status_code=\"404\"}";
  EXPECT_EQ(ValueOf(text, Cat("http_server_request_duration_seconds_count{http_request_method="
                              "\"GET\",",
                              tail)),
            1);
  EXPECT_EQ(ValueOf(text, Cat("http_server_request_duration_seconds_count{http_request_method="
                              "\"_OTHER\",",
                              tail)),
            5);
  EXPECT_THAT(text, Not(HasSubstr("BREW")));
}

TEST(Metrics, TheSameSeriesHasTheSameId) {
  Metrics metrics("0", "c");
  const RouteId a = metrics.AddRoute("GET", "/a");
  EXPECT_EQ(metrics.AddRoute("GET", "/a"), a);
  EXPECT_NE(metrics.AddRoute("PUT", "/a"), a);
  EXPECT_NE(metrics.AddRoute("GET", "/b"), a);
  const MethodId m = metrics.AddMethod("s", "M", "unary");
  EXPECT_EQ(metrics.AddMethod("s", "M", "unary"), m);
  EXPECT_NE(metrics.AddMethod("s", "N", "unary"), m);
}

TEST(Metrics, OddValuesAreCountedSomewhereHarmless) {
  Metrics metrics("0", "c");
  const RouteId route = metrics.AddRoute("GET", "/a");
  const MethodId method = metrics.AddMethod("s", "M", "unary");
  MetricsShard& shard = metrics.AddShard();
  shard.OnRequest(route, 200, nanoseconds(-5));
  shard.OnRequest(route, 200, std::chrono::hours(24));
  shard.OnCallHandled(method, -1, nanoseconds::zero());
  shard.OnCallHandled(method, 17, nanoseconds::zero());
  // More statuses than there is room for.
  for (int status = 300; status < 400; ++status) shard.OnRequest(route, status, nanoseconds(1));
  for (int status = 300; status < 400; ++status) shard.OnRequest(route, status, nanoseconds(1));

  const std::string text = metrics.Text();
  const std::string labels =
      R"(http_request_method="GET",http_route="/a",http_response_status_code=)";
  const std::string name = "http_server_request_duration_seconds";
  EXPECT_EQ(ValueOf(text, Cat(name, "_bucket{", labels, "\"200\",le=\"0.0001\"}")), 1);
  EXPECT_EQ(ValueOf(text, Cat(name, "_bucket{", labels, "\"200\",le=\"10\"}")), 1);
  EXPECT_EQ(ValueOf(text, Cat(name, "_bucket{", labels, "\"200\",le=\"+Inf\"}")), 2);
  EXPECT_EQ(ValueOf(text, Cat(name, "_count{", labels, "\"300\"}")), 2);
  EXPECT_EQ(ValueOf(text, Cat(name, "_count{", labels, "\"other\"}")), 2 * (100 - 30));
  EXPECT_EQ(ValueOf(text, R"(grpc_client_handled_total{grpc_service="s",grpc_method="M",)"
                          R"(grpc_type="unary",grpc_code="Unknown"})"),
            2);
}

TEST(Metrics, BucketBoundsBelongToTheirBucket) {
  HistogramCells cells;
  for (uint64_t bound : kBucketBounds) {
    cells.Observe(nanoseconds(bound));
    cells.Observe(nanoseconds(bound + 1));
  }
  EXPECT_EQ(cells.bucket(0), 1u);
  for (size_t i = 1; i < kBucketBounds.size(); ++i) EXPECT_EQ(cells.bucket(i), 2u) << i;
  EXPECT_EQ(cells.bucket(kBucketBounds.size()), 1u);
}

TEST(Metrics, SeriesBeyondTheCapacityShareOne) {
  Metrics metrics("0", "c");
  using Table = CellTable<int>;
  RouteId last = 0;
  for (size_t i = 0; i < Table::kCapacity + 10; ++i) last = metrics.AddRoute("GET", Cat("/", i));
  EXPECT_EQ(last, Metrics::NoRoute("GET"));
  MethodId method = 0;
  for (size_t i = 0; i < Table::kCapacity + 10; ++i) {
    method = metrics.AddMethod("s", Cat(i), "unary");
  }
  EXPECT_EQ(method, Table::kCapacity - 1);
  MetricsShard& shard = metrics.AddShard();
  shard.OnRequest(last, 200, nanoseconds(1));
  shard.OnCallStarted(method);
}

// Four workers write, a fifth thread scrapes and a sixth registers: nothing is lost.
TEST(Metrics, FourWritersAndAScraper) {
  constexpr int kWriters = 4;
  constexpr int kRequests = 20'000;
  Metrics metrics("0", "c");
  const RouteId route = metrics.AddRoute("GET", "/a");
  const MethodId method = metrics.AddMethod("s", "M", "unary");
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done.load()) EXPECT_FALSE(metrics.Text().empty());
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, &shard = metrics.AddShard()] {
      const RouteId own = metrics.AddRoute("PUT", "/late");
      for (int i = 0; i < kRequests; ++i) {
        shard.AddActive(+1);
        shard.OnCallStarted(method);
        shard.OnCallHandled(method, i % 2 ? 0 : 14, microseconds(i));
        shard.OnRequest(i % 4 ? route : own, 200 + i % 3, microseconds(i));
        shard.AddActive(-1);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  done = true;
  scraper.join();

  const std::string text = metrics.Text();
  double requests = 0;
  for (const char* status : {"200", "201", "202"}) {
    for (const char* key : {"GET\",http_route=\"/a", "PUT\",http_route=\"/late"}) {
      requests +=
          ValueOf(text, Cat("http_server_request_duration_seconds_count{", "http_request_method=\"",
                            key, "\",http_response_status_code=\"", status, "\"}"));
    }
  }
  EXPECT_EQ(requests, kWriters * kRequests);
  const std::string rpc = R"({grpc_service="s",grpc_method="M",grpc_type="unary")";
  EXPECT_EQ(ValueOf(text, Cat("grpc_client_started_total", rpc, "}")), kWriters * kRequests);
  EXPECT_EQ(ValueOf(text, Cat("grpc_client_handled_total", rpc, ",grpc_code=\"Unavailable\"}")),
            kWriters * kRequests / 2);
  EXPECT_EQ(ValueOf(text, "http_server_active_requests"), 0);
}

}  // namespace
}  // namespace frontdesk::observe
