// Tokens and keys, right and wrong ones: what is refused, and for which reason.
#include "gateway/identity/jws.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/json_value.h"
#include "gateway/identity/key_set.h"
#include "tests/support/jose.h"

namespace frontdesk::identity {
namespace {

using testing::JoseKey;

std::string Verify(std::string_view token, const KeySet& keys) {
  const auto jws = ParseJws(token);
  if (!jws.ok()) return std::string(Std(jws.status().message()));
  const auto payload = DecodePayload(jws->payload);
  if (!payload.ok()) return std::string(Std(payload.status().message()));
  const absl::Status status = CheckSignature(*jws, keys);
  return status.ok() ? "ok" : std::string(Std(status.message()));
}

KeySet Set(std::string_view text, const KeySetRules& rules = {}) {
  auto set = KeySet::Parse(text, rules);
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

std::string WhyNot(std::string_view text, const KeySetRules& rules = {}) {
  const auto set = KeySet::Parse(text, rules);
  return set.ok() ? Cat("ok ", set->size()) : std::string(Std(set.status().message()));
}

TEST(Base64Url, IsReadStrictly) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", ""},
      {"Zg", "f"},
      {"Zm8", "fo"},
      {"Zm9v", "foo"},
      {"-_-_", "\xfb\xff\xbf"},
      {"Z", "<no>"},
      {"Zg==", "<no>"},
      {"Zm8=", "<no>"},
      {"Zm9 v", "<no>"},
      {"Zm9v\n", "<no>"},
      {"+/+/", "<no>"},
      {"Zh", "<no>"},
      {"Zm9", "<no>"},
      {"Zm9v!", "<no>"},
      {"Zm\xc3\xa9", "<no>"},
  };
  for (const auto& [text, bytes] : rows) {
    EXPECT_EQ(DecodeBase64Url(text).value_or("<no>"), bytes) << text;
    if (bytes == "<no>") continue;
    EXPECT_EQ(EncodeBase64Url(bytes), text);
  }
}

// "object{a: integer 1}"; or why it can't be read.
std::string Tree(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  std::string text;
  switch (value.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.truth ? "true" : "false";
    case Kind::kInteger:
      return Cat("integer ", value.integer);
    case Kind::kNumber:
      return Cat("number ", value.text);
    case Kind::kText:
      return Cat("text ", value.text);
    case Kind::kArray:
      for (const auto& [none, each] : value.members)
        text += Cat(text.empty() ? "" : ", ", Tree(each));
      return Cat('[', text, ']');
    case Kind::kObject:
      for (const auto& [name, each] : value.members) {
        text += Cat(text.empty() ? "" : ", ", name, ": ", Tree(each));
      }
      return Cat('{', text, '}');
  }
  return "?";
}

TEST(Json, IsReadStrictly) {
  using namespace std::string_literals;
  std::string many = "[0";
  for (int i = 0; i < 20; ++i) many += ",0";
  std::string names = "{";
  for (int i = 0; i < 18; ++i) names += Cat("\"n", i, "\":0,");
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"( {"a" : [ 1, true, null, "x", {} ] , "b":false} )",
       "{a: [integer 1, true, null, text x, {}], b: false}"},
      {R"("\u00e9\ud83d\ude00\"\\\/\b")", "text \u00e9\U0001f600\"\\/\b"},
      {"9223372036854775807", "integer 9223372036854775807"},
      {"-9223372036854775808", "integer -9223372036854775808"},
      {"9223372036854775808", "number 9223372036854775808"},
      {"18446744073709551616", "number 18446744073709551616"},
      {"-0", "integer 0"},
      {"1.0", "number 1.0"},
      {"1e2", "number 1e2"},
      {"1e-999", "number 1e-999"},
      {"-1e999", "has a number that is too large for any"},
      {"[[[[]]]]", "[[[[]]]]"},
      {"[[[[[]]]]]", "is nested too deeply"},
      {"[0,0,0]", "[integer 0, integer 0, integer 0]"},
      {many + "]", "has too many values"},
      {many, "has too many values"},
      {R"({"a":1,"a":1})", "a name stands twice in an object"},
      {R"({"a":1,"\u0061":1})", "a name stands twice in an object"},
      {names + "\"n3\":0}", "a name stands twice in an object"},
      {R"({"a":{"b":1,"b":2}})", "a name stands twice in an object"},
      {"\xef\xbb\xbf{}", "begins with a byte order mark"},
      {"{}\0"s, "is not JSON at line 1, column 3: unexpected text after the value"},
      {"\0{}"s, "is not JSON at line 1, column 1: expected a value"},
      {"{} {}", "is not JSON at line 1, column 4: unexpected text after the value"},
      {"{\n\"a\":x}", "is not JSON at line 2, column 5: expected a value"},
      {"[1,]", "is not JSON at line 1, column 4: unexpected ',' before ']'"},
      {"{'a':1}", "is not JSON at line 1, column 2: expected a name in double quotes"},
      {"01", "is not JSON at line 1, column 2: a number has no leading zeros"},
      {"+1", "is not JSON at line 1, column 1: expected a value"},
      {"NaN", "is not JSON at line 1, column 1: expected a value"},
      {"nul", "is not JSON at line 1, column 1: unexpected word"},
      {"\"\\ud83d\"", "is not JSON at line 1, column 8: a surrogate without its partner"},
      {"\"\xc0\xaf\"", "is not JSON at line 1, column 2: not UTF-8"},
      {"\"\xed\xa0\x80\"", "is not JSON at line 1, column 2: not UTF-8"},
      {"\"a\nb\"", "is not JSON at line 1, column 3: a control character must be escaped"},
      {"[", "is not JSON at line 1, column 2: expected a value"},
      {"", "is not JSON at line 1, column 1: expected a value"},
  };
  for (const auto& [text, verdict] : rows) {
    const auto value = ParseJson(text, {.depth = 4, .values = 20});
    EXPECT_EQ(value.ok() ? Tree(*value) : std::string(Std(value.status().message())), verdict)
        << text;
  }
  const JsonLimits object{.only_object = true};
  EXPECT_EQ(Std(ParseJson(" [", object).status().message()), "is no JSON object");
  EXPECT_EQ(Std(ParseJson("", object).status().message()), "is no JSON object");
  EXPECT_TRUE(ParseJson(" {}", object).ok());
}

