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
       "f:1:36: methods.x.Y.idempotency.ttl: \"soon\" is not a duration of at most 168h\n"},
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
