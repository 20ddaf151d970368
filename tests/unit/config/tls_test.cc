// TLS in the operator's file: what belongs together, what its files have to be.
#include "gateway/config/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "gateway/base/text.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::Issued;

std::string ErrorsOf(std::string_view yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f", findings);
  return findings.ToString();
}

TEST(TlsShape, WhatIsRight) {
  for (const std::string_view yaml : {
           "listen: {tls: {certificates: [{cert_file: a, key_file: b}]}}",
           "listen: {tls: {certificates: [{cert_file: a, key_file: b}, {cert_file: c, key_file: "
           "d}], "
           "client_ca_file: e, client_auth: required, min_version: tls_1_3, handshake_timeout: "
           "5s}}",
           "listen: {tls: {certificates: [{cert_file: a, key_file: b}], client_auth: none}}",
           "upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {ca_file: a}}}",
           "upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {server_name: "
           "orders.internal, "
           "cert_file: a, key_file: b}}}",
           "upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {server_name: '10.0.0.1'}}}",
           "upstreams: {a: {services: [a.A], endpoints: ['h:1'], transport: grpc, tls: {ca_file: "
           "a}}}",
           "upstreams: {a: {services: [a.A], endpoints: ['srv://h'], tls: {server_name: h}}}",
       }) {
    EXPECT_EQ(ErrorsOf(yaml), "") << yaml;
  }
}

TEST(TlsShape, WhatCannotBeRight) {
  struct Row {
    std::string_view yaml;
    std::string_view errors;
  };
  const Row rows[] = {
      {"listen: {tls: {min_version: tls_1_2}}", "f:1:10: listen.tls: has no certificates\n"},
      {"listen: {tls: {certificates: [{cert_file: a}]}}",
       "f:1:31: listen.tls.certificates[0]: has no key_file\n"},
      {"listen: {tls: {certificates: [{cert_file: a, key_file: b}], client_auth: optional}}",
       "f:1:74: listen.tls.client_auth: needs `client_ca_file`: who signs the certificates of "
       "clients\n"},
      {"listen: {tls: {certificates: [{cert_file: a, key_file: b}], client_ca_file: c}}",
       "f:1:77: listen.tls.client_ca_file: has no meaning unless `client_auth` is optional or "
       "required\n"},
      {"listen: {tls: {certificates: [{cert_file: a, key_file: b}], handshake_timeout: 99h}}",
       "f:1:80: listen.tls.handshake_timeout: "},
      {"listen: {tls: {certificates: [{cert_file: a, key_file: b}], min_version: '1.1'}}",
       "f:1:74: listen.tls.min_version: expected tls_1_2 or tls_1_3, got \"1.1\""},
      {"upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {cert_file: c}}}",
       "f:1:71: upstreams.a.tls.cert_file: needs `key_file`, its key\n"},
      {"upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {key_file: c}}}",
       "f:1:70: upstreams.a.tls.key_file: needs `cert_file`, the certificate that it is for\n"},
      {"upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {server_name: 'orders:443'}}}",
       "f:1:73: upstreams.a.tls.server_name: expected a name such as \"orders.internal\", got "
       "\"orders:443\"\n"},
      {"upstreams: {a: {services: [a.A], tls: {ca_file: a}, endpoints: ['h:1', 'srv://h']}}",
       "f:1:34: upstreams.a.tls.server_name: is needed with srv:// end points: names that DNS "
       "answers with prove nothing\n"},
      {"upstreams: {a: {services: [a.A], tls: {}, endpoints: ['h:1'], weighted: [{address: "
       "'srv://h'}]}}",
       "f:1:34: upstreams.a.tls.server_name: is needed with srv:// end points: names that DNS "
       "answers with prove nothing\n"},
      {"upstreams: {a: {services: [a.A], tls: {}, endpoints: ['h:1'], canary: {versions: [{name: "
       "b, percent: 1, endpoints: ['srv://h']}]}}}",
       "f:1:34: upstreams.a.tls.server_name: is needed with srv:// end points: names that DNS "
       "answers with prove nothing\n"},
      {"upstreams: {a: {services: [a.A], tls: {}, endpoints: ['h:1'], canary: {versions: [{name: "
       "b, percent: 1, weighted: [{address: 'srv://h'}]}]}}}",
       "f:1:34: upstreams.a.tls.server_name: is needed with srv:// end points: names that DNS "
       "answers with prove nothing\n"},
      {"upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {insecure: true}}}",
       "f:1:60: upstreams.a.tls.insecure: "},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ErrorsOf(row.yaml).substr(0, row.errors.size()), row.errors) << row.yaml;
  }
}