// Without a tree, and from the very texts that a tree can be built of, but for two reasons.
TEST(Json, AMemberIsFound) {
  const auto find = [](std::string_view text) -> std::string {
    const auto found = FindTextMember(text, "iss", {.depth = 4, .values = 8});
    if (!found) return "<no>";
    return !found->there ? "<none>" : found->text ? Cat("text ", *found->text) : "<other>";
  };
  const std::pair<std::string, std::string> rows[] = {
      {R"({"iss":"a"})", "text a"},
      {R"( {"x" : [1,{"iss":"b"}], "iss" : "a" , "y":-1.5e3} )", "text a"},
      {R"({"i\u0073s":"\u00e9\/"})", "text \u00e9/"},
      {R"({"iss":""})", "text "},
      {"{}", "<none>"},
      {R"({"ISS":"a","x":{"iss":"b"},"is":"s"})", "<none>"},
      {R"({"iss":null})", "<other>"},
      {R"({"iss":{"iss":"b"}})", "<other>"},
      {R"({"iss":["a"]})", "<other>"},
      {R"({"iss":"a","iss":"a"})", "<no>"},
      {R"({"iss":1,"x":2,"i\u0073s":"a"})", "<no>"},
      {R"({"iss":"a","x":[[[]]]})", "text a"},
      {R"({"iss":"a","x":[[[[]]]]})", "<no>"},
      {R"({"iss":"a","x":[0,0,0,0,0]})", "text a"},
      {R"({"iss":"a","x":[0,0,0,0,0,0]})", "<no>"},
      {R"({"x":[0,0,0,0,0,0],"iss":"a"})", "<no>"},
      {R"({"x":{"a":{},"b":{},"c":0,"d":0,"e":0,"f":0}})", "<none>"},
      {R"({"x":{"a":{},"b":{},"c":0,"d":0,"e":0,"f":0},"iss":"a"})", "<no>"},
      {"\xef\xbb\xbf{\"iss\":\"a\"}", "<no>"},
      {R"({"iss":"a"} x)", "<no>"},
      {R"({"iss":"a",})", "<no>"},
      {R"({"iss":"a","x":01})", "<no>"},
      {R"({"iss":"a","x":nul})", "<no>"},
      {"{\"iss\":\"a\",\"x\":\"\xff\"}", "<no>"},
      {R"({"iss":"a)", "<no>"},
      {R"(["iss"])", "<no>"},
      {R"("iss")", "<no>"},
      {"", "<no>"},
  };
  for (const auto& [text, verdict] : rows) {
    EXPECT_EQ(find(text), verdict) << text;
    EXPECT_EQ(ParseJson(text, {.depth = 4, .values = 8, .only_object = true}).ok(),
              verdict != "<no>")
        << text;
  }
  EXPECT_EQ(find(R"({"iss":"a","x":1,"x":2})"), "text a");
  EXPECT_EQ(find(R"({"iss":"a","x":1e999})"), "text a");
}

