// What a token says, and what it must say: claims, several issuers, and what is kept of verified
// ones.
#include "gateway/identity/claims.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/token_cache.h"
#include "gateway/identity/token_verifier.h"
#include "tests/support/jose.h"

namespace frontdesk::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::JoseKey;

constexpr UnixTime kNow{seconds(1'700'000'000)};
constexpr TimePoint kLoopNow{std::chrono::hours(1)};

std::string Text(const absl::Status& status) { return std::string(Std(status.message())); }

std::string Judge(const std::string& claims, const ClaimRules& rules,
                  std::string_view type = "JWT") {
  auto value = ParseJson(claims);
  if (!value.ok()) return Cat("<", Text(value.status()), ">");
  const auto identity = JudgeClaims(*std::move(value), type, rules, "idp", kNow);
  return identity.ok() ? (*identity)->sub : Text(identity.status());
}

TEST(Claims, AreJudged) {
  const ClaimRules rules{.issuer = "https://idp", .audiences = {"shop", "cart"}};
  // Claims that are good but for `more`, which stands first, and whatever it replaces.
  const auto with = [](const std::string& more, const std::string& without = "") {
    std::string claims = "{";
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"iss", R"("https://idp")"},
                                                          {"aud", R"("shop")"},
                                                          {"sub", R"("ada")"},
                                                          {"exp", "1700000300"}}) {
      if (name != without) claims += Cat('"', name, "\":", value, ',');
    }
    claims += more.empty() ? "\"x\":0" : more;
    return claims + '}';
  };
  const std::vector<std::pair<std::string, std::string>> rows = {
      {with(""), "ada"},
      {with("", "exp"), "TOKEN_WITHOUT_EXPIRY"},
      {with(R"("exp":null)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":"1700000300")", "exp"), "TOKEN_TIME"},
      {with(R"("exp":1700000300.0)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":1.7e9)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":1e30)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":-1)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":true)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":[1700000300])", "exp"), "TOKEN_TIME"},
      {with(R"("exp":9223372036854775807)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":18446744073709551615)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":253402300800)", "exp"), "TOKEN_TIME"},
      {with(R"("exp":253402300799)", "exp"), "ada"},
      {with(R"("exp":0)", "exp"), "TOKEN_EXPIRED"},
      {with(R"("exp":1700000000)", "exp"), "ada"},  // within the skew
      {with(R"("exp":1699999941)", "exp"), "ada"},
      {with(R"("exp":1699999940)", "exp"), "TOKEN_EXPIRED"},
      {with(R"("nbf":1700000060)"), "ada"},
      {with(R"("nbf":1700000061)"), "TOKEN_NOT_YET_VALID"},
      {with(R"("nbf":"0")"), "TOKEN_TIME"},
      {with(R"("iat":1700000060)"), "ada"},
      {with(R"("iat":1700000061)"), "TOKEN_FROM_THE_FUTURE"},
      {with(R"("iat":-5)"), "TOKEN_TIME"},
      {with("", "iss"), "TOKEN_ISSUER"},
      {with(R"("iss":"https://idp/")", "iss"), "TOKEN_ISSUER"},
      {with(R"("iss":["https://idp"])", "iss"), "TOKEN_ISSUER"},
      {with("", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":"cart")", "aud"), "ada"},
      {with(R"("aud":["x","cart"])", "aud"), "ada"},
      {with(R"("aud":["x"])", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":[])", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":["cart",1])", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":[["cart"]])", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":"SHOP")", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":"shop ")", "aud"), "TOKEN_AUDIENCE"},
      {with(R"("aud":{"a":"shop"})", "aud"), "TOKEN_AUDIENCE"},
      {with("", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":"")", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":7)", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":"a\r\nx-user-id: root")", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":"a\u0000")", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":"\u00e4")", "sub"), "TOKEN_SUBJECT"},
      {with(R"("sub":" ada")", "sub"), "TOKEN_SUBJECT"},
      {with(Cat(R"("sub":")", std::string(257, 'a'), '"'), "sub"), "TOKEN_SUBJECT"},
      {with(R"("scope":7)"), "TOKEN_SCOPES"},
      {with(R"("scope":["a",7])"), "TOKEN_SCOPES"},
      {with(R"("sub":"eve")"), "<a name stands twice in an object>"},
      {with(R"("s\u0075b":"eve")"), "<a name stands twice in an object>"},
      {"[]", "TOKEN_CLAIMS"},
      {"7", "TOKEN_CLAIMS"},
  };
  for (const auto& [claims, verdict] : rows) EXPECT_EQ(Judge(claims, rules), verdict) << claims;

  ClaimRules forever = rules;
  forever.allow_no_expiry = true;
  EXPECT_EQ(Judge(with("", "exp"), forever), "ada");
  EXPECT_EQ(Judge(with(R"("exp":1)", "exp"), forever), "TOKEN_EXPIRED");

  ClaimRules nobody = rules;
  nobody.audiences.clear();
  EXPECT_EQ(Judge(with("", "aud"), nobody), "ada");
  EXPECT_EQ(Judge(with(""), nobody), "TOKEN_AUDIENCE");  // meant for somebody else

  ClaimRules more = rules;
  more.required = {"tenant", "org.id"};
  EXPECT_EQ(Judge(with(R"("tenant":0,"org":{"id":1})"), more), "ada");
  EXPECT_EQ(Judge(with(R"("tenant":0,"org.id":1)"), more), "ada");
  EXPECT_EQ(Judge(with(R"("tenant":null,"org":{"id":1})"), more), "TOKEN_CLAIM_MISSING");
  EXPECT_EQ(Judge(with(R"("tenant":0,"org":"id")"), more), "TOKEN_CLAIM_MISSING");

  ClaimRules typed = rules;
  typed.type = "at+jwt";
  EXPECT_EQ(Judge(with(""), typed, "at+jwt"), "ada");
  EXPECT_EQ(Judge(with(""), typed, "application/AT+JWT"), "ada");
  EXPECT_EQ(Judge(with(""), typed, "JWT"), "TOKEN_TYPE");
  EXPECT_EQ(Judge(with(""), typed, ""), "TOKEN_TYPE");
}

TEST(Claims, BecomeScopesRolesAndMetadata) {
  ClaimRules rules{.issuer = "i"};
  rules.roles = "realm_access.roles";
  rules.metadata = {{"tenant", "x-tenant"}, {"org.plan", "x-plan"}, {"groups", "x-groups"},
                    {"evil", "x-evil"},     {"long", "x-long"},     {"age", "x-age"},
                    {"none", "x-none"},     {"nested", "x-nested"}, {"edge", "x-edge"}};
  auto claims = ParseJson(Cat(
      R"({"iss":"i","sub":"s","exp":1700000001,"scope":" b  a b","scp":["c"],
          "realm_access":{"roles":["admin","ops"]},"tenant":"acme","org":{"plan":"gold"},
          "groups":["x","y"],"evil":"a\r\nb: c","age":7,"nested":{"a":1},"edge":" a","long":")",
      std::string(2000, 'l'), "\"}"));
  ASSERT_TRUE(claims.ok());
  const auto identity = JudgeClaims(*std::move(claims), "", rules, "idp", kNow);
  ASSERT_TRUE(identity.ok()) << identity.status();
  const Identity& who = **identity;
  EXPECT_EQ(who.scopes, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(who.HasScope("a"));
  EXPECT_FALSE(who.HasScope("c"));
  EXPECT_TRUE(who.HasRole("ops"));
  EXPECT_FALSE(who.HasRole("op"));
  EXPECT_EQ(who.expires, 1'700'000'061);
  EXPECT_EQ(who.provider, "idp");
  EXPECT_EQ(who.Claim("org.plan")->text, "gold");
  std::string metadata;
  for (const auto& [key, value] : who.metadata) metadata += Cat(key, '=', value, ';');
  EXPECT_EQ(metadata, "x-tenant=acme;x-plan=gold;x-groups=x y;x-age=7;");
}

TEST(TokenCache, ForgetsInTime) {
  TokenCache cache({.entries = 16}, 1);  // one in each part
  auto who = std::make_shared<Identity>();
  who->expires = kNow.time_since_epoch().count() + 10;
  cache.Insert("t", 1, who, kNow + seconds(100));
  EXPECT_EQ(cache.Find("t", 1, kNow), who);
  EXPECT_EQ(cache.Find("T", 1, kNow), nullptr);
  EXPECT_EQ(cache.Find("t", 1, kNow + seconds(9)), who);
  EXPECT_EQ(cache.Find("t", 1, kNow + seconds(10)), nullptr);
  EXPECT_EQ(cache.size(), 0u);
  // The keys have changed.
  cache.Insert("t", 1, who, kNow + seconds(100));
  EXPECT_EQ(cache.Find("t", 2, kNow), nullptr);
  // Not longer than asked for.
  cache.Insert("t", 1, who, kNow + seconds(2));
  EXPECT_EQ(cache.Find("t", 1, kNow + seconds(2)), nullptr);
  // The same again takes no more room; a thousand others don't take more than there is.
  for (int i = 0; i < 1000; ++i) {
    cache.Insert("t", 1, who, kNow + seconds(100));
    cache.Insert(Cat("t", i), 1, who, kNow + seconds(100));
  }
  EXPECT_LE(cache.size(), 16u);
}

TEST(TokenCache, KeepsWhatIsUsed) {
  TokenCache cache({.entries = 16 * 8}, 7);
  const auto who = MakeIdentity("s");
  cache.Insert("mine", 1, who, kNow + seconds(100));
  for (int i = 0; i < 10'000; ++i) {
    cache.Insert(Cat("other", i), 1, who, kNow + seconds(100));
    ASSERT_NE(cache.Find("mine", 1, kNow), nullptr) << i;
  }
}

// Long tokens with many claims don't take more memory than there is.
TEST(TokenCache, IsBoundedInBytes) {
  constexpr size_t kBytes = 16 << 14;
  TokenCache cache({.entries = 100'000, .bytes = kBytes}, 7);
  auto large = std::make_shared<Identity>();
  large->sub = "s";
  large->claims = ParseJson(Cat("{\"a\":\"", std::string(3000, 'x'), "\"}")).value();
  EXPECT_GE(large->MemoryUsed(), 3000u);
  for (int i = 0; i < 1000; ++i) {
    const std::string token = Cat(std::string(4000, 't'), i);
    cache.Insert(token, 1, large, kNow + seconds(100));
    ASSERT_NE(cache.Find(token, 1, kNow), nullptr) << i;
    ASSERT_LE(cache.bytes(), kBytes);
  }
  EXPECT_GE(cache.size(), 16u);
  // What alone is more than a part has is not kept.
  large = std::make_shared<Identity>(*large);
  large->sub = std::string(1 << 14, 's');
  cache.Insert("huge", 1, large, kNow + seconds(100));
  EXPECT_EQ(cache.Find("huge", 1, kNow), nullptr);
  for (int i = 0; i < 1000; ++i) cache.Find(Cat(std::string(4000, 't'), i), 2, kNow);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

// Two issuers with a key each; the verifier tells them apart by what was signed.
class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest() {
    sets_ = {Cat(R"({"keys":[)", a_.Jwk(), "]}"), b_.Set()};
    for (size_t i = 0; i < 2; ++i) {
      sources_.emplace_back(
          KeySourceSettings{.name = i == 0 ? "a" : "b"},
          [this, i]() -> absl::StatusOr<std::string> {
            if (sets_[i].empty()) return absl::UnavailableError("down");
            return sets_[i];
          },
          KeySetParser({}), [] { return 0.0; });
    }
  }

  TokenVerifier& verifier() {
    if (!verifier_) {
      std::vector<Provider> providers;
      for (size_t i = 0; i < 2; ++i) {
        providers.push_back(
            {i == 0 ? "a" : "b", {.issuer = i == 0 ? "https://a" : "https://b"}, &sources_[i]});
      }
      verifier_.emplace(std::move(providers), TokenCache::Limits{.entries = 100}, 1);
    }
    return *verifier_;
  }
  void Fetch() {
    for (KeySource& source : sources_) source.Step(now_);
  }
  static std::string Claims(const std::string& issuer, const std::string& sub = "ada") {
    return Cat(R"({"iss":")", issuer, R"(","sub":")", sub, R"(","exp":1700000300})");
  }
  std::string Verify(const std::string& token, UnixTime now = kNow) {
    const auto identity = verifier().Verify(token, now, now_);
    return identity.ok() ? Cat((*identity)->provider, ':', (*identity)->sub)
                         : Text(identity.status());
  }

  JoseKey a_{"ES256", "ka"}, b_{"EdDSA", "kb"};
  std::vector<std::string> sets_;
  std::deque<KeySource> sources_;
  std::optional<TokenVerifier> verifier_;
  TimePoint now_ = kLoopNow;
};

TEST_F(VerifierTest, TellsIssuersApart) {
  Fetch();
  EXPECT_EQ(Verify(a_.Token(Claims("https://a"))), "a:ada");
  EXPECT_EQ(Verify(b_.Token(Claims("https://b"))), "b:ada");
  // Signed by the other one's key.
  EXPECT_EQ(Verify(b_.Token(Claims("https://a"))), "TOKEN_KEY_UNKNOWN");
  EXPECT_EQ(Verify(a_.Token(Claims("https://c"))), "TOKEN_ISSUER");
  EXPECT_EQ(Verify(a_.Token("{}")), "TOKEN_ISSUER");
  EXPECT_EQ(Verify(a_.Token("[]")), "TOKEN_CLAIMS");
  EXPECT_EQ(Verify(a_.Token("{\"iss\":\"https://a\",\"iss\":\"https://a\"}")), "TOKEN_CLAIMS");
  EXPECT_EQ(Verify(a_.Token(std::string(100, '['))), "TOKEN_CLAIMS");
  EXPECT_EQ(Verify(std::string(9000, 'x')), "TOKEN_TOO_LONG");
}

// A token may be shown to somebody else only where it is nobody's whose keys are here.
TEST_F(VerifierTest, KnowsWhatIsForAnotherToSay) {
  const auto token = [&](std::string_view payload, std::string_view header = R"({"alg":"ES256"})") {
    return a_.Sign(header, payload);
  };
  const std::string theirs = R"({"iss":"https://partner","sub":"ada"})";
  const std::tuple<std::string, bool, bool> rows[] = {
      // To one whose issuer is not known; to https://partner.
      {"opaque", true, true},
      {"", true, true},
      {"a.b", true, true},
      {"a.b.c", true, true},
      {"a.b.c.d.e", true, true},
      {"..", true, true},
      {token(theirs), true, true},
      {token(theirs, R"({"alg":"XYZ","crit":["x"]})"), true, true},
      {token(theirs, " {"), true, true},
      {token(R"({"sub":"ada"})"), true, true},
      {token(R"({"iss":"https://c"})"), true, false},
      {token(Claims("https://a"), "\"a text\""), true, true},
      {token(Claims("https://a")), false, false},
      {token(Claims("https://b")), false, false},
      {token(Claims("https://a"), R"({"alg":"none"})"), false, false},
      {token(Claims("https://a"), "\n\t{"), false, false},
      {token(R"({"iss":["https://partner"]})"), false, false},
      {token(R"({"iss":null})"), false, false},
      {token(R"({"iss":"https://a","iss":"https://partner"})"), false, false},
      {token("[]"), false, false},
      {token("{"), false, false},
      {token(R"({"iss":"https:\/\/a"})"), false, false},
      // What else it says is its issuer's to read.
      {token(R"({"iss":"https://partner","a":1,"a":1e999})"), true, true},
      {Cat(token(""), "!"), false, false},
      {std::string(9000, 'x'), false, false},
  };
  for (const auto& [text, anybody, partner] : rows) {
    const auto is_anothers = [&, &token = text](std::string_view another) {
      return !verifier().VerifyUnlessAnothers(token, another, kNow, now_);
    };
    EXPECT_EQ(is_anothers(""), anybody) << text;
    EXPECT_EQ(is_anothers("https://partner"), partner) << text;
  }
}

// Where somebody else can be asked, what is nobody else's to say is said as ever.
TEST_F(VerifierTest, JudgesItsOwnAlike) {
  Fetch();
  const std::string good = a_.Token(Claims("https://a"));
  for (const std::string& token :
       {good, b_.Token(Claims("https://a")), a_.Token("[]"), a_.Token(R"({"iss":7})"),
        a_.Sign(R"({"alg":"none"})", Claims("https://a")),
        JoseKey("ES256", "ka").Token(Claims("https://a")),
        Cat(good.substr(0, good.rfind('.')), "=", good.substr(good.rfind('.'))),
        std::string(9000, 'x')}) {
    EXPECT_EQ(verifier().Known(token, kNow), nullptr);
    const auto own = verifier().VerifyUnlessAnothers(token, "", kNow, now_);
    ASSERT_TRUE(own) << token;
    EXPECT_EQ(own->ok() ? Cat((**own)->provider, ':', (**own)->sub) : Text(own->status()),
              Verify(token));
  }
  ASSERT_NE(verifier().Known(good, kNow), nullptr);
  EXPECT_EQ(verifier().Known(good, kNow)->sub, "ada");
}

// What nobody has signed is looked at no closer than to see whose it would be.
TEST_F(VerifierTest, ATreeIsBuiltOnceTheSignatureIsRight) {
  Fetch();
  const JoseKey stranger("ES256", "ka");
  const std::string good = R"({"iss":"https://a","sub":"ada","exp":1700000300)";
  std::string noughts = "0";
  for (int i = 0; i < 500; ++i) noughts += ",0";
  const std::tuple<std::string, const char*, const char*> rows[] = {
      // What follows; its verdict if signed by the issuer, and by somebody else.
      {"}", "a:ada", "TOKEN_SIGNATURE"},
      {R"(,"x":1,"x":2})", "TOKEN_CLAIMS", "TOKEN_SIGNATURE"},
      {R"(,"x":{"y":1,"y":2}})", "TOKEN_CLAIMS", "TOKEN_SIGNATURE"},
      {R"(,"x":1e999})", "TOKEN_CLAIMS", "TOKEN_SIGNATURE"},
      {R"(,"iss":"https://a"})", "TOKEN_CLAIMS", "TOKEN_CLAIMS"},
      {R"(,"i\u0073s":"https://b"})", "TOKEN_CLAIMS", "TOKEN_CLAIMS"},
      {Cat(R"(,"x":[)", noughts, "]}"), "TOKEN_CLAIMS", "TOKEN_CLAIMS"},
      {Cat(R"(,"x":)", std::string(20, '['), std::string(20, ']'), "}"), "TOKEN_CLAIMS",
       "TOKEN_CLAIMS"},
      {",}", "TOKEN_CLAIMS", "TOKEN_CLAIMS"},
      {"} {}", "TOKEN_CLAIMS", "TOKEN_CLAIMS"},
  };
  for (const auto& [rest, own, strangers] : rows) {
    EXPECT_EQ(Verify(a_.Token(good + rest)), own) << rest;
    EXPECT_EQ(Verify(stranger.Token(good + rest)), strangers) << rest;
  }
}

TEST_F(VerifierTest, KeptTokensEndWithTheirTimeAndTheirKey) {
  Fetch();
  const std::string token = a_.Token(Claims("https://a"));
  EXPECT_EQ(Verify(token), "a:ada");
  EXPECT_EQ(Verify(token), "a:ada");
  EXPECT_EQ(Verify(token, kNow + seconds(359)), "a:ada");
  EXPECT_EQ(Verify(token, kNow + seconds(360)), "TOKEN_EXPIRED");
  EXPECT_EQ(Verify(token), "a:ada");
  // The issuer withdraws the key.
  sets_[0] = JoseKey("ES256", "new").Set();
  now_ += std::chrono::minutes(10);
  Fetch();
  EXPECT_EQ(Verify(token), "TOKEN_KEY_UNKNOWN");
}

TEST_F(VerifierTest, KeysThatWereNeverThere) {
  const std::string token = a_.Token(Claims("https://a"));
  EXPECT_EQ(Verify(token), "KEYS_UNAVAILABLE");
  sources_[0].Step(now_);
  EXPECT_EQ(Verify(token), "a:ada");
  EXPECT_EQ(Verify(b_.Token(Claims("https://b"))), "KEYS_UNAVAILABLE");
  EXPECT_EQ(Verify(b_.Token(Claims("https://a"))), "TOKEN_KEY_UNKNOWN");
}

TEST_F(VerifierTest, UnknownKeysAreFetchedOnceInAWhile) {
  Fetch();
  const JoseKey next("ES256", "next"), newest("ES256", "newest");
  const auto set = [&](const JoseKey& more) {
    return Cat(R"({"keys":[)", a_.Jwk(), ',', more.Jwk(), "]}");
  };
  const auto fetches = [&] { return sources_[0].status(now_).fetches; };
  // At once, however short a time ago it was that all were fetched anyway.
  now_ += milliseconds(1);
  sets_[0] = set(next);
  const std::string token = next.Token(Claims("https://a"));
  EXPECT_EQ(Verify(token), "TOKEN_KEY_UNKNOWN");
  Fetch();
  EXPECT_EQ(fetches(), 2u);
  EXPECT_EQ(Verify(token), "a:ada");
  // The next one must wait a while, and is not forgotten: nobody need ask again.
  const TimePoint last = now_;
  now_ += seconds(1);
  sets_[0] = set(newest);
  const std::string newer = newest.Token(Claims("https://a"));
  EXPECT_EQ(Verify(newer), "TOKEN_KEY_UNKNOWN");
  now_ = last + seconds(30) - milliseconds(1);
  Fetch();
  EXPECT_EQ(fetches(), 2u);
  now_ = last + seconds(30);
  Fetch();
  EXPECT_EQ(fetches(), 3u);
  EXPECT_EQ(Verify(newer), "a:ada");
  // A flood of made-up names, of five minutes.
  for (int i = 0; i < 10'000; ++i) {
    now_ += milliseconds(30);
    const std::string header = EncodeBase64Url(Cat(R"({"alg":"ES256","kid":"x)", i, "\"}"));
    ASSERT_EQ(Verify(Cat(header, ".e30.AA")), "TOKEN_KEY_UNKNOWN");
    Fetch();
  }
  EXPECT_EQ(fetches(), 13u);
  // Tokens of one issuer don't make the other's keys be fetched.
  now_ += seconds(40);
  EXPECT_EQ(Verify(a_.Token(Claims("https://a", "bob"))), "a:bob");
  const uint64_t before = sources_[1].status(now_).fetches;
  Fetch();
  EXPECT_EQ(sources_[1].status(now_).fetches, before);
}

// Nothing tells apart keys without a name: when none of them has made a signature, there may be
// others by now.
TEST_F(VerifierTest, KeysWithoutNamesAreFetchedAgain) {
  const auto nameless = [](const JoseKey& key) {
    std::string jwk = key.Jwk();
    const std::string kid = Cat("\"kid\":\"", key.kid(), "\",");
    return jwk.replace(jwk.find(kid), kid.size(), "");
  };
  const JoseKey next("ES256", "next"), third("ES256", "third");
  const auto sign = [](const JoseKey& key, const std::string& sub) {
    return key.Sign(R"({"alg":"ES256"})", Claims("https://a", sub));
  };
  sets_[0] = Cat(R"({"keys":[)", nameless(a_), "]}");
  Fetch();
  const auto fetches = [&] { return sources_[0].status(now_).fetches; };
  // What is good is no reason, however it is named.
  now_ += seconds(40);
  EXPECT_EQ(Verify(sign(a_, "1")), "a:1");
  EXPECT_EQ(Verify(a_.Token(Claims("https://a", "2"))), "a:2");
  Fetch();
  EXPECT_EQ(fetches(), 1u);
  sets_[0] = Cat(R"({"keys":[)", nameless(next), "]}");
  EXPECT_EQ(Verify(sign(next, "3")), "TOKEN_SIGNATURE");
  Fetch();
  EXPECT_EQ(fetches(), 2u);
  EXPECT_EQ(Verify(sign(next, "3")), "a:3");
  // At most one in a while, whoever asks.
  for (int i = 0; i < 100; ++i) {
    now_ += std::chrono::milliseconds(100);
    EXPECT_EQ(Verify(sign(third, "4")), "TOKEN_SIGNATURE");
    Fetch();
  }
  EXPECT_EQ(fetches(), 2u);
  // Of two without names none is the one that is meant.
  now_ += seconds(40);
  sets_[0] = Cat(R"({"keys":[)", nameless(next), ',', nameless(third), "]}");
  EXPECT_EQ(Verify(sign(third, "4")), "TOKEN_SIGNATURE");
  Fetch();
  EXPECT_EQ(Verify(sign(third, "4")), "TOKEN_KEY_UNKNOWN");
  sets_[0] = Cat(R"({"keys":[)", nameless(third), "]}");
  now_ += seconds(40);
  EXPECT_EQ(Verify(sign(third, "4")), "TOKEN_KEY_UNKNOWN");
  Fetch();
  EXPECT_EQ(Verify(sign(third, "4")), "a:4");
}

TEST_F(VerifierTest, AnIssuerWithoutKeysVouchesForNobody) {
  Fetch();
  const std::string token = a_.Token(Claims("https://a"));
  EXPECT_EQ(Verify(token), "a:ada");
  sets_[0] = R"({"keys":[]})";
  now_ += std::chrono::minutes(10);
  Fetch();
  EXPECT_EQ(Verify(token), "TOKEN_KEY_UNKNOWN");
}

// Workers share keys and cache, and keys are replaced under them.
TEST_F(VerifierTest, ManyThreads) {
  Fetch();
  std::vector<std::string> tokens;
  for (int i = 0; i < 300; ++i) {
    const bool a = i % 2 == 0;
    tokens.push_back((a ? a_ : b_).Token(Claims(a ? "https://a" : "https://b", Cat("s", i))));
  }
  verifier();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 600; ++i) {
        const size_t at = (i * 7 + static_cast<size_t>(t)) % tokens.size();
        const auto who = verifier_->Verify(tokens[at], kNow, now_);
        if (!who.ok() || (*who)->sub != Cat("s", at)) ++wrong;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    sets_[0] = i % 2 == 0 ? Cat(R"({"keys":[)", a_.Jwk(), ',', b_.Jwk(), "]}") : a_.Set();
    sources_[0].Step(now_ + std::chrono::minutes(6 * (i + 1)));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(sources_[0].epoch(), 20u);
}

TEST(ApiKeys, AreKnownByTheirHash) {
  const auto hash = [](std::string_view key) { return ToHex(HashOfApiKey(key)); };
  // What `printf %s secret | sha256sum` prints.
  EXPECT_EQ(hash("secret"), "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  const std::string file =
      Cat(R"({"keys":[{"sha256":")", hash("one"),
          R"(","sub":"robot","scope":"a b","roles":["r"],"claims":{"tier":"gold"}},{"sha256":")",
          hash("two"), R"(","sub":"old","exp":1700000000}]})");
  const auto keys = ApiKeys::Parse(file, {.metadata = {{"tier", "x-tier"}}}, 5);
  ASSERT_TRUE(keys.ok()) << keys.status();
  const auto find = [&](std::string_view key, UnixTime now = kNow) {
    const auto found = keys->Find(key, now);
    return found.ok() ? (*found)->sub : Text(found.status());
  };
  EXPECT_EQ(find("one"), "robot");
  EXPECT_EQ(find("One"), "API_KEY_UNKNOWN");
  EXPECT_EQ(find(hash("one")), "API_KEY_UNKNOWN");
  EXPECT_EQ(find(""), "API_KEY_MALFORMED");
  EXPECT_EQ(find(std::string(513, 'k')), "API_KEY_MALFORMED");
  EXPECT_EQ(find("two"), "API_KEY_EXPIRED");
  EXPECT_EQ(find("two", kNow - seconds(1)), "old");
  const IdentityPointer robot = *keys->Find("one", kNow);
  EXPECT_TRUE(robot->HasScope("b"));
  EXPECT_TRUE(robot->HasRole("r"));
  EXPECT_EQ(robot->metadata[0].second, "gold");
  EXPECT_EQ(robot->provider, ApiKeys::kProvider);
  EXPECT_EQ((*ApiKeys::Parse(file, {.subject_prefix = "key:"}, 5)->Find("one", kNow))->sub,
            "key:robot");

  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"({"keys":[]})", "ok"},
      {"{}", "has no list \"keys\""},
      {R"({"keys":[{"sha256":"12","sub":"a"}]})", "key 1 has no sha256 of 64 hexadecimal digits"},
      {Cat(R"({"keys":[{"sha256":")", hash("a"), R"("}]})"), "key 1 has no sub of printable ASCII"},
      {Cat(R"({"keys":[{"sha256":")", hash("a"), R"(","sub":"a","admin":true}]})"),
       "key 1 has the unknown member \"admin\""},
      {Cat(R"({"keys":[{"sha256":")", hash("a"), R"(","sub":"a"},{"sha256":")", hash("a"),
           R"(","sub":"b"}]})"),
       "key 2 stands there twice"},
      {Cat(R"({"keys":[{"sha256":")", hash("a"), R"(","sub":"a","exp":"never"}]})"),
       "key 1 has an exp that is no whole number"},
      {Cat(R"({"keys":[{"sha256":")", hash("a"), R"(","sub":"a","scope":1}]})"),
       "key 1 has a scope that is no text and no list of texts"},
  };
  for (const auto& [text, verdict] : rows) {
    const auto parsed = ApiKeys::Parse(text, {}, 5);
    EXPECT_EQ(parsed.ok() ? "ok" : Text(parsed.status()), verdict) << text;
  }
}

}  // namespace
}  // namespace frontdesk::identity
