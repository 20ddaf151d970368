// What it costs to know who is calling: a token that was seen before, a new one, and garbage.
// `_openssl` is the bare verification of the same signature: the floor that nothing goes below.
#include <benchmark/benchmark.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <deque>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/openssl.h"
#include "gateway/identity/token_verifier.h"
#include "tests/support/jose.h"

namespace frontdesk::identity {
namespace {

using testing::JoseKey;

constexpr UnixTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr TimePoint kLoopNow{std::chrono::hours(1)};

// Claims as a larger issuer writes them: about 600 bytes.
std::string Claims(size_t i) {
  return Cat(R"({"iss":"https://idp.example/realms/shop","sub":"user-)", i,
             R"(","aud":["shop","account"],"exp":1700000300,"iat":1699999990,"jti":")", i,
             R"(","azp":"web","scope":"openid orders.read orders.write profile email",)",
             R"("realm_access":{"roles":["customer","reviewer"]},"email_verified":true,)",
             R"("name":"Ada Lovelace","preferred_username":"ada","email":"ada@example.com",)",
             R"("tenant":"acme","session_state":"a7a1b1a4-6a0e-4a3d-9d6a-2f6f1d1c3e55",)",
             R"("acr":"1","allowed-origins":["https://shop.example"]})");
}

KeySetRules RulesFor(const std::string& algorithm) {
  return {.algorithms = {ParseAlgorithm(algorithm).value()}};
}

// One issuer with one key.
struct Desk {
  explicit Desk(const std::string& algorithm, size_t cache = 10'000)
      : key(algorithm),
        source(
            {.name = "idp"}, [this] { return key.Set(); }, KeySetParser(RulesFor(algorithm)),
            [] { return 0.0; }) {
    source.Step(kLoopNow);
    ClaimRules rules;
    rules.issuer = "https://idp.example/realms/shop";
    rules.audiences = {"shop"};
    rules.roles = "realm_access.roles";
    rules.metadata = {{"tenant", "x-tenant"}};
    verifier.emplace(std::vector<Provider>{{"idp", rules, &source}},
                     TokenCache::Limits{.entries = cache}, 1);
  }
  const JoseKey key;
  KeySource source;
  std::optional<TokenVerifier> verifier;
};

void Fresh(benchmark::State& state, const std::string& algorithm) {
  Desk desk(algorithm, 1);  // hardly anything is kept
  std::vector<std::string> tokens;
  for (size_t i = 0; i < 200; ++i) tokens.push_back(desk.key.Token(Claims(i)));
  size_t at = 0;
  for (auto _ : state) {
    const auto who = desk.verifier->Verify(tokens[at++ % tokens.size()], kNow, kLoopNow);
    if (!who.ok()) state.SkipWithError("refused");
  }
}

// As a program would that has the key and the digest at hand, and the signature as OpenSSL wants
// it.
void Openssl(benchmark::State& state, const std::string& algorithm) {
  const JoseKey key(algorithm);
  const std::string token = key.Token(Claims(1));
  const size_t dot = token.rfind('.');
  const std::string input = token.substr(0, dot);
  std::string signature = *DecodeBase64Url(token.substr(dot + 1));
  if (algorithm.starts_with("ES")) {
    ECDSA_SIG* const numbers = ECDSA_SIG_new();
    const int half = static_cast<int>(signature.size() / 2);
    ECDSA_SIG_set0(numbers, BN_bin2bn(Bytes(signature), half, nullptr),
                   BN_bin2bn(Bytes(signature) + half, half, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(numbers, &der);
    signature.assign(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  }
  const PKey pkey = key.PublicKey();
  const DigestContext context(EVP_MD_CTX_new());
  for (auto _ : state) {
    EVP_MD_CTX_reset(context.get());
    EVP_DigestVerifyInit(context.get(), nullptr, algorithm == "EdDSA" ? nullptr : FetchedDigest(32),
                         nullptr, pkey.get());
    if (EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(input),
                         input.size()) != 1) {
      state.SkipWithError("refused");
    }
  }
}

void Known(benchmark::State& state) {
  static Desk* const desk = new Desk("ES256");
  static const auto* const tokens = [] {
    auto* const all = new std::vector<std::string>();
    for (size_t i = 0; i < 1000; ++i) all->push_back(desk->key.Token(Claims(i)));
    return all;
  }();
  for (const std::string& token : *tokens) (void)desk->verifier->Verify(token, kNow, kLoopNow);
  size_t at = 0;
  for (auto _ : state) {
    const auto who = desk->verifier->Verify((*tokens)[at++ % tokens->size()], kNow, kLoopNow);
    if (!who.ok()) state.SkipWithError("refused");
  }
}
BENCHMARK(Known);
BENCHMARK(Known)->Threads(2);

// What must be refused without a signature being looked at.
void Garbage(benchmark::State& state, const std::string& what) {
  Desk desk("RS256");
  const JoseKey& key = desk.key;
  std::string token;
  if (what == "text") token = std::string(8000, 'A');
  if (what == "dots") token = std::string(8000, '.');
  if (what == "unknown_kid") {
    token = key.Sign(R"({"alg":"RS256","kid":"../../etc/passwd"})", std::string(5500, 'x'));
  }
  if (what == "alg_none") token = key.Sign(R"({"alg":"none","kid":"k1"})", Claims(1));
  if (what == "alg_hs256") token = key.Sign(R"({"alg":"HS256","kid":"k1"})", Claims(1));
  if (what == "large_header") {
    std::string header = "{";
    for (int i = 0; header.size() < 1500; ++i) header += Cat("\"a", i, "\":[],");
    token = key.Sign(header + R"("alg":"RS256","kid":"x"})", "{}");
  }
  if (what == "long_kid_text") {
    token = key.Sign(Cat(R"({"alg":"RS256","kid":")", std::string(1400, 'k'), "\"}"), "{}");
  }
  if (what == "payload_of_arrays") {
    std::string payload = "[";
    while (payload.size() < 5000) payload += "[],";
    token = key.Sign(R"({"alg":"RS256","kid":"k1"})", payload + "0]");
  }
  if (what == "claim_of_arrays") {
    std::string payload = R"({"iss":"x","a":[)";
    while (payload.size() < 5000) payload += "[],";
    token = key.Sign(R"({"alg":"RS256","kid":"k1"})", payload + "0]}");
  }
  for (auto _ : state) {
    const auto who = desk.verifier->Verify(token, kNow, kLoopNow);
    if (who.ok()) state.SkipWithError("taken");
  }
}

void ApiKey(benchmark::State& state) {
  std::string file = R"({"keys":[)";
  for (int i = 0; i < 1000; ++i) {
    file += Cat(i == 0 ? "" : ",", R"({"sub":"s","sha256":")", ToHex(HashOfApiKey(Cat("key", i))),
                "\"}");
  }
  const auto keys = ApiKeys::Parse(file + "]}", {}, 1);
  for (auto _ : state) {
    if (!keys->Find("key500", kNow).ok()) state.SkipWithError("refused");
  }
}
BENCHMARK(ApiKey);

[[maybe_unused]] const int registered = [] {
  for (const char* algorithm : {"ES256", "RS256", "PS256", "EdDSA", "HS256"}) {
    benchmark::RegisterBenchmark((Cat("Fresh/", algorithm)).c_str(), Fresh, algorithm);
    if (std::string(algorithm) == "HS256" || std::string(algorithm) == "PS256") continue;
    benchmark::RegisterBenchmark((Cat("Fresh_openssl/", algorithm)).c_str(), Openssl, algorithm);
  }
  for (const char* what : {"text", "dots", "unknown_kid", "alg_none", "alg_hs256", "large_header",
                           "long_kid_text", "payload_of_arrays", "claim_of_arrays"}) {
    benchmark::RegisterBenchmark((Cat("Garbage/", what)).c_str(), Garbage, what);
  }
  return 0;
}();

}  // namespace
}  // namespace frontdesk::identity