TEST(Jws, EveryAlgorithmVerifiesItsOwnAndNoOther) {
  const std::vector<std::string> names = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                          "PS512", "ES256", "ES384", "ES512", "EdDSA",
                                          "HS256", "HS384", "HS512"};
  std::vector<JoseKey> keys;
  for (const std::string& name : names) keys.emplace_back(name);
  for (size_t i = 0; i < keys.size(); ++i) {
    KeySetRules rules;
    if (names[i].starts_with("HS")) rules.algorithms = AlgorithmSet::Symmetric();
    const KeySet set = Set(keys[i].Set(), rules);
    for (size_t j = 0; j < keys.size(); ++j) {
      const std::string own = keys[j].Token(R"({"a":1})");
      EXPECT_EQ(Verify(own, set), i == j ? "ok" : "TOKEN_KEY_UNKNOWN") << names[i] << names[j];
      // Signed by another key, said to be of this one.
      if (i == j) continue;
      const std::string header = Cat(R"({"alg":")", names[i], R"(","kid":"k1"})");
      EXPECT_EQ(Verify(keys[j].Sign(header, "{}"), set), "TOKEN_SIGNATURE") << names[i] << names[j];
    }
  }
}

TEST(Jws, HeadersThatAreRefused) {
  const JoseKey key("ES256");
  const KeySet set = Set(key.Set());
  const std::string good = R"("alg":"ES256","kid":"k1")";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {Cat('{', good, '}'), "ok"},
      {Cat('{', good, R"(,"typ":"JWT"})"), "ok"},
      // Where to find a key, or the key itself, is never taken from a token.
      {Cat('{', good, R"(,"jku":"http://127.0.0.1:1/","x5u":"https://evil/"})"), "ok"},
      {Cat('{', good, R"(,"jwk":{"kty":"oct","k":"AAAA"},"x5c":["AAAA"]})"), "ok"},
      {R"({"alg":"none","kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"None","kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"NONE"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"","kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"es256","kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":["ES256"],"kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"HS256","kid":"k1"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES384","kid":"k1"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"k1"})", "TOKEN_ALGORITHM"},
      {R"({"alg":"ES256","kid":"k2"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES256","kid":"../../etc/passwd"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES256","kid":"k1' OR '1'='1"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES256","kid":"k1\u0000"})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES256","kid":""})", "TOKEN_KEY_UNKNOWN"},
      {R"({"alg":"ES256","kid":1})", "TOKEN_KID"},
      {Cat(R"({"alg":"ES256","kid":")", std::string(257, 'k'), R"("})"), "TOKEN_KID"},
      {Cat(R"({"alg":"ES256","kid":")", std::string(10 << 10, 'k'), R"("})"), "TOKEN_TOO_LONG"},
      {Cat(R"({"alg":"ES256","kid":")", std::string(4 << 10, 'k'), R"("})"),
       "TOKEN_HEADER_TOO_LONG"},
      {Cat('{', good, R"(,"crit":["exp"]})"), "TOKEN_CRITICAL_HEADER"},
      {Cat('{', good, R"(,"crit":[]})"), "TOKEN_CRITICAL_HEADER"},
      {Cat('{', good, R"(,"b64":false,"crit":["b64"]})"), "TOKEN_CRITICAL_HEADER"},
      {Cat('{', good, R"(,"b64":true})"), "TOKEN_CRITICAL_HEADER"},
      {Cat('{', good, R"(,"typ":1})"), "TOKEN_HEADER"},
      {Cat('{', good, R"(,"alg":"ES256"})"), "TOKEN_HEADER"},
      {Cat('{', good, R"(,"k\u0069d":"k1"})"), "TOKEN_HEADER"},
      {Cat('{', good, ",\"a\":\"\xff\"}"), "TOKEN_HEADER"},
      {Cat("\xef\xbb\xbf{", good, '}'), "TOKEN_HEADER"},
      {Cat('{', good, "} {}"), "TOKEN_HEADER"},
      {Cat('{', good, ",}"), "TOKEN_HEADER"},
      {Cat("/**/{", good, '}'), "TOKEN_HEADER"},
      {Cat('{', good, R"(,"a":[[[[[[[[[[]]]]]]]]]]})"), "TOKEN_HEADER"},
      {Cat('[', good, ']'), "TOKEN_HEADER"},
      {"\"alg\"", "TOKEN_HEADER"},
      {"", "TOKEN_HEADER"},
  };
  for (const auto& [header, verdict] : rows) {
    EXPECT_EQ(Verify(key.Sign(header, "{}"), set), verdict) << header;
  }
}

