// Origins, and what a policy may say of pages in browsers.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/browser_check.h"
#include "gateway/contract/origin.h"
#include "google/protobuf/text_format.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;

TEST(OriginSet, HasWhatWasNamedAndNothingThatLooksLikeIt) {
  struct Row {
    const char* pattern;
    std::vector<std::string> has;
    std::vector<std::string> has_not;
  };
  const Row rows[] = {
      {"https://shop.example",
       {"https://shop.example"},
       {"", "null", "*", "http://shop.example", "https://shop.example:443", "https://shop.example/",
        "https://shop.example.evil", "https://xshop.example", "https://a.shop.example",
        "HTTPS://shop.example", "https://SHOP.example", "https://shop.example ",
        "https://shop.example, https://evil.example", "https://shop.example https://evil.example",
        "https://shop.example@evil.example", "shop.example", "//shop.example",
        std::string("https://shop.example\0", 21)}},
      {"http://127.0.0.1:3000",
       {"http://127.0.0.1:3000"},
       {"http://127.0.0.1", "http://127.0.0.1:30000", "http://127.0.0.1:300",
        "https://127.0.0.1:3000", "http://127.0.0.1:3000@evil.example"}},
      {"http://[::1]:3000", {"http://[::1]:3000"}, {"http://[::1]", "http://[::2]:3000"}},
      {"https://*.shop.example",
       {"https://a.shop.example", "https://a.b.shop.example", "https://a-1.shop.example",
        "https://xn--mnchen-3ya.shop.example"},
       {"https://shop.example", "https://.shop.example", "https://xshop.example",
        "http://a.shop.example", "https://a.shop.example.evil", "https://a.shop.example:8443",
        "https://evil.example/.shop.example", "https://evil.example#.shop.example",
        "https://evil.example?.shop.example", "https://evil.example\\.shop.example",
        "https://evil.example@a.shop.example", "https://evil.example:1.shop.example",
        "https://a..shop.example", "https://A.shop.example", "https://*.shop.example",
        "https://a b.shop.example", "https://caf\xc3\xa9.shop.example", "null",
        std::string("https://a\0.shop.example", 23)}},
      {"https://*.shop.example:8443",
       {"https://a.shop.example:8443"},
       {"https://a.shop.example", "https://a.shop.example:84430", "https://shop.example:8443"}},
      {"null", {"null"}, {"", "Null", "null ", "https://null"}},
      {"*", {"null", "https://a", "anything"}, {""}},
  };
  for (const Row& row : rows) {
    OriginSet set;
    EXPECT_TRUE(set.empty());
    EXPECT_EQ(set.Add(row.pattern), "") << row.pattern;
    EXPECT_FALSE(set.empty());
    EXPECT_EQ(set.Patterns(), std::vector<std::string>{row.pattern});
    for (const std::string& origin : row.has) {
      EXPECT_TRUE(set.Has(origin)) << row.pattern << ' ' << origin;
    }
    for (const std::string& origin : row.has_not) {
      EXPECT_FALSE(set.Has(origin)) << row.pattern << ' ' << origin;
    }
  }
  OriginSet many;
  for (const char* each : {"https://c.example", "https://a.example", "https://b.example"}) {
    EXPECT_EQ(many.Add(each), "");
  }
  EXPECT_TRUE(many.Has("https://a.example") && many.Has("https://b.example") &&
              many.Has("https://c.example"));
  EXPECT_FALSE(OriginSet().Has("null"));
}

TEST(OriginSet, TakesOnlyWhatABrowserCouldSay) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "does not begin with \"https://\" or \"http://\""},
      {"shop.example", "does not begin with \"https://\" or \"http://\""},
      {"ftp://shop.example", "does not begin with \"https://\" or \"http://\""},
      {"HTTPS://shop.example", "does not begin with \"https://\" or \"http://\""},
      {"https://shop.example/", "has a path: an origin ends with its host"},
      {"https://Shop.example", "has capitals, which no browser sends"},
      {"https://shop.example:443", "names the usual port, which browsers leave out"},
      {"http://shop.example:80", "names the usual port, which browsers leave out"},
      {"https://shop.example:", "has no port behind its \":\""},
      {"https://shop.example:0", "has no port behind its \":\""},
      {"https://shop.example:08443", "has no port behind its \":\""},
      {"https://shop.example:65536", "has no port behind its \":\""},
      {"https://shop.example:*", "has no port behind its \":\""},
      {"https://", "has no host that a browser would name"},
      {"https://shop..example", "has no host that a browser would name"},
      {"https://.shop.example", "has no host that a browser would name"},
      {"https://a@shop.example", "has no host that a browser would name"},
      {"https://a.*.example", "has no host that a browser would name"},
      {"https://*", "has no host that a browser would name"},
      {"https://*shop.example", "has no host that a browser would name"},
      {"https://[::1", "has no port behind its \":\""},
      {"https://[zz:1]", "has no host that a browser would name"},
      {"https://*.", "has no name behind \"*.\""},
      {"https://*.*.example", "has no name behind \"*.\""},
      {"https://*.com", "has only one label behind \"*.\""},
      {"*.shop.example", "does not begin with \"https://\" or \"http://\""},
  };
  for (const auto& [pattern, wrong] : rows) {
    OriginSet set;
    EXPECT_EQ(set.Add(pattern), wrong) << pattern;
    EXPECT_TRUE(set.empty()) << pattern;
  }
}

