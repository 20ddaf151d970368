// Who may call, from contract and configuration together; and what neither may say.
#include "gateway/config/auth.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "gateway/config/load.h"
#include "gateway/identity/signing_key.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/jose.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using testing_support::WriteTempFile;

std::string ErrorsOf(const std::string& auth) {
  contract::Findings findings;
  ParseConfig(Cat("auth: ", auth), "f", findings);
  std::string text;
  for (const contract::Finding& one : findings.all()) text += Cat(one.path, ": ", one.text, '\n');
  return text;
}

TEST(CheckAuth, TakesWhatIsRight) {
  for (const char* auth : {
           "{providers: {a: {issuer: i, audiences: [x], jwks_url: 'https://idp/k'}}}",
           "{providers: {a: {issuer: i, audiences: [x, y], jwks_url: 'http://127.0.0.1:8/k', "
           "skew: 1s, refresh_interval: 1m, algorithms: [ES256, EdDSA], type: at+jwt, "
           "required_claims: [sub], skip_encryption_keys: true, allow_no_expiry: true}, "
           "b: {issuer: j, audiences: [x], jwks_file: k.json, algorithms: [HS256, HS512]}}, "
           "cookie: session, cached_tokens: 10, api_keys: {file: k.json, header: X-Key}, "
           "claim_metadata: [{claim: org.plan, key: x-plan}], allowed_hosts: [127.0.0.1]}",
           "{providers: {a: {issuer: i, audiences: [x], signing_key_file: k.json}}}",
       }) {
    EXPECT_EQ(ErrorsOf(auth), "") << auth;
  }
}

