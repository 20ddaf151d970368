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
#include "gateway/contract/plan.h"
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
           "cookie: session, cached_tokens: 10, cached_token_bytes: 1048576, "
           "api_keys: {file: k.json, header: X-Key}, shared_subjects: true, "
           "claim_metadata: [{claim: org.plan, key: x-plan}], allowed_hosts: [127.0.0.1]}",
           "{providers: {a: {issuer: i, audiences: [x], signing_key_file: k.json}}}",
           "{providers: {a: {issuer: i, audiences: [x], jwks_file: k, max_stale: 1h, "
           "subject_prefix: 'a:'}, b: {issuer: j, audiences: [x], jwks_file: k, "
           "subject_prefix: 'b:'}}, api_keys: {file: k, subject_prefix: 'key:'}}",
           "{providers: {a: {introspection: {url: 'https://idp/i'}}}}",
           "{providers: {a: {audiences: [x], scopes_claim: s, ca_file: c, introspection: {url: "
           "'https://idp/i', client_id: me, client_secret_file: s, timeout: 1s, active_ttl: 5m, "
           "inactive_ttl: 1s, max_in_flight: 64, max_pending: 0, on_error: refuse}}}}",
           "{providers: {a: {issuer: i, audiences: [x], jwks_file: k, introspection: {url: "
           "'https://idp/i'}}}}",
       }) {
    EXPECT_EQ(ErrorsOf(auth), "") << auth;
  }
}