TEST(Jws, TextsThatAreNoToken) {
  const JoseKey key("ES256");
  const KeySet set = Set(key.Set());
  const std::string good = key.Token("{}");
  const size_t first = good.find('.'), second = good.rfind('.');
  const std::string header = good.substr(0, first);
  const std::string payload = good.substr(first + 1, second - first - 1);
  const std::string signature = good.substr(second + 1);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {good, "ok"},
      {"", "TOKEN_MALFORMED"},
      {".", "TOKEN_MALFORMED"},
      {"..", "TOKEN_HEADER"},
      {header, "TOKEN_MALFORMED"},
      {Cat(header, '.', payload), "TOKEN_MALFORMED"},
      {Cat(good, ".x"), "TOKEN_MALFORMED"},
      {Cat(good, '.'), "TOKEN_MALFORMED"},
      {Cat(good, "..."), "TOKEN_MALFORMED"},  // five parts: encrypted
      {Cat(header, '.', payload, '.'), "TOKEN_SIGNATURE"},
      {Cat(header, "..", signature), "TOKEN_SIGNATURE"},
      {Cat(header, "=.", payload, '.', signature), "TOKEN_MALFORMED"},
      {Cat(header, '.', payload, "=.", signature), "TOKEN_MALFORMED"},
      {Cat(header, '.', payload, '.', signature, "="), "TOKEN_MALFORMED"},
      {Cat(' ', good), "TOKEN_MALFORMED"},
      {Cat(good, ' '), "TOKEN_MALFORMED"},
      {Cat(good, '\n'), "TOKEN_MALFORMED"},
      {Cat(header, ".\t", payload, '.', signature), "TOKEN_MALFORMED"},
      {Cat(R"({"payload":")", payload, R"(","protected":")", header, R"(","signature":")",
           signature, R"("})"),
       "TOKEN_MALFORMED"},
      {Cat(header, '.', EncodeBase64Url(R"({"a":2})"), '.', signature), "TOKEN_SIGNATURE"},
      {Cat(header, '.', std::string(9000, 'A'), '.', signature), "TOKEN_TOO_LONG"},
      {std::string(8000, 'A'), "TOKEN_MALFORMED"},
      {std::string(8000, '.'), "TOKEN_MALFORMED"},
  };
  for (const auto& [token, verdict] : rows) EXPECT_EQ(Verify(token, set), verdict) << token;
}

// Raw r and s of the exact length, in the right range, and nothing else.
TEST(Jws, EcdsaSignaturesOfTheWrongShape) {
  const JoseKey key("ES256");
  const KeySet set = Set(key.Set());
  const std::string token = key.Token("{}");
  const std::string input = token.substr(0, token.rfind('.'));
  const std::string good = key.Signature(input);
  const std::string zero(32, '\0');
  const std::string all(32, '\xff');
  // The same signature as DER.
  const std::string der =
      Cat("\x30\x46\x02\x21", '\0', good.substr(0, 32), "\x02\x21", '\0', good.substr(32));
  for (const std::string& signature :
       {std::string(), zero, Cat(zero, zero), Cat(good.substr(0, 32), zero),
        Cat(zero, good.substr(32)), Cat(all, all), Cat(good, '\0'), Cat('\0', good),
        good.substr(0, 63), Cat(good, good), der, std::string(1, '\0'), std::string(2, '\0'),
        Cat(good.substr(32), good.substr(0, 32))}) {
    EXPECT_EQ(Verify(Cat(input, '.', EncodeBase64Url(signature)), set), "TOKEN_SIGNATURE")
        << signature.size();
  }
  EXPECT_EQ(Verify(Cat(input, '.', EncodeBase64Url(good)), set), "ok");
}