TEST(CheckAuth, RefusesWhatCannotBeRight) {
  const std::string a = "auth.providers.a";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"{providers: {a: {audiences: [x], jwks_file: k}}}", Cat(a, ": has no issuer\n")},
      {"{providers: {a: {issuer: i, jwks_file: k}}}",
       Cat(a, ": has no audiences: tokens that the issuer made for others would be taken, too\n")},
      {"{providers: {a: {issuer: i, audiences: [x]}}}",
       Cat(a, ": has no keys: one of jwks_file, jwks_url and signing_key_file is needed\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, jwks_url: 'https://h/'}}}",
       Cat(a,
           ": has keys of more than one place: one of jwks_file, jwks_url and "
           "signing_key_file is needed\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_url: 'http://idp/k'}}}",
       Cat(a,
           ".jwks_url: \"http://idp/k\" must begin with https://: what comes over plain HTTP "
           "anybody may have written\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_url: 'https://169.254.169.254/k'}}}",
       Cat(a, ".jwks_url: \"https://169.254.169.254/k\" is an address that no key server has\n")},
      {"{allowed_hosts: [good], "
       "providers: {a: {issuer: i, audiences: [x], jwks_url: 'https://idp/k'}}}",
       Cat(a, ".jwks_url: \"idp\" is none of auth.allowed_hosts\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, algorithms: [ES255]}}}",
       Cat(a,
           ".algorithms[0]: \"ES255\" is no algorithm of signatures (did you mean "
           "\"ES256\"?)\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, algorithms: [none]}}}",
       Cat(a, ".algorithms[0]: \"none\" is no algorithm of signatures\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, algorithms: [HS256, RS256]}}}",
       Cat(a,
           ".algorithms: has secrets (HS256 ...) and public keys: whoever has a public key "
           "could sign\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_url: 'https://h/', algorithms: "
       "[HS256]}}}",
       Cat(a, ".algorithms: has secrets (HS256 ...), which only a jwks_file may hold\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, ca_file: c}}}",
       Cat(a, ".ca_file: has no meaning without a jwks_url of https\n")},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k}, b: {issuer: i, audiences: [x], "
       "jwks_file: k}}}",
       "auth.providers.b.issuer: is that of another provider as well\n"},
      {"{api_keys: {}}", "auth.api_keys: has no file\n"},
      {"{api_keys: {file: k, header: Authorization}}",
       "auth.api_keys.header: \"authorization\" can't hold a key\n"},
      {"{api_keys: {file: k, header: X_User_Id}}",
       "auth.api_keys.header: \"x_user_id\" can't hold a key\n"},
      {"{cookie: session}", "auth.cookie: has no meaning without `providers`: it holds a token\n"},
      {"{claim_metadata: [{claim: a, key: X-A}]}",
       "auth.claim_metadata[0].key: \"X-A\" is no key of text that metadata can have\n"},
      {"{claim_metadata: [{claim: a, key: x-a-bin}]}",
       "auth.claim_metadata[0].key: \"x-a-bin\" is no key of text that metadata can have\n"},
      {"{claim_metadata: [{claim: a, key: x-user-id}]}",
       "auth.claim_metadata[0].key: \"x-user-id\" has another meaning\n"},
      {"{claim_metadata: [{key: grpc-a}]}",
       "auth.claim_metadata[0]: has no claim\n"
       "auth.claim_metadata[0].key: \"grpc-a\" has another meaning\n"},
      {"{claim_metadata: [{claim: a, key: x-a}, {claim: b, key: x_a}]}",
       "auth.claim_metadata[1].key: \"x_a\" stands here twice\n"},
      {"{cached_tokens: 0}", "auth.cached_tokens: must be between 1 and 10000000, got 0\n"},
  };
  for (const auto& [auth, errors] : rows) EXPECT_EQ(ErrorsOf(auth), errors) << auth;
  contract::Findings findings;
  ParseConfig(
      "listen: {address: '0.0.0.0:80'}\n"
      "auth: {providers: {a: {issuer: i, audiences: [x], signing_key_file: k}}}",
      "f", findings);
  EXPECT_NE(findings.ToString().find("is for demos and refused on any address but loopback"),
            std::string::npos);
}

constexpr char kContract[] = R"(
message M { string a = 1; }
message Mine { string user = 1 [(frontdesk.v1.field).from = "caller.sub"]; }
service S {
  rpc Plain(M) returns (M) { option (google.api.http) = { get: "/plain" }; }
  rpc Open(M) returns (M) {
    option (google.api.http) = { get: "/open" };
    option (frontdesk.v1.method) = { auth { access: PUBLIC } };
  }
  rpc Scoped(M) returns (M) {
    option (google.api.http) = { get: "/scoped" };
    option (frontdesk.v1.method) = { auth { scopes: ["a", "b"] any_scope: "c" roles: ["r", "s"]
                                            claims { name: "tenant" values: ["x", "y"] } } };
  }
  rpc Own(Mine) returns (M) { option (google.api.http) = { get: "/own" }; }
}
)";

struct Compiled {
  std::unique_ptr<Snapshot> snapshot;
  std::string findings;  // "path: text" and a new line, each
};

Compiled CompileWith(const std::string& yaml, const std::string& contract = kContract) {
  const std::string set = WriteTempFile("auth.binpb", testing::CompileProto(contract));
  const std::string file = WriteTempFile(
      "auth.yaml",
      Cat("descriptor_set: ", set,
          "\nupstreams: {s: {services: [test.S], endpoints: ['127.0.0.1:1']}}\n", yaml, '\n'));
  contract::Findings findings;
  Compiled compiled;
  compiled.snapshot = Compile(file, {}, compose::Registry(), findings);
  for (const contract::Finding& one : findings.all()) {
    compiled.findings += Cat(one.path, ": ", one.text, '\n');
  }
  return compiled;
}

std::string Provider() {
  return Cat("auth: {providers: {idp: {issuer: i, audiences: [x], jwks_file: ",
             WriteTempFile("jwks.json", testing::JoseKey("ES256").Set()), "}}}\n");
}

std::string AccessOf(const Compiled& compiled, std::string_view path) {
  for (const auto& route : compiled.snapshot->routes) {
    if (route->binding->path.text != path) continue;
    using Access = route::Route::Auth::Access;
    const Access access = route->auth.access;
    return access == Access::kPublic     ? "public"
           : access == Access::kOptional ? "optional"
                                         : "required";
  }
  return "no route";
}

TEST(Auth, WhereCallersCanProveWhoTheyAreTheyMust) {
  const Compiled with = CompileWith(Provider());
  ASSERT_TRUE(with.snapshot) << with.findings;
  EXPECT_EQ(AccessOf(with, "/plain"), "required");
  EXPECT_EQ(AccessOf(with, "/open"), "public");
  EXPECT_EQ(AccessOf(with, "/scoped"), "required");
  EXPECT_TRUE(with.snapshot->chain.auth.on());

  const Compiled developing = CompileWith("auth: {development_caller: me}");
  ASSERT_TRUE(developing.snapshot) << developing.findings;
  EXPECT_EQ(AccessOf(developing, "/plain"), "optional");
  EXPECT_EQ(AccessOf(developing, "/scoped"), "required");
  EXPECT_FALSE(developing.snapshot->chain.auth.on());
}

TEST(Auth, WhatNobodyCouldPassIsFound) {
  EXPECT_EQ(CompileWith("").findings,
            "test.S.Scoped.auth: asks for known callers, and nobody can prove who they are: the "
            "file has neither auth.providers nor auth.api_keys\n");
}

TEST(Auth, FilesAreReadAndJudged) {
  const auto of = [](const std::string& auth) {
    std::string found = CompileWith(Cat("auth: ", auth)).findings;
    const size_t tmp = found.find("/tmp/");  // names of files differ
    return tmp == std::string::npos ? found : found.substr(0, tmp);
  };
  EXPECT_EQ(of(Cat("{providers: {idp: {issuer: i, audiences: [x], jwks_file: ",
                   WriteTempFile("k.json", "{}"), "}}}")),
            "auth.providers.idp.jwks_file: its keys can't be used: has no list \"keys\"\n");
  EXPECT_EQ(of("{providers: {idp: {issuer: i, audiences: [x], jwks_file: /nowhere/k}}}"),
            "auth.providers.idp.jwks_file: its keys can't be used: /nowhere/k: No such file or "
            "directory\n");
  EXPECT_EQ(of(Cat("{providers: {idp: {issuer: i, audiences: [x], jwks_file: ",
                   WriteTempFile("k.json", testing::JoseKey("RS256", "k", 1024).Set()), "}}}")),
            "auth.providers.idp.jwks_file: its keys can't be used: key 1 (kid \"k\") has a modulus "
            "of 1024 bits; allowed are 2048 to 8192\n");
  const std::string signing = identity::SigningKey::Make().value().ToJwk();
  EXPECT_EQ(of(Cat("{providers: {idp: {issuer: i, audiences: [x], signing_key_file: ",
                   WriteTempFile("k.json", signing), "}}}")),
            "");
  EXPECT_EQ(of("{development_caller: me, api_keys: {file: /nowhere/k}}"),
            "auth.api_keys.file: /nowhere/k: cannot be read\n");
}

TEST(Auth, WhatWeakensMustSaySo) {
  const std::string scoped = "test.S.Scoped.auth: lets more callers in than the contract: ";
  const std::string mean = "; if that is meant, say `weakens: true` beside it\n";
  const std::string same =
      "scopes: [a, b], any_scope: [c], roles: [r, s], claims: [{name: tenant, values: [x, y]}]";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"test.S/Plain: {auth: {access: public}}",
       Cat("test.S.Plain.auth: lets more callers in than the contract: access is PUBLIC and was "
           "REQUIRED",
           mean)},
      {"test.S/Plain: {auth: {access: optional}}",
       Cat("test.S.Plain.auth: lets more callers in than the contract: access is OPTIONAL and was "
           "REQUIRED",
           mean)},
      {"test.S/Plain: {auth: {access: public, weakens: true}}", ""},
      {"test.S/Open: {auth: {access: required}}", ""},
      {"test.S/Plain: {auth: {scopes: [a]}}", ""},
      {Cat("test.S/Scoped: {auth: {", same, "}}"), ""},
      {"test.S/Scoped: {auth: {scopes: [a, b, c], any_scope: [c], roles: [s]}}", ""},
      {"test.S/Scoped: {auth: {scopes: [a]}}",
       Cat(scoped, "not all scopes are asked for any more", mean)},
      {"test.S/Scoped: {auth: {any_scope: [c, d]}}",
       Cat(scoped, "any_scope lets more scopes in", mean)},
      {"test.S/Scoped: {auth: {roles: [t]}}", Cat(scoped, "roles lets more roles in", mean)},
      {"test.S/Scoped: {auth: {claims: [{name: tenant}]}}",
       Cat(scoped, "claim \"tenant\" is asked for less", mean)},
      {"test.S/Scoped: {auth: {claims: [{name: plan}]}}",
       Cat(scoped, "claim \"tenant\" is asked for less", mean)},
      {"test.S/Scoped: {auth: {claims: [{name: tenant, values: [x]}, {name: plan}]}}", ""},
      {"test.S/Scoped: {auth: {scopes: [a], weakens: true}}", ""},
      {"test.S/Own: {auth: {access: public, weakens: true}}",
       "test.S.Own.auth.access: is PUBLIC, and fields of the request are filled from the "
       "caller\n"},
      {"test.S/Scoped: {auth: {access: public, weakens: true}}",
       "test.S.Scoped.auth.scopes: scopes can be asked of known callers only, and access is "
       "PUBLIC\n"
       "test.S.Scoped.auth.any_scope: any_scope can be asked of known callers only, and access is "
       "PUBLIC\n"
       "test.S.Scoped.auth.roles: roles can be asked of known callers only, and access is PUBLIC\n"
       "test.S.Scoped.auth.claims: claims can be asked of known callers only, and access is "
       "PUBLIC\n"},
      {"test.S/Plain: {auth: {scopes: ['a b', c, c], claims: [{values: [x]}]}}",
       "methods.test.S/Plain.auth.scopes: \"a b\" is no name that a token can have\n"
       "methods.test.S/Plain.auth.scopes: \"c\" stands here twice\n"
       "methods.test.S/Plain.auth.claims: has no `name`\n"},
  };
  const std::string provider = Provider();
  for (const auto& [methods, findings] : rows) {
    EXPECT_EQ(CompileWith(Cat(provider, "methods: {", methods, "}")).findings, findings) << methods;
  }
}

TEST(Auth, AContractHasNothingToWeaken) {
  EXPECT_EQ(CompileWith(Provider(), R"(
message M { string a = 1; }
service S {
  rpc Get(M) returns (M) {
    option (google.api.http) = { get: "/m" };
    option (frontdesk.v1.method) = { auth { access: PUBLIC weakens: true } };
  }
})")
                .findings,
            "test.S.Get.auth.weakens: has a meaning in the operator's file alone\n");
}

TEST(Auth, ClaimMetadataIsTheGatewaysAlone) {
  std::string provider = Provider();
  provider.insert(provider.rfind("}\n"), ", claim_metadata: [{claim: tenant, key: x-tenant}]");
  const Compiled good = CompileWith(provider);
  ASSERT_TRUE(good.snapshot) << good.findings;
  EXPECT_EQ(good.snapshot->chain.auth.metadata_keys, std::vector<std::string>{"x-tenant"});
  EXPECT_EQ(
      CompileWith(Cat(provider, "methods: {test.S/Plain: {request_headers: [X_Tenant]}}")).findings,
      "test.S.Plain.request_headers: \"X_Tenant\" is one of auth.claim_metadata, which only "
      "the gateway sets\n");
}

}  // namespace
}  // namespace frontdesk::config