TEST(CheckAuth, RefusesWhatCannotBeRight) {
  const std::string a = "auth.providers.a";
  const auto asks = [](std::string_view introspection) {
    return Cat("{providers: {a: {introspection: {", introspection, "}}}}");
  };
  const std::string two =
      "{providers: {a: {issuer: i, audiences: [x], jwks_file: k}, b: {issuer: j, audiences: [x], "
      "jwks_file: k}";
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
      {"{shared_subjects: true, providers: {a: {issuer: i, audiences: [x], jwks_file: k}, b: "
       "{issuer: i, audiences: [x], "
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
      {Cat(two, "}, shared_subjects: true}"), ""},
      {Cat(two, "}}"),
       "auth.providers.a: needs a `subject_prefix`: callers are vouched for in several ways, and "
       "two may give two people one name; if they never do, say `shared_subjects: true` in auth\n"
       "auth.providers.b: needs a `subject_prefix`: callers are vouched for in several ways, and "
       "two may give two people one name; if they never do, say `shared_subjects: true` in auth\n"},
      {"{api_keys: {file: k}, providers: {a: {issuer: i, audiences: [x], jwks_file: k, "
       "subject_prefix: 'x'}}}",
       "auth.api_keys: needs a `subject_prefix`: callers are vouched for in several ways, and two "
       "may give two people one name; if they never do, say `shared_subjects: true` in auth\n"},
      {"{api_keys: {file: k, subject_prefix: 'xy'}, providers: {a: {issuer: i, audiences: [x], "
       "jwks_file: k, subject_prefix: 'x'}}}",
       "auth.api_keys.subject_prefix: \"xy\" begins with that of auth.providers.a, \"x\": what "
       "follows could make one name of two\n"},
      {"{api_keys: {file: k, subject_prefix: 'x'}, providers: {a: {issuer: i, audiences: [x], "
       "jwks_file: k, subject_prefix: 'x'}}}",
       "auth.providers.a.subject_prefix: \"x\" begins with that of auth.api_keys, \"x\": what "
       "follows could make one name of two\n"},
      {"{shared_subjects: true, api_keys: {file: k}}",
       "auth.shared_subjects: has no meaning where callers are vouched for in one way only\n"},
      {"{shared_subjects: true, api_keys: {file: k, subject_prefix: 'x'}, providers: {a: {issuer: "
       "i, audiences: [x], jwks_file: k}}}",
       "auth.api_keys.subject_prefix: contradicts auth.shared_subjects\n"},
      {"{api_keys: {file: k, subject_prefix: \"a\\n\"}}",
       "auth.api_keys.subject_prefix: \"a\\n\" is no text of up to 64 visible characters\n"},
      {"{providers: {api_keys: {issuer: i, audiences: [x], jwks_file: k}}}",
       "auth.providers.api_keys: has the name that owners of API keys have\n"},
      {"{providers: {a: {issuer: i, audiences: [x], jwks_file: k, max_stale: 0s}}}",
       Cat(a, ".max_stale: expected a time above 0 such as \"250ms\" or \"2s\", got \"0s\"\n")},
      {"{providers: {client_certificates: {issuer: i, audiences: [x], jwks_file: k}}}",
       "auth.providers.client_certificates: has the name that owners of certificates have\n"},
      {"{providers: {a: {introspection: {}}}}", Cat(a, ".introspection: has no url\n")},
      {asks("url: 'http://idp/i'"),
       Cat(a,
           ".introspection.url: \"http://idp/i\" must begin with https://: what comes over plain "
           "HTTP anybody may have written\n")},
      {"{allowed_hosts: [good], providers: {a: {introspection: {url: 'https://idp/i'}}}}",
       Cat(a, ".introspection.url: \"idp\" is none of auth.allowed_hosts\n")},
      {asks("url: 'https://idp/i', client_id: me"),
       Cat(a, ".introspection: needs both client_id and client_secret_file, or neither\n")},
      {asks("url: 'https://idp/i', timeout: 31s"),
       Cat(a, ".introspection.timeout: must be between 1ms and 30s, got 31s\n")},
      {asks("url: 'https://idp/i', inactive_ttl: 61s"),
       Cat(a, ".introspection.inactive_ttl: must be between 1s and 1m, got 61s\n")},
      {asks("url: 'https://idp/i', max_in_flight: 65"),
       Cat(a, ".introspection.max_in_flight: must be between 1 and 64, got 65\n")},
      {asks("url: 'https://idp/i', max_pending: 100001"),
       Cat(a, ".introspection.max_pending: must be at most 100000, got 100001\n")},
      {"{providers: {a: {introspection: {url: 'https://idp/i'}, type: at+jwt, max_stale: 1h}}}",
       Cat(a, ".max_stale: has no meaning without keys\n", a,
           ".type: has no meaning without keys\n")},
      {"{shared_subjects: true, providers: {a: {introspection: {url: 'https://idp/i'}}, "
       "b: {introspection: {url: 'https://idp/i'}}}}",
       "auth.providers.b.introspection: is that of another provider as well: whom to ask is not "
       "known\n"},
      {"{client_certificates: {rules: [{from: uri}]}}",
       "auth.client_certificates: has no meaning without listen.tls.client_ca_file: clients are "
       "not "
       "asked for any\n"},
      {Cat(two, "}, shared_subjects: true, cached_token_bytes: 1000}"),
       "auth.cached_token_bytes: must be at least 1048576, got 1000\n"},
      {Cat(two, "}, shared_subjects: true, cached_tokens: 0}"),
       "auth.cached_tokens: must be between 1 and 10000000, got 0\n"},
      // Of no effect.
      {"{development_caller: me, cached_tokens: 10, cached_token_bytes: 1048576}",
       "auth.cached_tokens: has no meaning without `providers`, whose tokens it keeps\n"
       "auth.cached_token_bytes: has no meaning without `providers`, whose tokens it keeps\n"},
      {Cat(two, "}, shared_subjects: true, allowed_hosts: [idp]}"),
       "auth.allowed_hosts: has no meaning without a jwks_url: nothing is fetched\n"},
  };
  for (const auto& [auth, errors] : rows) EXPECT_EQ(ErrorsOf(auth), errors) << auth;
  contract::Findings findings;
  ParseConfig(
      "listen: {address: '0.0.0.0:80'}\n"
      "auth: {providers: {a: {issuer: i, audiences: [x], signing_key_file: k}}}",
      "f", findings);
  EXPECT_NE(findings.ToString().find("is for demos and refused on any address but loopback"),
            std::string::npos);
  // Behind a proxy everybody seems to be of this machine.
  for (const char* auth : {"development_caller: me",
                           "providers: {a: {issuer: i, audiences: [x], signing_key_file: k}}"}) {
    contract::Findings proxied;
    ParseConfig(Cat("listen: {trusted_hops: 1}\nauth: {", auth, '}'), "f", proxied);
    EXPECT_NE(proxied.ToString().find("is for this machine alone, and listen.trusted_hops says "
                                      "that others come by a proxy"),
              std::string::npos)
        << auth << proxied.ToString();
  }
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
  rpc Keyed(M) returns (M) {
    option (google.api.http) = { get: "/keyed" };
    option (frontdesk.v1.method) = { auth { credentials: TOKEN credentials: API_KEY } };
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

// "step text", a line each; "front: step text" where there are fronts.
std::string PassedBy(const Compiled& compiled) {
  std::string all;
  std::vector<const route::Api*> fronts = {nullptr};
  for (const auto& api : compiled.snapshot->apis.all()) fronts.push_back(api.get());
  for (const contract::Method& method : compiled.snapshot->contract->methods()) {
    for (size_t i = 0; method.plan && i < method.plan->steps.size(); ++i) {
      const contract::PlanStep& step = method.plan->steps[i];
      for (const route::Api* const front : fronts) {
        const auto passes = compiled.snapshot->passed_by.find({&step, front});
        if (passes == compiled.snapshot->passed_by.end()) continue;
        for (const std::string& text : passes->second) {
          all += Cat(front ? Cat(front->name, ": ") : "", step.id, ' ', text, '\n');
        }
      }
    }
  }
  return all;
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
            "file has neither auth.providers nor auth.api_keys nor auth.client_certificates\n"
            "test.S.Keyed.auth: asks for known callers, and nobody can prove who they are: the "
            "file has neither auth.providers nor auth.api_keys nor auth.client_certificates\n");
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
  // What is not named, or too often, is not read as well.
  EXPECT_EQ(of("{providers: {idp: {issuer: i, audiences: [x], signing_key_file: /nowhere/k, "
               "jwks_url: 'https://a/'}}}"),
            "auth.providers.idp: has keys of more than one place: one of jwks_file, jwks_url and "
            "signing_key_file is needed\n");
  EXPECT_EQ(of("{api_keys: {}}"), "auth.api_keys: has no file\n");
  EXPECT_EQ(of("{development_caller: me, api_keys: {file: /nowhere/k}}"),
            "auth.api_keys.file: /nowhere/k: No such file or directory\n");
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
      {"test.S/Keyed: {auth: {credentials: [token]}}", ""},
      {"test.S/Keyed: {auth: {credentials: [token, session]}}",
       Cat("test.S.Keyed.auth: lets more callers in than the contract: credentials lets more kinds "
           "in",
           mean)},
      {"test.S/Plain: {auth: {credentials: [api_key, certificate]}}",
       "test.S.Plain.auth.credentials: asks for what nobody can bring: the file takes no such "
       "credential\n"},
      {"test.S/Plain: {auth: {credentials: [token, token]}}",
       "methods.test.S/Plain.auth.credentials: TOKEN stands here twice\n"},
      {"test.S/Plain: {auth: {access: optional, credentials: [token], weakens: true}}",
       "test.S.Plain.auth.credentials: credentials can be asked of known callers only, and access "
       "is OPTIONAL\n"},
      {"test.S/Own: {auth: {access: public, weakens: true}}",
       "test.S.Own.auth.access: is PUBLIC, and fields of the request are filled from the "
       "caller\n"},
      // It lies over what the contract asks of known callers, and not over what stands beside it.
      {"test.S/Scoped: {auth: {access: public, weakens: true}}", ""},
      {"test.S/Scoped: {auth: {access: optional, weakens: true}}", ""},
      {"test.S/Keyed: {auth: {access: public, weakens: true}}", ""},
      {"test.S/Scoped: {auth: {access: public}}",
       Cat(scoped, "access is PUBLIC and was REQUIRED", mean)},
      {"test.S/Scoped: {auth: {access: public, scopes: [a], any_scope: [c], roles: [r], claims: "
       "[{name: tenant}], weakens: true}}",
       "test.S.Scoped.auth.scopes: scopes can be asked of known callers only, and access is "
       "PUBLIC\n"
       "test.S.Scoped.auth.any_scope: any_scope can be asked of known callers only, and access is "
       "PUBLIC\n"
       "test.S.Scoped.auth.roles: roles can be asked of known callers only, and access is PUBLIC\n"
       "test.S.Scoped.auth.claims: claims can be asked of known callers only, and access is "
       "PUBLIC\n"},
      {"test.S/Open: {auth: {scopes: [a]}}",
       "test.S.Open.auth.scopes: scopes can be asked of known callers only, and access is PUBLIC, "
       "at test.proto:9:5\n"},
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

// Whoever lets everybody in asks for nothing; whoever shuts the door again has what was asked
// before.
TEST(Auth, WhatIsAskedOfKnownCallersGoesWithThem) {
  const struct {
    const char* yaml;
    const char* access;
    std::vector<std::string> scopes;
  } rows[] = {
      {"", "required", {"a", "b"}},
      {"methods: {test.S/Scoped: {auth: {access: public, weakens: true}}}", "public", {}},
      {"methods: {test.S/Scoped: {auth: {access: optional, weakens: true}}}", "optional", {}},
      {"methods: {test.S: {auth: {access: public, weakens: true}}, "
       "test.S/Own: {auth: {access: required}}}",
       "public",
       {}},
      {"methods: {test.S: {auth: {access: public, weakens: true}}, "
       "test.S/Own: {auth: {access: required}}, test.S/Scoped: {auth: {access: required}}}",
       "required",
       {"a", "b"}},
      {"methods: {test.S: {auth: {scopes: [d, a, b]}}, "
       "test.S/Scoped: {auth: {access: public, weakens: true}}, "
       "test.S/Open: {auth: {access: public}}}",
       "public",
       {}},
      {"apis: {web: {path_prefix: /w, serves: [test.S/Scoped], "
       "policy: {auth: {access: public, weakens: true}}}}",
       "public",
       {}},
      {"methods: {test.S/Scoped: {auth: {access: public, weakens: true}}}\n"
       "apis: {web: {path_prefix: /w, serves: [test.S/Scoped], "
       "policy: {auth: {access: required}}}}",
       "required",
       {"a", "b"}},
  };
  for (const auto& row : rows) {
    const Compiled compiled = CompileWith(Cat(Provider(), row.yaml));
    ASSERT_TRUE(compiled.snapshot) << row.yaml << compiled.findings;
    EXPECT_EQ(AccessOf(compiled, "/scoped"), row.access) << row.yaml;
    for (const auto& route : compiled.snapshot->routes) {
      if (route->method->name != "Scoped") continue;
      EXPECT_EQ(route->auth.scopes, row.scopes) << row.yaml;
      EXPECT_EQ(route->auth.asks(), !row.scopes.empty()) << row.yaml;
      EXPECT_EQ(route->places.contains("auth.scopes"), !row.scopes.empty()) << row.yaml;
    }
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

// Who is asked with it, or believed because of it, is asked while requests wait.
TEST(Auth, FilesThatAreReadLaterAreLookedAtNow) {
  const std::string asked = "introspection: {url: 'https://idp/i'";
  const std::string with_secret = Cat(asked, ", client_id: me, client_secret_file: ");
  const std::string keys = "issuer: i, audiences: [x], jwks_url: 'https://idp/k', ca_file: ";
  const std::string empty = WriteTempFile("nothing", "\n");
  const std::vector<std::pair<std::string, std::string>> rows = {
      {Cat(asked, '}'), ""},
      {Cat(with_secret, WriteTempFile("secret", "s3cret\n"), '}'), ""},
      {Cat(with_secret, "/no/secret}"),
       "auth.providers.a.introspection.client_secret_file: \"/no/secret\": No such file or "
       "directory\n"},
      {Cat(with_secret, empty, '}'),
       Cat("auth.providers.a.introspection.client_secret_file: \"", empty, "\": is empty\n")},
      {Cat(keys, "/no/ca.pem"),
       "auth.providers.a.ca_file: \"/no/ca.pem\": No such file or directory\n"},
      {Cat(keys, "/no/", std::string(90, 'a')),
       Cat("auth.providers.a.ca_file: \"/no/", std::string(90, 'a'),
           "\": No such file or directory\n")},
      {Cat(keys, empty),
       Cat("auth.providers.a.ca_file: \"", empty, "\": has no certificate in PEM\n")},
  };
  for (const auto& [provider, findings] : rows) {
    const Compiled compiled = CompileWith(Cat("auth: {providers: {a: {", provider, "}}}"));
    EXPECT_EQ(compiled.findings, findings) << provider;
  }
}

TEST(CheckAuth, CertificatesAreThoseThatTlsAsksFor) {
  const auto errors = [](const std::string& certificates) {
    contract::Findings findings;
    ParseConfig(
        Cat("listen: {tls: {certificates: [{cert_file: c, key_file: k}], client_ca_file: a, "
            "client_auth: optional}}\nauth: {client_certificates: ",
            certificates, "}"),
        "f", findings);
    std::string text;
    for (const contract::Finding& one : findings.all()) text += Cat(one.path, ": ", one.text, '\n');
    return text;
  };
  const std::string at = "auth.client_certificates";
  EXPECT_EQ(errors("{rules: [{from: uri, prefix: 'spiffe://a/', roles: [a b], scopes: [c]}, {from: "
                   "common_name}, {from: dns}, {from: email}], beside_token: bound_token, "
                   "subject_prefix: 'cert:'}"),
            "");
  EXPECT_EQ(errors("{}"), Cat(at, ": has no rules: no certificate says who it is\n"));
  EXPECT_EQ(errors("{rules: [{prefix: a}]}"),
            Cat(at, ".rules[0]: needs `from`: COMMON_NAME, URI, DNS or EMAIL\n"));
  EXPECT_EQ(errors("{rules: [{from: uri, roles: ['']}]}"),
            Cat(at, ".rules[0].roles[0]: is empty; leave it out or give it a value\n"));
}

// Where a composition asks less of its requests than the methods it calls do of theirs, `explain`
// says so: who is let in, which rules are held against what it passes on, what is counted.
TEST(Auth, WhatCompositionsPassByIsSeen) {
  const Compiled compiled = CompileWith(Provider(), R"(
message M { string a = 1; string b = 2; }
service S {
  rpc Strict(M) returns (M) {
    option (google.api.http) = { get: "/s" };
    option (frontdesk.v1.method) = { auth { scopes: "a" } };
  }
  rpc Silent(M) returns (M);
  rpc Open(M) returns (M) {
    option (google.api.http) = { get: "/open" };
    option (frontdesk.v1.method) = { auth { access: PUBLIC } };
    option (frontdesk.v1.compose) = { step { id: "s" call: "test.S/Strict" }
                                      step { id: "t" call: "test.S/Silent" }
                                      out { to: "a" from: "s.a" }
                                      out { to: "b" from: "t.b" } };
  }
  rpc AsStrict(M) returns (M) {
    option (google.api.http) = { get: "/strict" };
    option (frontdesk.v1.method) = { auth { scopes: "a" scopes: "b" } };
    option (frontdesk.v1.compose) = { step { id: "s" call: "test.S/Strict" }
                                      out { to: "a" from: "s.a" } };
  }
})");
  ASSERT_TRUE(compiled.snapshot) << compiled.findings;
  EXPECT_EQ(PassedBy(compiled),
            "s lets in callers that test.S/Strict itself would not: access is PUBLIC and was "
            "REQUIRED\n");
}

// A front may ask for more than the contract does; what none serves opens nothing.
TEST(Auth, WhatCompositionsPassByIsOfTheFrontsThatServeThem) {
  const std::string contract = R"(
message M { string a = 1; }
service S {
  rpc Strict(M) returns (M) {
    option (google.api.http) = { get: "/s" };
    option (frontdesk.v1.method) = { auth { scopes: "a" } };
  }
  rpc Open(M) returns (M) {
    option (google.api.http) = { get: "/open" };
    option (frontdesk.v1.method) = { auth { access: PUBLIC } };
    option (frontdesk.v1.compose) = { step { id: "s" call: "test.S/Strict" }
                                      out { to: "a" from: "s.a" } };
  }
})";
  const std::string opens =
      "s lets in callers that test.S/Strict itself would not: access is PUBLIC and was REQUIRED\n";
  const std::string closed = "methods: {test.S/Open: {auth: {access: required, scopes: [a]}}}";
  const std::pair<std::string, std::string> rows[] = {
      {"", opens},
      {"apis: {web: {path_prefix: /w, serves: [test.S]}}\n", Cat("web: ", opens)},
      {"apis: {web: {path_prefix: /w, serves: [test.S/Strict]}}\n", ""},
      {Cat("apis: {web: {path_prefix: /w, serves: [test.S], ", closed, "}}\n"), ""},
      {Cat("apis: {app: {path_prefix: /a, serves: [test.S]}, ",
           "web: {path_prefix: /w, serves: [test.S], ", closed, "}}\n"),
       Cat("app: ", opens)},
  };
  for (const auto& [apis, expected] : rows) {
    const Compiled compiled = CompileWith(Cat(Provider(), apis), contract);
    ASSERT_TRUE(compiled.snapshot) << apis << compiled.findings;
    EXPECT_EQ(PassedBy(compiled), expected) << apis;
  }
}

constexpr char kPassing[] = R"(
message Line { int32 count = 1 [(frontdesk.v1.field).rules.int32.lte = 9]; }
message Order {
  string id = 1 [(frontdesk.v1.field).rules.string.max_len = 5];
  repeated Line lines = 2 [(frontdesk.v1.field).rules.repeated.min_items = 1];
  string note = 3;
}
message Same {
  string order = 1 [(frontdesk.v1.field).rules.string.max_len = 5];
  string longer = 2 [(frontdesk.v1.field).rules.string.max_len = 6];
  string free = 3;
  repeated Line lines = 4 [(frontdesk.v1.field).rules.repeated.min_items = 1];
  repeated Line more = 5;
  repeated string ids = 6 [(frontdesk.v1.field).rules.repeated.items.string.max_len = 5];
  Order whole = 7;
}
message Answer { Order order = 1; repeated Order orders = 2; Order dropped = 3; }
service S {
  rpc Put(Order) returns (Order) {
    option (google.api.http) = { put: "/order" body: "*" };
    option (frontdesk.v1.method) = {
      limit { key: ADDRESS requests: 5 per: "1m" }
      limit { name: "orders" key: CALLER requests: 5 }
    };
  }
  rpc Drop(Order) returns (Order);
  rpc Buy(Same) returns (Answer) {
    option (google.api.http) = { post: "/buy" body: "*" };
    option (frontdesk.v1.method) = { limit { name: "orders" key: CALLER requests: 5 } };
    option (frontdesk.v1.compose) = { $STEPS };
  }
}
)";

TEST(Auth, RulesAndLimitsThatCompositionsPassBy) {
  const std::string limits =
      "s is not counted in the limits of test.S/Put itself: ADDRESS 5 per 1m\n";
  const std::string passes = "s passes on what test.S/Put itself would hold against its rules: ";
  const std::string out = " out { to: \"order\" from: \"s\" }";
  const auto step = [&](const std::string& binds) {
    return Cat("step { id: \"s\" call: \"test.S/Put\" ", binds, " }", out);
  };
  const std::string lines = "bind { to: \"lines\" from: \"request.lines\" }";
  const std::vector<std::pair<std::string, std::string>> rows = {
      // Held against the same rules already, or by no rule at all.
      {step(Cat("bind { to: \"id\" from: \"request.order\" }", lines)), limits},
      {step(Cat("bind { to: \"note\" from: \"request.free\" }", lines)), limits},
      {step(Cat("bind { to: \"id\" value: \"far too long\" }", lines)), limits},
      {step("bind { to: \"\" from: \"request.whole\" }"), limits},
      // Others, or none.
      {step(Cat("bind { to: \"id\" from: \"request.longer\" }", lines)),
       Cat(passes, "id\n", limits)},
      {step(Cat("bind { to: \"id\" from: \"request.free\" }", lines)), Cat(passes, "id\n", limits)},
      {step("bind { to: \"lines\" from: \"request.more\" }"), Cat(passes, "lines\n", limits)},
      // Of an `each` its elements; of what a back end has answered nothing; and what takes it back.
      {Cat("step { id: \"s\" each: \"request.ids\" as: \"one\" call: \"test.S/Put\" ",
           "bind { to: \"id\" from: \"one\" }", lines, "} out { to: \"orders\" from: \"s\" }"),
       limits},
      {Cat("step { id: \"s\" call: \"test.S/Put\" ", lines,
           "undo { call: \"test.S/Drop\" bind { to: \"id\" from: \"request.free\" } } }",
           "step { id: \"t\" call: \"test.S/Drop\" bind { to: \"id\" from: \"s.note\" } }",
           " out { to: \"dropped\" from: \"t\" }", out),
       Cat(limits,
           "s its undo passes on what test.S/Drop itself would hold against its rules: id\n")},
  };
  for (const auto& [steps, expected] : rows) {
    std::string contract = kPassing;
    contract.replace(contract.find("$STEPS"), 6, steps);
    const Compiled compiled = CompileWith("auth: {development_caller: me}", contract);
    ASSERT_TRUE(compiled.snapshot) << steps << compiled.findings;
    EXPECT_EQ(PassedBy(compiled), expected) << steps;
  }
}

}  // namespace
}  // namespace frontdesk::config