TEST(TlsFiles, AreReadAndJudged) {
  const Authority authority;
  const std::chrono::hours day{24};
  const Issued good = authority.Issue({.dns = {"a.example", "b.example"}});
  const Issued covered = authority.Issue({.dns = {"B.example"}});
  const Issued nameless = authority.Issue({.common_name = "", .uris = {"spiffe://x"}});
  const Issued expired =
      authority.Issue({.dns = {"old.example"}, .valid_from = -2 * day, .valid_for = day});
  const Issued early = authority.Issue({.dns = {"new.example"}, .valid_from = day});
  const auto pair = [](const Issued& one) {
    return Cat("{cert_file: ", one.WriteCert(), ", key_file: ", one.WriteKey(), "}");
  };
  const auto listen = [](const std::string& pairs, const std::string& more = "") {
    return Cat("listen: {tls: {certificates: [", pairs, "]", more, "}}");
  };
  const auto upstream = [](const std::string& tls) {
    return Cat("upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {", tls, "}}}");
  };
  struct Row {
    const char* name;
    std::string yaml;
    const char* path;  // "" when all is right
    const char* says;
  };
  const Row rows[] = {
      {"good", listen(pair(good)), "", ""},
      {"two", listen(Cat(pair(covered), ", ", pair(good))), "", ""},
      {"the default needs no name", listen(pair(nameless)), "", ""},
      {"client authority",
       listen(pair(good), Cat(", client_auth: required, client_ca_file: ", authority.WritePem())),
       "", ""},
      {"missing", listen("{cert_file: no.pem, key_file: no.key}"),
       "listen.tls.certificates[0].cert_file", "no.pem\": No such file"},
      {"swapped",
       listen(Cat("{cert_file: ", good.WriteKey(), ", key_file: ", good.WriteCert(), "}")),
       "listen.tls.certificates[0].key_file", "has no private key"},
      {"another's key",
       listen(Cat(pair(good), ", {cert_file: ", expired.WriteCert(),
                  ", key_file: ", good.WriteKey(), "}")),
       "listen.tls.certificates[1].key_file", "is not the key of the certificate"},
      {"expired", listen(pair(expired)), "listen.tls.certificates[0].cert_file",
       "the certificate of old.example expired at"},
      {"too early", listen(pair(early)), "listen.tls.certificates[0].cert_file",
       "is valid only from"},
      {"never chosen", listen(Cat(pair(good), ", ", pair(covered))),
       "listen.tls.certificates[1].cert_file",
       "no client is given it: all of its names are those of one before it"},
      {"no name", listen(Cat(pair(good), ", ", pair(nameless))),
       "listen.tls.certificates[1].cert_file", "it is for no name of a server"},
      {"no authority", listen(pair(good), ", client_auth: required, client_ca_file: no.pem"),
       "listen.tls.client_ca_file", "No such file"},
      {"upstream",
       upstream(Cat("ca_file: ", authority.WritePem(), ", cert_file: ", good.WriteCert(),
                    ", key_file: ", good.WriteKey())),
       "", ""},
      {"the system's authorities", upstream("server_name: x"), "", ""},
      {"no authority", upstream("ca_file: no.pem"), "upstreams.a.tls.ca_file", "No such file"},
      {"an empty one", upstream(Cat("ca_file: ", testing_support::WriteTempFile("empty.pem", ""))),
       "upstreams.a.tls.ca_file", "has no certificate in PEM"},
      {"our own expired",
       upstream(Cat("cert_file: ", expired.WriteCert(), ", key_file: ", expired.WriteKey())),
       "upstreams.a.tls.cert_file", "expired at"},
      {"another's key",
       upstream(Cat("cert_file: ", good.WriteCert(), ", key_file: ", expired.WriteKey())),
       "upstreams.a.tls.key_file", "is not the key of"},
  };
  for (const Row& row : rows) {
    contract::Findings findings;
    const auto loaded = ParseConfig(row.yaml, "f", findings);
    ASSERT_TRUE(findings.empty()) << findings.ToString();
    CheckTlsFiles(*loaded, "/somewhere", std::chrono::system_clock::now(), findings);
    if (row.path[0] == '\0') {
      EXPECT_EQ(findings.ToString(), "") << row.name;
      continue;
    }
    const auto all = findings.all();
    ASSERT_FALSE(all.empty()) << row.name;
    bool found = false;
    for (const contract::Finding& one : all) {
      found = found || (one.path == row.path && one.text.find(row.says) != std::string::npos);
    }
    EXPECT_TRUE(found) << row.name << ": " << findings.ToString();
    EXPECT_EQ(all[0].place.file, "f");
    EXPECT_GT(all[0].place.line, 0);
  }
}

// That a file is not named is one mistake, and not also that it can't be read.
TEST(TlsFiles, WhatIsNotNamedIsNotLookedFor) {
  const Authority authority;
  const Issued good = authority.Issue({.dns = {"a.example"}});
  const std::string listen = Cat("listen: {tls: {certificates: [{cert_file: ", good.WriteCert(),
                                 ", key_file: ", good.WriteKey(), "}]");
  const std::string upstream = Cat(
      "upstreams: {a: {services: [a.A], endpoints: ['h:1'], tls: {cert_file: ", good.WriteCert(),
      "}}}");
  for (const std::string& yaml :
       {std::string("listen: {tls: {}}"),
        Cat("listen: {tls: {client_auth: required, client_ca_file: ", authority.WritePem(), "}}"),
        Cat("listen: {tls: {certificates: [{cert_file: ", good.WriteCert(), "}]}}"),
        Cat(listen, ", client_auth: required}}"), upstream}) {
    contract::Findings findings;
    const auto loaded = ParseConfig(yaml, "f", findings);
    EXPECT_EQ(findings.size(), 1u) << yaml << findings.ToString();
    CheckTlsFiles(*loaded, "/somewhere", std::chrono::system_clock::now(), findings);
    EXPECT_EQ(findings.size(), 1u) << yaml << findings.ToString();
  }
}

TEST(TlsFiles, AreFoundNextToTheFile) {
  contract::Findings findings;
  const auto loaded =
      ParseConfig("listen: {tls: {certificates: [{cert_file: tls/a.pem, key_file: /keys/a.key}]}}",
                  "f", findings);
  const tls::ServerSettings settings = ToServerTls(loaded->config.listen().tls(), "/etc/frontdesk");
  EXPECT_EQ(settings.certificates[0].cert_file, "/etc/frontdesk/tls/a.pem");
  EXPECT_EQ(settings.certificates[0].key_file, "/keys/a.key");
}

}  // namespace
}  // namespace frontdesk::config