// The classic: the public key, which everybody has, as an HMAC secret.
TEST(Jws, PublicKeyIsNoSecret) {
  const JoseKey rsa("RS256");
  const JoseKey hmac("HS256");
  const KeySet set = Set(rsa.Set());
  EXPECT_EQ(Verify(hmac.Token("{}"), set), "TOKEN_KEY_UNKNOWN");
  KeySetRules both;
  both.algorithms = {Algorithm::kRs256, Algorithm::kHs256};
  EXPECT_EQ(WhyNot(rsa.Set(), both), "would hold both secrets and public keys");
}

TEST(KeySet, WithoutKidOnlyWhereOneKeyIsMeant) {
  const JoseKey one("ES256", "one"), two("ES256", "two"), rsa("RS256", "rsa");
  const std::string nameless = one.Sign(R"({"alg":"ES256"})", "{}");
  EXPECT_EQ(Verify(nameless, Set(one.Set())), "ok");
  EXPECT_EQ(Verify(nameless, Set(Cat(R"({"keys":[)", one.Jwk(), ',', rsa.Jwk(), "]}"))), "ok");
  EXPECT_EQ(Verify(nameless, Set(Cat(R"({"keys":[)", one.Jwk(), ',', two.Jwk(), "]}"))),
            "TOKEN_KEY_UNKNOWN");
  // A lone key without a name is the one, whatever the token calls it.
  std::string lone = one.Set();
  lone.replace(lone.find(R"("kid":"one",)"), 12, "");
  EXPECT_EQ(Verify(one.Token("{}"), Set(lone)), "ok");
  EXPECT_EQ(Verify(two.Token("{}"), Set(lone)), "TOKEN_SIGNATURE");
  // Whether a newer set could tell more.
  EXPECT_TRUE(Set(lone).MayBeOutdated("x"));
  EXPECT_TRUE(Set(one.Set()).MayBeOutdated("x"));
  EXPECT_TRUE(Set(one.Set()).MayBeOutdated(std::nullopt));
  EXPECT_FALSE(Set(one.Set()).MayBeOutdated("one"));
}

// An RSA key that does not say its algorithm has those of the configuration, else RS256.
TEST(KeySet, AlgorithmIsTheKeys) {
  const JoseKey key("RS512");
  std::string set = key.Set();
  set.replace(set.find(R"("alg":"RS512",)"), 14, "");
  EXPECT_EQ(Verify(key.Token("{}"), Set(set)), "TOKEN_KEY_UNKNOWN");
  EXPECT_EQ(Verify(key.Token("{}"), Set(set, {.algorithms = {Algorithm::kRs512}})), "ok");
  EXPECT_EQ(WhyNot(key.Set(), {.algorithms = {Algorithm::kRs256}}),
            "ok 0");  // and is passed over
}

