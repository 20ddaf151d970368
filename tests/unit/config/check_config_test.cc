#include "gateway/config/check_config.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"

namespace frontdesk::config {
namespace {

std::string ErrorsOf(std::string_view yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f", findings);
  return findings.ToString();
}

TEST(CheckConfig, TakesWhatIsRight) {
  for (const std::string_view yaml : {
           "{}",
           "listen: {address: '[::1]:0'}\nauth: {development_caller: user-1}",
           "auth: {development_caller: user-1}",
           "admin: {address: '127.0.0.2:0'}",
           "listen: {address: '127.0.0.1:0'}\nadmin: {address: '127.0.0.1:0'}",
           "listen: {address: '0.0.0.0:80'}\nadmin: {address: '127.0.0.1:81'}",
           "upstreams: {a: {services: [a.A], endpoints: ['dns:///a:1'], transport: grpc}}",
           "upstreams: {a: {services: [a.A], endpoints: ['srv://_grpc._tcp.orders.internal']}}",
           "upstreams: {a: {services: [a.A], weighted: [{address: 'h:1', weight: 1000, zone: z}, "
           "{address: 'h:2'}], retry_budget: {budget_percent: 0}, breaker: {enabled: false}, "
           "outlier_detection: {base_ejection_time: 1s, max_ejection_time: 1s}, health_check: {}, "
           "adaptive_concurrency: {}, max_queue_age: 5ms, slow_start: 10s, dns_refresh: 1s, "
           "keepalive_interval: 10s, keepalive_timeout: 1s, max_connection_age: 1h}}\nzone: z",
           "bulkheads: {mobile: {max_in_flight: 10}, partner: {max_in_flight: 1, max_pending: 0}}",
           "overload: {max_in_flight: 1000, max_queue_age: 20ms}",
           "dns: {servers: ['127.0.0.1:5353', '[::1]:53']}",
           "methods: {a.A: {success_status: 204}, a.A/Get: {response_headers: [etag, X-A], "
           "idempotency: {ttl: 168h}}}",
       }) {
    EXPECT_EQ(ErrorsOf(yaml), "") << yaml;
  }
}

TEST(CheckConfig, RefusesWhatCannotWork) {
  const struct {
    std::string_view yaml;
    std::string_view errors;
  } rows[] = {
      {"listen: {address: 'localhost:80'}",
       "f:1:19: listen.address: expected an address such as \"127.0.0.1:8080\" or \"[::1]:8080\", "
       "got \"localhost:80\" (did you mean \"127.0.0.1:80\"?)\n"},
      {"listen: {address: ':80'}",
       "f:1:19: listen.address: expected an address such as \"127.0.0.1:8080\" or \"[::1]:8080\", "
       "got \":80\"\n"},
      {"listen: {address: 127.0.0.1:65536}",
       "f:1:19: listen.address: expected an address such as \"127.0.0.1:8080\" or \"[::1]:8080\", "
       "got \"127.0.0.1:65536\"\n"},
      {"listen: {workers: 0, backlog: 65536}",
       "f:1:19: listen.workers: must be between 1 and 1024, got 0\n"
       "f:1:31: listen.backlog: must be between 1 and 65535, got 65536\n"},
      {"admin: {address: '0.0.0.0:9900'}",
       "f:1:18: admin.address: must be a loopback address: whoever reaches it controls the "
       "gateway; got \"0.0.0.0:9900\"\n"},
      {"admin: {address: '[::]:9900'}",
       "f:1:18: admin.address: must be a loopback address: whoever reaches it controls the "
       "gateway; got \"[::]:9900\"\n"},
      {"listen: {address: '127.0.0.1:80'}\nadmin: {address: '127.0.0.1:80'}",
       "f:2:18: admin.address: is that of listen.address as well\n"},
      {"listen: {address: '0.0.0.0:80'}\nadmin: {address: '127.0.0.1:80'}",
       "f:2:18: admin.address: is that of listen.address as well\n"},
      {"listen: {address: '[::1]:80'}\nadmin: {address: '[0:0:0:0:0:0:0:1]:80'}",
       "f:2:18: admin.address: is that of listen.address as well\n"},
      {"admin: {address: '127.0.0.1:8080'}",
       "f:1:18: admin.address: is that of listen.address as well, by default 127.0.0.1:8080\n"},
      {"listen: {address: '[::]:9900'}",
       "f:1:19: listen.address: is that of admin.address as well, by default 127.0.0.1:9900\n"},
      {"listen: {address: '0.0.0.0:80'}\nauth: {development_caller: user-1}",
       "f:2:28: auth.development_caller: makes everybody this caller and is refused on any address "
       "but loopback; listen.address is \"0.0.0.0:80\"\n"},
      {"limits: {header_bytes: 10, header_fields: 0, target_bytes: 1, body_bytes: 4294967296}",
       "f:1:24: limits.header_bytes: must be between 1024 and 1048576, got 10\n"
       "f:1:43: limits.header_fields: must be between 1 and 10000, got 0\n"
       "f:1:60: limits.target_bytes: must be between 64 and 1048576, got 1\n"
       "f:1:75: limits.body_bytes: must be between 0 and 4294967295, got 4294967296\n"},
      {"limits: {json_depth: 1001, connections: 0}",
       "f:1:22: limits.json_depth: must be between 1 and 1000, got 1001\n"
       "f:1:41: limits.connections: must be between 1 and 1000000, got 0\n"},
      {"upstreams: {a: {}}",
       "f:1:13: upstreams.a: has no services\nf:1:13: upstreams.a: has no endpoints\n"},
      {"upstreams:\n"
       "  b: {services: [x.Y, x.Y], endpoints: ['h:1']}\n"
       "  a: {services: [x.Y], endpoints: ['h:2', 'h:2']}",
       "f:3:43: upstreams.a.endpoints[1]: \"h:2\" stands here twice\n"
       "f:2:18: upstreams.b.services[0]: x.Y has a place already: upstreams.a.services[0] at "
       "f:3:18\n"
       "f:2:23: upstreams.b.services[1]: x.Y has a place already: upstreams.a.services[0] at "
       "f:3:18\n"},
      {"upstreams: {a: {services: [x.Y/Get, .x, 'x y', x., x..y, 1x], endpoints: ['h:1']}}",
       "f:1:28: upstreams.a.services[0]: expected a service such as \"shop.order.v1.Orders\", got "
       "\"x.Y/Get\"\n"
       "f:1:37: upstreams.a.services[1]: expected a service such as \"shop.order.v1.Orders\", got "
       "\".x\"\n"
       "f:1:41: upstreams.a.services[2]: expected a service such as \"shop.order.v1.Orders\", got "
       "\"x y\"\n"
       "f:1:48: upstreams.a.services[3]: expected a service such as \"shop.order.v1.Orders\", got "
       "\"x.\"\n"
       "f:1:52: upstreams.a.services[4]: expected a service such as \"shop.order.v1.Orders\", got "
       "\"x..y\"\n"
       "f:1:58: upstreams.a.services[5]: expected a service such as \"shop.order.v1.Orders\", got "
       "\"1x\"\n"},
      {"upstreams: {a: {services: [x], endpoints: ['h', 'h:0', 'http://h:1/', 'xds:///a']}}",
       "f:1:44: upstreams.a.endpoints[0]: expected \"host:port\", got \"h\"\n"
       "f:1:49: upstreams.a.endpoints[1]: expected \"host:port\", got \"h:0\"\n"
       "f:1:56: upstreams.a.endpoints[2]: expected \"host:port\", got \"http://h:1/\" (did you "
       "mean \"h:1\"?)\n"
       "f:1:71: upstreams.a.endpoints[3]: expected \"host:port\", got \"xds:///a\" (only "
       "transport: grpc takes targets with a scheme)\n"},
      {"upstreams: {a: {services: [x], endpoints: ['h:1'], connections: 0, max_message_bytes: 0, "
       "max_pending: 0}}",
       "f:1:65: upstreams.a.connections: must be between 1 and 256, got 0\n"
       "f:1:87: upstreams.a.max_message_bytes: must be between 1 and 4294967295, got 0\n"
       "f:1:103: upstreams.a.max_pending: must be between 1 and 1000000, got 0\n"},
      {"methods: {x.Y: {idempotency: {required: true, ttl: 169h}}}",
       "f:1:52: methods.x.Y.idempotency.ttl: \"169h\" is not a duration of at most 168h\n"},
      {"methods: {x.Y: {idempotency: {ttl: soon}}}",
       "f:1:36: methods.x.Y.idempotency.ttl: expected a time above 0 such as \"250ms\" or "
       "\"2s\", got \"soon\"\n"},
      {"limits: {idempotency_entries: 0}",
       "f:1:31: limits.idempotency_entries: must be between 1 and 100000000, got 0\n"},
      {"methods: {x.Y: {success_status: 203}}",
       "f:1:33: methods.x.Y.success_status: 203 is none of 200, 201, 202 and 204\n"},
      {"methods: {x.Y/: {}, /Get: {}, x.Y/a/b: {}, x.Y/a.b: {}, x y: {}}",
       "f:1:21: methods./Get: expected \"package.Service\" or \"package.Service/Method\"\n"
       "f:1:57: methods.x y: expected \"package.Service\" or \"package.Service/Method\"\n"
       "f:1:11: methods.x.Y/: expected \"package.Service\" or \"package.Service/Method\"\n"
       "f:1:44: methods.x.Y/a.b: expected \"package.Service\" or \"package.Service/Method\"\n"
       "f:1:31: methods.x.Y/a/b: expected \"package.Service\" or \"package.Service/Method\"\n"},
      {"methods: {x.Y: {request_headers: [Accept-Language, accept-language, 'a b', 'grpc-timeout', "
       "Connection, X-User-Id]}}",
       "f:1:52: methods.x.Y.request_headers: \"accept-language\" stands here twice\n"
       "f:1:69: methods.x.Y.request_headers: \"a b\" is not a name that gRPC metadata can have\n"
       "f:1:76: methods.x.Y.request_headers: \"grpc-timeout\" is set by the gateway itself and "
       "never passed on\n"
       "f:1:92: methods.x.Y.request_headers: \"Connection\" is set by the gateway itself and never "
       "passed on\n"
       "f:1:104: methods.x.Y.request_headers: \"X-User-Id\" is set by the gateway itself and never "
       "passed on\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(ErrorsOf(row.yaml), row.errors) << row.yaml;
}

// As "path: text".
std::string WithoutPlaces(std::string_view yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f", findings);
  std::string text;
  for (const contract::Finding& one : findings.all()) text += Cat(one.path, ": ", one.text, '\n');
  return text;
}

TEST(CheckConfig, RefusesUpstreamsThatCannotBeRight) {
  const struct {
    std::string_view yaml;
    std::string_view errors;
  } rows[] = {
      {"retry_budget: {budget_percent: 100.5}",
       "upstreams.a.retry_budget.budget_percent: must be between 0 and 100, got 100.5\n"},
      {"retry_budget: {min_retries_per_second: -1}",
       "upstreams.a.retry_budget.min_retries_per_second: must be between 0 and 1000000, got -1\n"},
      {"max_in_flight: 0", "upstreams.a.max_in_flight: must be between 1 and 1000000, got 0\n"},
      {"max_queue_age: 2m, max_in_flight: 1",
       "upstreams.a.max_queue_age: must be between 1us and 1m, got 2m\n"},
      {"outlier_detection: {max_ejection_percent: 101, panic_threshold: -1}",
       "upstreams.a.outlier_detection.max_ejection_percent: must be between 0 and 100, got 101\n"
       "upstreams.a.outlier_detection.panic_threshold: must be between 0 and 100, got -1\n"},
      {"outlier_detection: {interval: 1ms}",
       "upstreams.a.outlier_detection.interval: must be between 100ms and 1h, got 1ms\n"},
      {"outlier_detection: {base_ejection_time: 10m}",
       "upstreams.a.outlier_detection.base_ejection_time: base_ejection_time 10m is longer than "
       "max_ejection_time 5m (the default)\n"},
      {"outlier_detection: {max_ejection_time: 1s}",
       "upstreams.a.outlier_detection.max_ejection_time: base_ejection_time 30s (the default) is "
       "longer than max_ejection_time 1s\n"},
      {"health_check: {interval: 500ms}",
       "upstreams.a.health_check.interval: timeout 1s (the default) is longer than interval "
       "500ms\n"},
      {"health_check: {timeout: 6s}",
       "upstreams.a.health_check.timeout: timeout 6s is longer than interval 5s (the default)\n"},
      {"health_check: {healthy_threshold: 0}",
       "upstreams.a.health_check.healthy_threshold: must be between 1 and 100, got 0\n"},
      {"adaptive_concurrency: {min: 50}",
       "upstreams.a.adaptive_concurrency: needs min <= initial <= max, got 50, 32 and 1000\n"},
      {"adaptive_concurrency: {initial: 2000}",
       "upstreams.a.adaptive_concurrency: needs min <= initial <= max, got 4, 2000 and 1000\n"},
      {"adaptive_concurrency: {tolerance: 0.5}",
       "upstreams.a.adaptive_concurrency.tolerance: must be between 1 and 100, got 0.5\n"},
      {"keepalive_timeout: 1s",
       "upstreams.a.keepalive_timeout: has no meaning without `keepalive_interval`\n"},
      {"breaker: {error_percent: 101}",
       "upstreams.a.breaker.error_percent: must be between 0 and 100, got 101\n"},
      {"breaker: {slow_call: 15s}",
       "upstreams.a.breaker.slow_call: 15s is not shorter than the timeout 15s\n"},
      {"breaker: {slow_call: 2s}, timeout: 1s",
       "upstreams.a.breaker.slow_call: 2s is not shorter than the timeout 1s\n"},
      {"breaker: {open_time: 1s}",
       "upstreams.a.breaker.open_time: open_time 1s is longer than max_open_time 500ms (the "
       "default)\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(
        WithoutPlaces(Cat("upstreams: {a: {services: [x], endpoints: ['h:1'], ", row.yaml, "}}")),
        row.errors)
        << row.yaml;
  }
}

TEST(CheckConfig, EndpointsWithWeights) {
  EXPECT_EQ(ErrorsOf("upstreams: {a: {services: [x], endpoints: ['h:1'], weighted: [\n"
                     "  {address: 'h:1', weight: 0},\n"
                     "  {address: h, weight: 1001},\n"
                     "  {weight: 1}]}}"),
            "f:2:28: upstreams.a.weighted[0].weight: must be between 1 and 1000, got 0\n"
            "f:2:13: upstreams.a.weighted[0].address: \"h:1\" stands here twice\n"
            "f:3:24: upstreams.a.weighted[1].weight: must be between 1 and 1000, got 1001\n"
            "f:3:13: upstreams.a.weighted[1].address: expected \"host:port\", got \"h\"\n"
            "f:4:3: upstreams.a.weighted[2]: has no address\n");
  EXPECT_EQ(WithoutPlaces("upstreams: {a: {services: [x], endpoints: ['srv://', 'srv://a:1']}}"),
            "upstreams.a.endpoints[0]: expected a name behind \"srv://\", without a port, got "
            "\"srv://\"\n"
            "upstreams.a.endpoints[1]: expected a name behind \"srv://\", without a port, got "
            "\"srv://a:1\"\n");
  // What no name server would be asked for.
  for (const std::string& name : {std::string("a..b"), std::string(64, 'a'), std::string(".")}) {
    EXPECT_EQ(
        WithoutPlaces(Cat("upstreams: {a: {services: [x], endpoints: ['srv://", name, "']}}")),
        Cat("upstreams.a.endpoints[0]: expected a name behind \"srv://\", without a port, got ",
            contract::Quoted(Cat("srv://", name)), "\n"));
  }
}

TEST(CheckConfig, MoreEndpointsThanAreUsed) {
  const struct {
    int plain, weighted;
    std::string_view errors;
  } rows[] = {
      {256, 0, ""},
      {200, 56, ""},
      {0, 256, ""},
      {257, 0,
       "upstreams.a.endpoints[256]: is one of 257 end points; an upstream has 256 at most\n"},
      {300, 10,
       "upstreams.a.endpoints[256]: is one of 310 end points; an upstream has 256 at most\n"},
      {256, 1, "upstreams.a.weighted[0]: is one of 257 end points; an upstream has 256 at most\n"},
      {200, 60,
       "upstreams.a.weighted[56]: is one of 260 end points; an upstream has 256 at most\n"},
  };
  for (const auto& row : rows) {
    std::string plain, weighted;
    for (int i = 0; i < row.plain; ++i) plain += Cat(i == 0 ? "" : ", ", "'h:", i + 1, "'");
    for (int i = 0; i < row.weighted; ++i) {
      weighted += Cat(i == 0 ? "" : ", ", "{address: 'w:", i + 1, "'}");
    }
    if (!plain.empty()) plain = Cat(", endpoints: [", plain, "]");
    if (!weighted.empty()) weighted = Cat(", weighted: [", weighted, "]");
    EXPECT_EQ(WithoutPlaces(Cat("upstreams: {a: {services: [x]", plain, weighted, "}}")),
              row.errors)
        << row.plain << " and " << row.weighted;
  }
}

TEST(CheckConfig, WhatTheGrpcTransportDoesNotCarryOut) {
  const struct {
    std::string_view yaml;
    std::string_view errors;  // with transport: grpc; with h2 there are none
  } rows[] = {
      {"endpoints: ['h:1']", ""},
      {"endpoints: ['h:1'], keepalive_interval: 10s", ""},
      {"endpoints: ['srv://a.b']",
       "upstreams.a.endpoints[0]: transport: grpc takes no SRV records\n"},
      {"endpoints: ['h:1'], health_check: {}",
       "upstreams.a.health_check: transport: grpc has none: only transport: h2 does\n"},
      {"endpoints: ['h:1'], dns_refresh: 5s, max_connection_age: 1h",
       "upstreams.a.dns_refresh: transport: grpc has none: only transport: h2 does\n"
       "upstreams.a.max_connection_age: transport: grpc has none: only transport: h2 does\n"},
      {"endpoints: ['h:1'], outlier_detection: {}, slow_start: 10s",
       "upstreams.a.outlier_detection: transport: grpc chooses among the addresses of its one end "
       "point itself\n"
       "upstreams.a.slow_start: transport: grpc chooses among the addresses of its one end point "
       "itself\n"},
      {"endpoints: ['h:1', 'h:2'], outlier_detection: {}, slow_start: 10s", ""},
      {"endpoints: ['h:1'], outlier_detection: {enabled: false}", ""},
  };
  for (const auto& row : rows) {
    const auto with = [&](const char* transport) {
      return WithoutPlaces(
          Cat("upstreams: {a: {services: [x], transport: ", transport, ", ", row.yaml, "}}"));
    };
    EXPECT_EQ(with("grpc"), row.errors) << row.yaml;
    EXPECT_EQ(with("h2"), "") << row.yaml;
  }
}

TEST(CheckConfig, NoTimeIsForEver) {
  const struct {
    std::string_view yaml;
    std::string_view errors;
  } rows[] = {
      {"methods: {x.Y: {timeout: 24h}}", ""},
      {"methods: {x.Y: {timeout: 2562047h}}",
       "methods.x.Y.timeout: must be between 1ns and 24h, got 2562047h\n"},
      {"limits: {header_timeout: 24h, idle_timeout: 25h, send_timeout: 2562047h}",
       "limits.idle_timeout: must be between 1ns and 24h, got 25h\n"
       "limits.send_timeout: must be between 1ns and 24h, got 2562047h\n"},
      {"drain: {grace: 1s, timeout: 8760h}", ""},
      {"drain: {grace: 8761h, timeout: 2562047h}",
       "drain.grace: must be between 1ns and 8760h, got 8761h\n"
       "drain.timeout: must be between 1ns and 8760h, got 2562047h\n"},
      {"upstreams: {a: {services: [x], endpoints: ['h:1'], timeout: 25h, connect_timeout: "
       "2562047h, "
       "keepalive_interval: 1s, keepalive_timeout: 25h}}",
       "upstreams.a.connect_timeout: must be between 1ns and 24h, got 2562047h\n"
       "upstreams.a.timeout: must be between 1ns and 24h, got 25h\n"
       "upstreams.a.keepalive_timeout: must be between 1ns and 24h, got 25h\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(WithoutPlaces(row.yaml), row.errors) << row.yaml;
}

TEST(CheckConfig, WhatProtectsTheGateway) {
  EXPECT_EQ(ErrorsOf("bulkheads: {a: {}, b: {max_in_flight: 0, max_pending: 1000001}}\n"
                     "overload: {max_in_flight: 0, max_queue_age: 2m}"),
            "f:1:13: bulkheads.a: has no max_in_flight\n"
            "f:1:39: bulkheads.b.max_in_flight: must be between 1 and 1000000, got 0\n"
            "f:1:55: bulkheads.b.max_pending: must be between 0 and 1000000, got 1000001\n"
            "f:2:27: overload.max_in_flight: must be between 1 and 10000000, got 0\n"
            "f:2:45: overload.max_queue_age: must be between 1ms and 1m, got 2m\n");
  // One of the largest bodies must fit.
  EXPECT_EQ(
      ErrorsOf("overload: {max_body_bytes: 1000}"),
      "f:1:28: overload.max_body_bytes: must be between 4660338 and 1099511627776, got 1000\n");
  EXPECT_EQ(ErrorsOf("limits: {body_bytes: 1000}\noverload: {max_body_bytes: 1112}"), "");
}

TEST(CheckConfig, NameServersAreAddresses) {
  EXPECT_EQ(ErrorsOf("dns: {servers: ['10.0.0.1', 'ns.internal:53', '10.0.0.1:0', '10.0.0.1:53', "
                     "'10.0.0.1:53']}"),
            "f:1:17: dns.servers[0]: expected an address such as \"127.0.0.1:53\" or "
            "\"[::1]:53\", got \"10.0.0.1\"\n"
            "f:1:29: dns.servers[1]: expected an address such as \"127.0.0.1:53\" or "
            "\"[::1]:53\", got \"ns.internal:53\"\n"
            "f:1:47: dns.servers[2]: expected an address such as \"127.0.0.1:53\" or "
            "\"[::1]:53\", got \"10.0.0.1:0\"\n"
            "f:1:76: dns.servers[4]: \"10.0.0.1:53\" stands here twice\n");
}

TEST(CheckConfig, ValuesInsideOfListsOfPoliciesHaveTheirPlace) {
  EXPECT_EQ(ErrorsOf("methods:\n  x.Y:\n    retry:\n      retryable_status_codes:\n"
                     "        - aborted\n        - aborted\n"),
            "f:6:11: methods.x.Y.retry.retryable_status_codes: ABORTED stands here twice\n");
}

// A value that could not be read has its finding: it is not missing as well.
TEST(CheckConfig, DoesNotComplainTwice) {
  EXPECT_EQ(ErrorsOf("upstreams: {a: {services: 1, endpoints: {}}}"),
            "f:1:27: upstreams.a.services: expected a list, got the number 1 (did you mean "
            "[\"1\"]?)\n"
            "f:1:30: upstreams.a.endpoints: expected a list, got a map\n");
  EXPECT_EQ(ErrorsOf("listen: {workers: x}"),
            "f:1:19: listen.workers: expected a whole number, got \"x\"\n");
}

}  // namespace
}  // namespace frontdesk::config
