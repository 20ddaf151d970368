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

// `one`, so many times, with commas between.
std::string ListOf(const std::string& one, size_t times) {
  std::string list = one;
  for (size_t i = 1; i < times; ++i) list += Cat(',', one);
  return list;
}

// Claims that cost much to read, of some 5,800 bytes at most: a token's 8 KiB less its header and a
// signature of RSA. At most 500 values are read of them.
const std::vector<std::pair<std::string, std::string>>& CostlyClaims() {
  static const auto* const all = [] {
    std::string names = "\"n0\":0";
    for (int i = 1; i < 480; ++i) names += Cat(",\"n", i, "\":0");
    const std::string digits = Cat("9007199254740993.", std::string(823, '0'), '1');
    const auto list = [](const std::string& one, size_t times) {
      return Cat("\"a\":[", ListOf(one, times), ']');
    };
    return new std::vector<std::pair<std::string, std::string>>{
        {"arrays", list("[]", 1700)},
        {"noughts", list("0", 2800)},
        {"halfway_doubles", list("9007199254740993.0", 260)},
        {"long_doubles", list(digits, 6)},
        {"small_doubles", list("1e-300", 490)},
        {"subnormal_doubles", list("4.9406564584124654e-324", 170)},
        {"names", names},
        {"objects", list(R"({"":0})", 800)},
        {"objects_with_names", list(R"({"abcdefghijklmnop":0})", 245)},
        {"escapes", Cat("\"a\":\"", ListOf(R"(\n\n\n\n)", 600), '"')},
        {"letters", Cat("\"a\":\"", ListOf("\u00e4\u00e4\u00e4\u00e4", 600), '"')},
        {"spaces", Cat("\"a\":", std::string(5700, ' '), '0')},
    };
  }();
  return *all;
}

// `issuer`: what its claims say of theirs, as JSON.
std::string GarbageToken(const JoseKey& key, const std::string& what, const std::string& issuer) {
  constexpr char kHeader[] = R"({"alg":"RS256","kid":"k1"})";
  if (what == "text") return std::string(8000, 'A');
  if (what == "dots") return std::string(8000, '.');
  if (what == "unknown_kid") {
    return key.Sign(R"({"alg":"RS256","kid":"../../etc/passwd"})", std::string(5500, 'x'));
  }
  if (what == "alg_none") return key.Sign(R"({"alg":"none","kid":"k1"})", Claims(1));
  if (what == "alg_hs256") return key.Sign(R"({"alg":"HS256","kid":"k1"})", Claims(1));
  if (what == "large_header") {
    std::string header = "{";
    for (int i = 0; header.size() < 1500; ++i) header += Cat("\"a", i, "\":[],");
    return key.Sign(header + R"("alg":"RS256","kid":"x"})", "{}");
  }
  if (what == "long_kid_text") {
    return key.Sign(Cat(R"({"alg":"RS256","kid":")", std::string(1400, 'k'), "\"}"), "{}");
  }
  if (what == "payload_of_arrays") {
    return key.Sign(kHeader, Cat('[', ListOf("[]", 1700), ']'));
  }
  if (what == "doubles_everywhere") {
    return key.Sign(
        Cat(R"({"alg":"RS256","kid":"k1","a":[)", ListOf("9007199254740993.0", 58), "]}"),
        Cat(R"({"iss":)", issuer, R"(,"a":[)", ListOf("9007199254740993.0", 220), "]}"));
  }
  for (const auto& [name, claims] : CostlyClaims()) {
    if (name == what) return key.Sign(kHeader, Cat(R"({"iss":)", issuer, ',', claims, '}'));
  }
  return "";
}

// What must be refused without a signature being looked at.
void Garbage(benchmark::State& state, const std::string& what) {
  Desk desk("RS256");
  const std::string token = GarbageToken(desk.key, what, R"("x")");
  if (token.empty() || token.size() > Jws::kMostBytes) state.SkipWithError("no such token");
  for (auto _ : state) {
    const auto who = desk.verifier->Verify(token, kNow, kLoopNow);
    if (who.ok()) state.SkipWithError("taken");
  }
}

// The same where somebody else can be asked about tokens that are his. These are not: their issuer
// is no text.
void GarbageAsked(benchmark::State& state, const std::string& what) {
  Desk desk("RS256");
  const std::string token = GarbageToken(desk.key, what, "7");
  if (token.empty() || token.size() > Jws::kMostBytes) state.SkipWithError("no such token");
  for (auto _ : state) {
    if (desk.verifier->Known(token, kNow) != nullptr) state.SkipWithError("known");
    const auto who = desk.verifier->VerifyUnlessAnothers(token, "", kNow, kLoopNow);
    if (!who || who->ok()) state.SkipWithError("taken");
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
                           "long_kid_text", "payload_of_arrays", "doubles_everywhere"}) {
    benchmark::RegisterBenchmark((Cat("Garbage/", what)).c_str(), Garbage, what);
  }
  for (const auto& costly : CostlyClaims()) {
    const std::string& what = costly.first;
    benchmark::RegisterBenchmark(Cat("Garbage/", what).c_str(), Garbage, what);
    benchmark::RegisterBenchmark(Cat("GarbageAsked/", what).c_str(), GarbageAsked, what);
  }
  return 0;
}();

}  // namespace
}  // namespace frontdesk::identity