TEST(KeySet, SaysWhichKeyIsWrongAndWhy) {
  const JoseKey ec("ES256"), other("ES384", "k2"), hmac("HS256", "h"),
      small("RS256", "small", 1024);
  const std::string rsa = JoseKey("RS256", "r").Jwk();
  const auto set = [](const std::string& keys) { return Cat(R"({"keys":[)", keys, "]}"); };
  const auto with = [&](std::string jwk, const std::string& what, const std::string& by) {
    const size_t at = jwk.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return set(jwk.replace(at, what.size(), by));
  };
  const std::string good = ec.Jwk();
  const std::vector<std::pair<std::string, std::string>> rows = {
      {set(good), "ok 1"},
      {set(Cat(good, ',', other.Jwk(), ',', rsa)), "ok 3"},
      {set(ec.Jwk(R"(,"use":"sig","key_ops":["verify"],"x5c":["AA"],"more":{})")), "ok 1"},
      {"", "is not JSON at line 1, column 1: expected a value"},
      {"[]", "has no list \"keys\""},
      {"{}", "has no list \"keys\""},
      {R"({"keys":{}})", "has no list \"keys\""},
      {R"({"keys":[],"keys":[]})", "a name stands twice in an object"},
      {set(""), "ok 0"},  // all were withdrawn
      {set("1"), "key 1 is no object"},
      {set(Cat(good, ',', good)), "key 2 (kid \"k1\") has the kid of another one"},
      {set(Cat(good, ',', hmac.Jwk())), "key 2 (kid \"h\") is a secret among public keys"},
      {set(ec.Jwk(R"(,"d":"AAAA")")), "key 1 (kid \"k1\") is a private key among public ones"},
      {set(ec.Jwk(R"(,"use":"enc")")), "key 1 (kid \"k1\") is for encryption (use: enc)"},
      {set(ec.Jwk(R"(,"use":"tls")")),
       "key 1 (kid \"k1\") has the use \"tls\"; only \"sig\" verifies"},
      {set(ec.Jwk(R"(,"key_ops":["sign"])")), "key 1 (kid \"k1\") has key_ops without \"verify\""},
      {set(ec.Jwk(R"(,"key_ops":"verify")")), "key 1 (kid \"k1\") has key_ops without \"verify\""},
      {set(small.Jwk()),
       "key 1 (kid \"small\") has a modulus of 1024 bits; allowed are 2048 to 8192"},
      {with(rsa, "\"AQAB\"", "\"AQ\""), "key 1 (kid \"r\") has an exponent that is even or 1"},
      {with(rsa, "\"AQAB\"", "\"Ag\""), "key 1 (kid \"r\") has an exponent that is even or 1"},
      {with(rsa, "\"AQAB\"", "\"\""), "key 1 (kid \"r\") has an exponent that is even or 1"},
      {with(rsa, "\"AQAB\"", "\"AQAB=\""),
       "key 1 (kid \"r\") \"e\" is not base64url without padding"},
      {with(rsa, "\"AQAB\"", "\"AQABAQABAQABAQAB\""),
       "key 1 (kid \"r\") is larger than any in use"},
      {with(rsa, "\"e\"", "\"f\""), "key 1 (kid \"r\") has no text \"e\""},
      {with(good, "\"ES256\"", "\"ES384\""),
       "key 1 (kid \"k1\") has the alg \"ES384\", which its type can't have"},
      {with(good, "\"ES256\"", "\"RS256\""),
       "key 1 (kid \"k1\") has the alg \"RS256\", which its type can't have"},
      {with(good, "\"P-256\"", "\"P-384\""),
       "key 1 (kid \"k1\") has the alg \"ES256\", which its type can't have"},
      {with(good, "\"x\":\"", "\"x\":\"AAAA"),
       "key 1 (kid \"k1\") has coordinates that are not 32 bytes long"},
      {with(good, "\"k1\"", "\"\""),
       "key 1 (kid \"\") has a kid that is not a text of 1 to 256 bytes"},
      {with(good, "\"k1\"", "7"), "key 1 has a kid that is not a text of 1 to 256 bytes"},
      // Kinds that are not known are passed over.
      {set(Cat(good, R"(,{"kty":"EC","crv":"secp256k1"},{"kty":"AKP","alg":"ML-DSA-44"})")),
       "ok 1"},
      {set(R"({"kty":"EC","crv":"secp256k1"})"), "ok 0"},
      {with(good, "\"ES256\"", "\"ES224\""), "ok 0"},
  };
  for (const auto& [text, verdict] : rows) EXPECT_EQ(WhyNot(text), verdict) << text;

  // A point beside the curve.
  std::string off = good;
  const size_t y = off.find("\"y\":\"") + 5;
  off[y] = off[y] == 'A' ? 'B' : 'A';
  EXPECT_EQ(WhyNot(set(off)), "key 1 (kid \"k1\") has a point that is not on its curve");

  const KeySetRules skip{.skip_encryption_keys = true};
  EXPECT_EQ(WhyNot(set(Cat(ec.Jwk(R"(,"use":"enc")"), ',', other.Jwk())), skip), "ok 1");

  const KeySetRules secrets{.algorithms = AlgorithmSet::Symmetric()};
  EXPECT_EQ(WhyNot(set(hmac.Jwk()), secrets), "ok 1");
  EXPECT_EQ(WhyNot(set(JoseKey("HS512", "h", 256).Jwk()), secrets),
            "key 1 (kid \"h\") has 32 bytes, fewer than the hash");
  EXPECT_EQ(WhyNot(set(Cat(hmac.Jwk(), ',', good)), secrets),
            "key 2 (kid \"k1\") is no secret, and HMAC is for secrets alone");

  std::string many;
  for (int i = 0; i < 101; ++i) many += Cat(i == 0 ? "" : ",", JoseKey("EdDSA", Cat("k", i)).Jwk());
  EXPECT_EQ(WhyNot(set(many)), "has more than 100 keys");
  EXPECT_EQ(WhyNot(std::string((1 << 20) + 1, ' ')), "is larger than 1048576 bytes");
}

}  // namespace
}  // namespace frontdesk::identity