std::string WrongWith(const std::string& text) {
  Policy policy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &policy)) << text;
  std::string wrong;
  CheckBrowserValues(policy, [&](const std::vector<int>&, std::string_view name,
                                 std::string_view what) { wrong += Cat(name, ": ", what, '\n'); });
  CheckBrowsersTogether(policy, {}, [&](const std::string& name, std::string_view what) {
    wrong += Cat(name, ": ", what, '\n');
  });
  return wrong;
}

TEST(BrowserCheck, Rows) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"cors {}", ""},
      {"cors { enabled: false allow_headers: 'x-a' }", ""},
      {"cors { allow_origins: 'https://a.example' allow_origins: 'null' allow_headers: 'X-A' "
       "expose_headers: 'X-B' max_age: '1s' allow_private_network: true }",
       ""},
      {"cors { allow_origins: '*' allow_credentials: false }", ""},
      {"cors { allow_origins: 'https://*.a.example' allow_credentials: true max_age: '24h' }", ""},
      {"cors { allow_origins: '*' allow_credentials: true }",
       "cors.allow_credentials: would let any page act as whoever looks at it: allow_origins has "
       "\"*\"\n"},
      {"cors { allow_origins: 'null' allow_credentials: true }",
       "cors.allow_credentials: would let any page act as whoever looks at it: allow_origins has "
       "\"null\"\n"},
      {"cors { enabled: false allow_origins: '*' allow_credentials: true }", ""},
      {"cors { allow_origins: '*' allow_origins: 'https://a.example' }",
       "cors.allow_origins: \"*\" is everybody: nothing else has a meaning beside it\n"},
      {"cors { allow_origins: 'https://a.example' allow_origins: 'https://a.example' }",
       "cors.allow_origins: \"https://a.example\" stands here twice\n"},
      {"cors { allow_origins: 'a.example' }",
       "cors.allow_origins: \"a.example\" does not begin with \"https://\" or \"http://\"\n"},
      {"cors { allow_headers: 'x-a' }",
       "cors: has no allow_origins, and so allows nobody anything\n"},
      {"cors { enabled: true }", "cors: has no allow_origins, and so allows nobody anything\n"},
      {"cors { allow_origins: '*' allow_headers: ['*', 'a b', 'Cookie', 'x-a', 'X-A'] }",
       "cors.allow_headers: \"*\" is not offered: name them\n"
       "cors.allow_headers: \"a b\" is no name of a header\n"
       "cors.allow_headers: \"Cookie\" is nothing that browsers leave to pages\n"
       "cors.allow_headers: \"X-A\" stands here twice\n"},
      {"cors { allow_origins: '*' expose_headers: 'Set-Cookie' }",
       "cors.expose_headers: \"Set-Cookie\" is nothing that browsers leave to pages\n"},
      {"cors { allow_origins: '*' max_age: '25h' }",
       "cors.max_age: must be between 1s and 24h, got 25h\n"},
      {"cors { allow_origins: '*' max_age: 'x' }",
       "cors.max_age: \"x\" is not a duration such as \"250ms\" or \"2s\"\n"},
      {"cors { allow_origins: '*' } response_headers: 'Access-Control-Allow-Origin'",
       "response_headers: \"Access-Control-Allow-Origin\" is set by `cors`\n"},
      {"response_headers: 'Access-Control-Allow-Origin'", ""},
      {"csrf { enabled: false }", ""},
      {"csrf { allow_origins: 'https://a.example' allow_origins: 'https://*.b.example' }", ""},
      {"csrf { allow_origins: 'a' }",
       "csrf.allow_origins: \"a\" does not begin with \"https://\" or \"http://\"\n"},
      {"csrf { allow_origins: '*' }",
       "csrf.allow_origins: \"*\" lets every site in: if that is meant, `enabled: false`\n"},
  };
  for (const auto& [policy, wrong] : rows) EXPECT_EQ(WrongWith(policy), wrong) << policy;
}

}  // namespace
}  // namespace frontdesk::contract
