// What is said about each mistake that a file may have: place, path, what was probably meant.
#include <gtest/gtest.h>

#include "tests/unit/config/errors_of.h"

namespace frontdesk::config {
namespace {

TEST(LoadConfig, SaysWhatIsWrongAndWhatWasMeant) {
  const struct {
    std::string_view yaml;
    std::string_view errors;
  } rows[] = {
      {"lisen: {}", "f.yaml:1:1: lisen: unknown key (did you mean \"listen\"?)\n"},
      {"limits:\n  headerBytes: 1",
       "f.yaml:2:3: limits.headerBytes: unknown key (did you mean \"header_bytes\"?)\n"},
      {"limits:\n  header-bytes: 1",
       "f.yaml:2:3: limits.header-bytes: unknown key (did you mean \"header_bytes\"?)\n"},
      {"zebra: 1", "f.yaml:1:1: zebra: unknown key\n"},
      {"\"a\\nb\": 1",
       "f.yaml:1:1: expected a key of at most 256 printable ASCII characters, got \"a\\nb\"\n"},
      {"1: 2", "f.yaml:1:1: 1: unknown key\n"},
      {"? [a]\n: 1", "f.yaml:1:3: expected a key, got a list\n"},
      {"'': 1", "f.yaml:1:1: expected a key, got \"\"\n"},
      {"~: 1", "f.yaml:1:1: expected a key, got nothing\n"},
      {"<<: {}", "f.yaml:1:1: <<: unknown key\n"},
      {"drain:\n  grace: 1s\n  grace: 2s",
       "f.yaml:3:3: drain.grace: stands here twice, first at f.yaml:2:3\n"},
      {"upstreams:\n  a: {services: [s], endpoints: ['h:1']}\n  a: {services: [s]}",
       "f.yaml:3:3: upstreams.a: stands here twice, first at f.yaml:2:3\n"},
      // Kinds.
      {"listen: []", "f.yaml:1:1: listen: expected a map, got a list\n"},
      {"listen: 127.0.0.1:80", "f.yaml:1:9: listen: expected a map, got \"127.0.0.1:80\"\n"},
      {"listen:", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen:\n\n\nadmin: {}", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen: ~", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen:\n  address:\n  workers: 1", "f.yaml:2:3: listen.address: the value is missing\n"},
      {"upstreams:\n  a:", "f.yaml:2:3: upstreams.a: the value is missing\n"},
      {"upstreams:\n  a: b", "f.yaml:2:6: upstreams.a: expected a map, got \"b\"\n"},
      {"upstreams: {a: {services: s, endpoints: ['h:1']}}",
       "f.yaml:1:27: upstreams.a.services: expected a list, got \"s\" (did you mean [\"s\"]?)\n"},
      {"upstreams: {a: {services: [], endpoints: ['h:1']}}",
       "f.yaml:1:17: upstreams.a.services: the list is empty; leave it out or fill it\n"},
      {"upstreams: {a: {services: [{}], endpoints: ['h:1']}}",
       "f.yaml:1:28: upstreams.a.services[0]: expected text, got a map\n"},
      {"upstreams:\n  a:\n    services:\n    -\n    - s\n    endpoints: ['h:1']",
       "f.yaml:3:5: upstreams.a.services[0]: the value is missing\n"},
      {"listen: {address: [1]}", "f.yaml:1:10: listen.address: expected text, got a list\n"},
      {"[]", "f.yaml:1:1: expected keys such as \"listen:\", got a list\n"},
      {"5", "f.yaml:1:1: expected keys such as \"listen:\", got the number 5\n"},
      {"# nothing", "f.yaml:1:1: nothing is in this file\n"},
      {"", "f.yaml:1:1: nothing is in this file\n"},
      // Numbers.
      {"listen: {workers: four}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"four\"\n"},
      {"listen: {workers: \"4\"}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the text \"4\" (leave out the "
       "quotes)\n"},
      {"listen: {workers: 4.0}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 4.0\n"},
      {"listen: {workers: 1e3}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 1e3\n"},
      {"listen: {workers: 0x10}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 0x10\n"},
      {"listen: {workers: 010}",
       "f.yaml:1:19: listen.workers: expected a whole number without leading zeros, got \"010\"\n"},
      {"listen: {workers: 1_000}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"1_000\"\n"},
      {"listen: {workers: -1}",
       "f.yaml:1:19: listen.workers: expected a whole number between 0 and 4294967295, got "
       "\"-1\"\n"},
      {"listen: {workers: 4294967296}",
       "f.yaml:1:19: listen.workers: expected a whole number between 0 and 4294967295, got "
       "\"4294967296\"\n"},
      {"limits: {body_bytes: 18446744073709551616}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number between 0 and "
       "18446744073709551615, got \"18446744073709551616\"\n"},
      {"limits: {body_bytes: 4MiB}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number, got \"4MiB\"\n"},
      {"limits: {body_bytes: true}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number, got true\n"},
      // Numbers with a fraction.
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "'20'}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the text \"20\" (leave out the quotes)\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 20%}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"20%\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       ".nan}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number .nan\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "-.inf}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number -.inf\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: nan}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"nan\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 1e1}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 1e1\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "0x14}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 0x14\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: .5}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number .5\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 5.}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 5.\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "1.2.3}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"1.2.3\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 1_0}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"1_0\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 020}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number without leading "
       "zeros, got \"020\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "true}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got true\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: [1]}}}",
       "f.yaml:1:69: upstreams.a.retry_budget.budget_percent: expected a number, got a list\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: -1}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: must be between 0 and 100, got -1\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "100.01}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: must be between 0 and 100, got "
       "100.01\n"},
      {"methods: {s.S: {priority: high}}",
       "f.yaml:1:27: methods.s.S.priority: expected critical or normal or sheddable, got "
       "\"high\"\n"},
      {"methods: {s.S: {priority: Sheddabel}}",
       "f.yaml:1:27: methods.s.S.priority: expected critical or normal or sheddable, got "
       "\"Sheddabel\" (did you mean \"sheddable\"?)\n"},
      {"methods: {s.S: {fault: {abort: UNAVAILABLE}}}",
       "f.yaml:1:32: methods.s.S.fault.abort: expected cancelled or unknown or invalid_argument or "
       "deadline_exceeded or not_found or already_exists or permission_denied or "
       "resource_exhausted or failed_precondition or aborted or out_of_range or unimplemented or "
       "internal or unavailable or data_loss or unauthenticated, got \"UNAVAILABLE\" (did you mean "
       "\"unavailable\"?)\n"},
      {"methods: {s.S: {hedge: {delay: 20}}}",
       "f.yaml:1:32: methods.s.S.hedge.delay: expected a time above 0 such as \"250ms\" or \"2s\", "
       "got the number 20 (did you mean \"20s\"?)\n"},
      // Booleans.
      {"methods: {s.S: {print: {defaults: yes}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"yes\" (did you mean "
       "\"true\"?)\n"},
      {"methods: {s.S: {print: {defaults: Off}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"Off\" (did you mean "
       "\"false\"?)\n"},
      {"methods: {s.S: {print: {defaults: 1}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got the number 1 (did you "
       "mean \"true\"?)\n"},
      {"methods: {s.S: {print: {defaults: 'true'}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"true\" (leave out "
       "the quotes)\n"},
      // Text.
      {"descriptor_set: 12",
       "f.yaml:1:17: descriptor_set: expected text, got the number 12 (put it "
       "in quotes if it is meant)\n"},
      {"auth: {development_caller: true}",
       "f.yaml:1:28: auth.development_caller: expected text, got true (put it in quotes if it is "
       "meant)\n"},
      {"descriptor_set: ''",
       "f.yaml:1:17: descriptor_set: is empty; leave it out or give it a value\n"},
      // Words.
      {"log: {access: On}",
       "f.yaml:1:15: log.access: expected on or off, got \"On\" (did you mean \"on\"?)\n"},
      {"log: {access: false}",
       "f.yaml:1:15: log.access: expected on or off, got false (did you mean \"off\"?)\n"},
      {"log: {access: access_unspecified}",
       "f.yaml:1:15: log.access: expected on or off, got \"access_unspecified\"\n"},
      {"log: {access: 1}", "f.yaml:1:15: log.access: expected on or off, got the number 1\n"},
      {"upstreams: {a: {services: [s], endpoints: ['h:1'], transport: GRPC}}",
       "f.yaml:1:63: upstreams.a.transport: expected h2 or grpc, got \"GRPC\" (did you mean "
       "\"grpc\"?)\n"},
      // Times.
      {"drain: {grace: 5}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got the "
       "number 5 (did you mean \"5s\"?)\n"},
      {"drain: {grace: 0s}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"0s\"\n"},
      {"drain: {grace: -1s}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"-1s\"\n"},
      {"drain: {grace: soon}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"soon\"\n"},
      {"methods: {s.S: {timeout: ''}}",
       "f.yaml:1:26: methods.s.S.timeout: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"\"\n"},
      {"limits: {header_timeout: 99999999999999999999h}",
       "f.yaml:1:26: limits.header_timeout: expected a time above 0 such as \"250ms\" or \"2s\", "
       "got \"99999999999999999999h\"\n"},
      {"methods: {s.S: {idempotency: {ttl: 60}}}",
       "f.yaml:1:36: methods.s.S.idempotency.ttl: expected a time above 0 such as \"250ms\" or "
       "\"2s\", got the "
       "number 60 (did you mean \"60s\"?)\n"},
      {"rate_limits: {by_address: {requests: 1, per: 60}}",
       "f.yaml:1:46: rate_limits.by_address.per: expected a time above 0 such as \"250ms\" or "
       "\"2s\", got the "
       "number 60 (did you mean \"60s\"?)\n"},
      {"auth: {providers: {a: {issuer: i, audiences: [x], jwks_file: k, skew: 60}}}",
       "f.yaml:1:71: auth.providers.a.skew: expected a time above 0 such as \"250ms\" or \"2s\", "
       "got the "
       "number 60 (did you mean \"60s\"?)\n"},
      {"auth: {providers: {a: {issuer: i, audiences: [x], jwks_file: k, max_stale: 60}}}",
       "f.yaml:1:76: auth.providers.a.max_stale: expected a time above 0 such as \"250ms\" or "
       "\"2s\", got the "
       "number 60 (did you mean \"60s\"?)\n"},
      {"auth: {providers: {a: {introspection: {url: 'https://i/', active_ttl: 60}}}}",
       "f.yaml:1:71: auth.providers.a.introspection.active_ttl: expected a time above 0 such as "
       "\"250ms\" or \"2s\", got the "
       "number 60 (did you mean \"60s\"?)\n"},
      // The language.
      {"a: 1\n---\nb: 2", "f.yaml:3:1: a second document begins; only one is used\n"},
      {"\xef\xbb\xbflisten: {}",
       "f.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one\n"},
      {"\xff\xfel\0", "f.yaml:1:1: not UTF-8 (byte 255)\n"},
      {"drain: {}\nfile: caf\xe9\n", "f.yaml:2:10: not UTF-8 (byte 233)\n"},
      {"a: \x1b[31m", "f.yaml:1:4: control character (byte 27); write it as an escape in quotes\n"},
      {"descriptor_set: 0o\rx",
       "f.yaml:1:19: control character (byte 13); write it as an escape in quotes\n"},
      {"lisen: {}\r\n", "f.yaml:1:1: lisen: unknown key (did you mean \"listen\"?)\n"},
      {"listen: {workers: 0oz}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"0oz\"\n"},
      {"listen: !!map {}", "f.yaml:1:9: tags are not used here; leave it out\n"},
      {"listen: {workers: !!int 4}", "f.yaml:1:19: tags are not used here; leave it out\n"},
      {"listen: *nobody", "f.yaml:1:9: YAML: the referenced anchor is not defined\n"},
      {"a: \"\\\xc3\xa9\"", "f.yaml:1:7: YAML: unknown escape character: ?\n"},
      // A quote without an end must not take the rest of the file for its text.
      {"log:\n  file: \"access.log\nlisten: {workers: 1}\n",
       "f.yaml:2:3: YAML: here or behind this a quote begins that has no end, or a line in it "
       "begins with --- or ...\n"},
      {"log:\n  file: 'access.log\nlisten: {workers: 1}",
       "f.yaml:2:3: YAML: here or behind this a quote begins that has no end, or a line in it "
       "begins with --- or ...\n"},
      {"\"a\\ \\",
       "f.yaml:1:1: YAML: here or behind this a quote begins that has no end, or a line in it "
       "begins with --- or ...\n"},
      {"'",
       "f.yaml:1:1: YAML: here or behind this a quote begins that has no end, or a line in it "
       "begins with --- or ...\n"},
      {"log:\n  file: 'access\n--- .log'\n",
       "f.yaml:2:3: YAML: here or behind this a quote begins that has no end, or a line in it "
       "begins with --- or ...\n"},
      // Nor may a directive at the end, or an empty document, look like nothing.
      {"log: {}\n# and\n%access: on\n",
       "f.yaml:3:1: a directive, which is for a document that follows, and none does\n"},
      {"log: {}\n%access: on",
       "f.yaml:2:1: a directive, which is for a document that follows, and none does\n"},
      {"log: {}\n---\n# none\n", "f.yaml:2:1: a second document begins; only one is used\n"},
      {"%YAML 1.2\n", "f.yaml:1:1: nothing is in this file\n"},
      {"%YAML 1.2\n---\nlog: {}\n...\n", ""},
      {"\n# one\n\n# two", "f.yaml:1:1: nothing is in this file\n"},
      {"listen: {", "f.yaml:1:9: YAML: what begins here has no end\n"},
      {"listen:\n\taddress: 1", "f.yaml:2:1: YAML: a tab in the indentation\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(ErrorsOf(row.yaml), row.errors) << row.yaml;
}

TEST(LoadConfig, TellsAllErrorsAtOnce) {
  EXPECT_EQ(ErrorsOf("listen:\n"
                     "  adress: 127.0.0.1:8080\n"
                     "  workers: many\n"
                     "upstreams:\n"
                     "  orders:\n"
                     "    services: [shop.order.v1.Orders]\n"
                     "    endpoints: [\"127.0.0.1\"]\n"
                     "    timeout: 5\n"),
            "f.yaml:2:3: listen.adress: unknown key (did you mean \"address\"?)\n"
            "f.yaml:3:12: listen.workers: expected a whole number, got \"many\"\n"
            "f.yaml:8:14: upstreams.orders.timeout: expected a time above 0 such as \"250ms\" or "
            "\"2s\", got the number 5 (did you mean \"5s\"?)\n"
            "f.yaml:7:17: upstreams.orders.endpoints[0]: expected \"host:port\", got "
            "\"127.0.0.1\"\n");
}

}  // namespace
}  // namespace frontdesk::config
