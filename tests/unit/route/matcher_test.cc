#include "gateway/route/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "gateway/route/route.h"

namespace frontdesk::route {
namespace {

// Routes written "GET /a/{x}", and answers written as text.
class Routes {
 public:
  explicit Routes(const std::vector<std::string>& lines, MatchOptions options = {}) {
    MatcherBuilder builder;
    for (const std::string& line : lines) {
      const size_t space = line.find(' ');
      const auto path = contract::ParsePathTemplate(line.substr(space + 1));
      EXPECT_TRUE(path.ok()) << line << ": " << path.status();
      names_.emplace_back();
      const absl::Status added =
          builder.Add(line.substr(0, space), *path, &names_.back().first, options);
      EXPECT_TRUE(added.ok()) << added;
      names_.back().second = line;
    }
    matcher_ = builder.Build();
  }

  // "GET /a/{x} [value|multi+]", "405 GET, HEAD, OPTIONS", "options GET, ..." or "404".
  std::string Find(std::string_view method, std::string_view path) const {
    const Match match = matcher_.Find(method, path);
    switch (match.outcome) {
      case Match::Outcome::kNotFound:
        return "404";
      case Match::Outcome::kMethodNotAllowed:
        return "405 " + matcher_.Allow(match);
      case Match::Outcome::kOptions:
        return "options " + matcher_.Allow(match);
      case Match::Outcome::kRoute:
        break;
    }
    std::string out;
    for (const auto& [route, name] : names_) {
      if (&route == match.route) out = name;
    }
    for (const Capture& capture : match.captures()) {
      out += " [" + std::string(capture.raw) + (capture.multi ? "+]" : "]");
    }
    return out;
  }

 private:
  std::deque<std::pair<Route, std::string>> names_;
  Matcher matcher_;
};

struct Row {
  const char* method;
  std::string path;
  const char* found;
};

void Check(const Routes& routes, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(routes.Find(row.method, row.path), row.found) << row.method << " " << row.path;
  }
}

TEST(Matcher, PrefersLiteralsAndBacksUp) {
  const Routes routes({"GET /a/{x}/c", "GET /a/b/d", "GET /a/{x}", "GET /a/b", "GET /{p=**}",
                       "GET /z/{p=**}", "GET /z/{q}/y", "GET /"});
  Check(routes, {
                    {"GET", "/a/b/c", "GET /a/{x}/c [b]"},
                    {"GET", "/a/b/d", "GET /a/b/d"},
                    {"GET", "/a/x/d", "GET /{p=**} [a/x/d+]"},
                    {"GET", "/a/b", "GET /a/b"},
                    {"GET", "/a/c", "GET /a/{x} [c]"},
                    {"GET", "/a", "GET /{p=**} [a+]"},
                    {"GET", "/z", "GET /z/{p=**} [+]"},
                    {"GET", "/z/1", "GET /z/{p=**} [1+]"},
                    {"GET", "/z/1/y", "GET /z/{q}/y [1]"},
                    {"GET", "/z/1/y/2", "GET /z/{p=**} [1/y/2+]"},
                    {"GET", "/", "GET /"},
                    {"GET", "/A/b", "GET /{p=**} [A/b+]"},  // paths have case
                });
}

TEST(Matcher, BacksUpOverMethods) {
  const Routes routes(
      {"POST /a/b", "GET /a/{x}", "PUT /{p=**}", "* /any/{x}", "GET /any/{y}", "DELETE /only/one"});
  Check(routes, {
                    {"POST", "/a/b", "POST /a/b"},
                    {"GET", "/a/b", "GET /a/{x} [b]"},
                    {"HEAD", "/a/b", "GET /a/{x} [b]"},
                    {"PUT", "/a/b", "PUT /{p=**} [a/b+]"},
                    {"DELETE", "/a/b", "405 GET, HEAD, OPTIONS, POST, PUT"},
                    {"get", "/a/b", "405 GET, HEAD, OPTIONS, POST, PUT"},  // methods have case
                    {"BREW", "/a/b", "405 GET, HEAD, OPTIONS, POST, PUT"},
                    {"", "/a/b", "405 GET, HEAD, OPTIONS, POST, PUT"},
                    {"OPTIONS", "/a/b", "options GET, HEAD, OPTIONS, POST, PUT"},
                    {"OPTIONS", "/a/zz/b", "options OPTIONS, PUT"},
                    {"GET", "/any/1", "GET /any/{y} [1]"},
                    {"HEAD", "/any/1", "GET /any/{y} [1]"},
                    {"PUT", "/any/1", "* /any/{x} [1]"},
                    // Not the back end's: without a route of its own it is answered here.
                    {"OPTIONS", "/any/1", "options DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"},
                    {"*", "/any/1", "* /any/{x} [1]"},
                    {"GET", "/only/one", "405 DELETE, OPTIONS, PUT"},
                });
}

TEST(Matcher, HeadAndOptionsMayHaveRoutesOfTheirOwn) {
  const Routes routes({"GET /a", "HEAD /a", "OPTIONS /a", "GET /b", "POST /c"});
  Check(routes, {
                    {"HEAD", "/a", "HEAD /a"},
                    {"OPTIONS", "/a", "OPTIONS /a"},
                    {"POST", "/a", "405 GET, HEAD, OPTIONS"},
                    {"HEAD", "/b", "GET /b"},
                    {"HEAD", "/c", "405 OPTIONS, POST"},
                    {"OPTIONS", "/nowhere", "404"},
                    {"HEAD", "/nowhere", "404"},
                });
}

TEST(Matcher, MatchesTheSegmentsThatEnvoyAndVanguardTest) {
  const Routes routes({
      "GET /shelves",
      "GET /shelves/{shelf}",
      "GET /shelves/{shelf}/books/{book=*}",
      "GET /v1/{name=shelves/*/books/*}",
      "GET /v2/{x=a/**}",
      "GET /v3/{x=**}/suffix",
      "GET /v3/{x=**}/more/suffix",
      "GET /v3/{x=**}",
      "GET /v4/*/z",
      "GET /v4/{a}/{b}",
      "GET /v5/**/one/two",
      "GET /v6/{l=lit}/{m=lit2/x}",
  });
  Check(routes, {
                    {"GET", "/shelves", "GET /shelves"},
                    {"GET", "/shelves/1", "GET /shelves/{shelf} [1]"},
                    {"GET", "/shelves/1/books/2", "GET /shelves/{shelf}/books/{book=*} [1] [2]"},
                    {"GET", "/shelves/1/books", "404"},
                    {"GET", "/shelves/1/books/2/3", "404"},
                    {"GET", "/v1/shelves/1/books/2",
                     "GET /v1/{name=shelves/*/books/*} [shelves/1/books/2+]"},
                    {"GET", "/v1/shelves/1/book/2", "404"},
                    {"GET", "/v2/a", "GET /v2/{x=a/**} [a+]"},
                    {"GET", "/v2/a/b/c", "GET /v2/{x=a/**} [a/b/c+]"},
                    {"GET", "/v2/b", "404"},
                    {"GET", "/v3/suffix", "GET /v3/{x=**}/suffix [+]"},
                    {"GET", "/v3/1/2/suffix", "GET /v3/{x=**}/suffix [1/2+]"},
                    {"GET", "/v3/1/more/suffix", "GET /v3/{x=**}/more/suffix [1+]"},
                    {"GET", "/v3/suffix/suffix", "GET /v3/{x=**}/suffix [suffix+]"},
                    {"GET", "/v3/suffix/1", "GET /v3/{x=**} [suffix/1+]"},
                    {"GET", "/v3", "GET /v3/{x=**} [+]"},
                    {"GET", "/v4/1/z", "GET /v4/*/z"},
                    {"GET", "/v4/1/y", "GET /v4/{a}/{b} [1] [y]"},
                    {"GET", "/v5/one/two", "GET /v5/**/one/two"},
                    {"GET", "/v5/one/two/one/two", "GET /v5/**/one/two"},
                    {"GET", "/v5/one/two/three", "404"},
                    {"GET", "/v6/lit/lit2/x", "GET /v6/{l=lit}/{m=lit2/x} [lit] [lit2/x+]"},
                });
}

TEST(Matcher, TakesAVerbOnlyWhereItIsRegistered) {
  const Routes routes({"GET /v1/t/{x}", "POST /v1/t/{x}:cancel", "GET /v1/u/{x}",
                       "POST /v1/d/{p=**}:do%3Athing", "GET /v1/e/b%3Afoo", "GET /v1/lit:go",
                       "GET /v1/lit", "GET /v1/f/{p=**}", "PUT /v1/f/{q=**}:go"});
  Check(routes,
        {
            {"GET", "/v1/t/12:30", "GET /v1/t/{x} [12:30]"},
            {"POST", "/v1/t/5:cancel", "POST /v1/t/{x}:cancel [5]"},
            {"POST", "/v1/t/5%3Acancel", "405 GET, HEAD, OPTIONS"},  // %3A separates nothing
            {"GET", "/v1/t/5%3Acancel", "GET /v1/t/{x} [5%3Acancel]"},
            // The text is a verb of this path: no value holds it.
            {"GET", "/v1/t/5:cancel", "405 OPTIONS, POST"},
            {"OPTIONS", "/v1/t/5:cancel", "options OPTIONS, POST"},
            {"POST", "/v1/t/5", "405 GET, HEAD, OPTIONS"},
            {"POST", "/v1/t/5:Cancel", "405 GET, HEAD, OPTIONS"},  // verbs have case
            {"POST", "/v1/t/a:b:cancel", "POST /v1/t/{x}:cancel [a:b]"},
            {"GET", "/v1/t/5:cancel:", "GET /v1/t/{x} [5:cancel:]"},
            {"GET", "/v1/t/:cancel", "404"},                        // a verb of nothing
            {"GET", "/v1/u/5:cancel", "GET /v1/u/{x} [5:cancel]"},  // registered elsewhere only
            {"POST", "/v1/d/a/b:do%3athing", "POST /v1/d/{p=**}:do%3Athing [a/b+]"},
            {"POST", "/v1/d:do%3Athing", "POST /v1/d/{p=**}:do%3Athing [+]"},
            {"POST", "/v1/d/a:do:thing", "404"},
            {"GET", "/v1/e/b:foo", "GET /v1/e/b%3Afoo"},
            {"GET", "/v1/lit:go", "GET /v1/lit:go"},
            {"GET", "/v1/lit", "GET /v1/lit"},
            {"GET", "/v1/lit:stop", "404"},
            {"GET", "/v1/f/a:x/b", "GET /v1/f/{p=**} [a:x/b+]"},
            {"GET", "/v1/f/a:go/b", "GET /v1/f/{p=**} [a:go/b+]"},  // not the last segment
            {"PUT", "/v1/f/a/b:go", "PUT /v1/f/{q=**}:go [a/b+]"},
        });
}

TEST(Matcher, ComparesLiteralsDecoded) {
  const Routes routes({"GET /caf%C3%A9", "GET /a%2Fb", "GET /a/b", "GET /x@y", "GET /p/{v}"});
  Check(routes, {
                    {"GET", "/caf%c3%a9", "GET /caf%C3%A9"},
                    {"GET", "/%63afé", "GET /caf%C3%A9"},
                    {"GET", "/a%2fb", "GET /a%2Fb"},
                    {"GET", "/a/b", "GET /a/b"},
                    {"GET", "/%61/b", "GET /a/b"},
                    {"GET", "/a%252Fb", "404"},
                    {"GET", "/x%40y", "GET /x@y"},
                    {"GET", "/x@y", "GET /x@y"},
                    {"GET", "/p/a%2Fb", "GET /p/{v} [a%2Fb]"},
                    {"GET", "/%", "404"},
                    {"GET", "/%4", "404"},
                });
}

TEST(Matcher, IsStrictAboutEmptySegments) {
  const std::vector<std::string> lines = {"GET /", "GET /a", "GET /a/{x}", "GET /s/{p=**}",
                                          "POST /a:go"};
  Check(Routes(lines), {
                           {"GET", "/a/", "404"},
                           {"GET", "//a", "404"},
                           {"GET", "/a//", "404"},
                           {"GET", "/a//b", "404"},
                           {"GET", "/s/", "404"},
                           {"GET", "/s//", "404"},
                           {"GET", "//", "404"},
                           {"POST", "/a:go/", "404"},
                       });
  Check(Routes(lines, {.ignore_trailing_slash = true}),
        {
            {"GET", "/a/", "GET /a"},
            {"GET", "/a/b/", "GET /a/{x} [b]"},
            {"GET", "/s/", "GET /s/{p=**} [+]"},
            {"GET", "/s/x/", "GET /s/{p=**} [x+]"},
            {"PUT", "/a/", "405 GET, HEAD, OPTIONS"},
            {"POST", "/a:go/", "POST /a:go"},
            {"GET", "/", "GET /"},
            {"GET", "/a//", "404"},
            {"GET", "//a", "404"},
            {"GET", "//", "404"},
        });
}

TEST(Matcher, IsSafeForTextThatIsNoPath) {
  const Routes routes({"GET /{p=**}", "GET /a/{x}:v"});
  std::string long_path;
  for (int i = 0; i < 257; ++i) long_path += "/a";
  Check(routes, {
                    {"GET", "", "404"},
                    {"GET", "*", "404"},
                    {"GET", "a", "404"},
                    {"GET", "http://a/", "404"},
                    {"GET", long_path, "404"},
                    {"GET", std::string(1 << 20, '/'), "404"},
                    {"GET", "/%zz", "GET /{p=**} [%zz+]"},
                    {"GET", "/a/:v", "GET /{p=**} [a/:v+]"},
                });
  EXPECT_EQ(routes.Find("GET", long_path.substr(2)), "GET /{p=**} [" + long_path.substr(3) + "+]");
  EXPECT_EQ(Matcher().Find("GET", "/").outcome, Match::Outcome::kNotFound);
  EXPECT_EQ(Routes({}).Find("GET", "/"), "404");
}

TEST(Matcher, WorkIsBoundedWhateverThePath) {
  // Every level has a literal and a star, and the only route is at the very end: 2^16 ways if a
  // search were to try them all for each length.
  std::vector<std::string> lines;
  for (int bits = 0; bits < 1 << 10; ++bits) {
    std::string line = "GET ";
    for (int i = 0; i < 10; ++i) line += (bits >> i & 1) != 0 ? "/a" : "/*";
    lines.push_back(line + "/end");
  }
  for (int i = 0; i < 40; ++i) {
    std::string line = "GET /**";
    for (int j = 0; j < i; ++j) line += "/a";
    lines.push_back(line + "/tail");
  }
  const Routes routes(lines);
  std::string path;
  for (int i = 0; i < 255; ++i) path += "/a";
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(routes.Find("GET", path + "/b"), "404");
    ASSERT_EQ(routes.Find("GET", "/a/a/a/a/a/a/a/a/a/a/b"), "404");
  }
  EXPECT_EQ(routes.Find("GET", path + "/tail"), lines.back());
}

TEST(Matcher, RefusesDuplicates) {
  MatcherBuilder builder;
  const Route route;
  const auto add = [&](std::string_view method, std::string_view text) {
    return builder.Add(method, *contract::ParsePathTemplate(text), &route);
  };
  EXPECT_TRUE(add("GET", "/a/{x}").ok());
  EXPECT_TRUE(add("POST", "/a/{x}").ok());
  EXPECT_TRUE(add("*", "/a/{x}").ok());
  EXPECT_TRUE(add("GET", "/a/{x}:v").ok());
  EXPECT_EQ(std::string(add("GET", "/{y=a/*}").message()),
            "GET /{y=a/*}: another route has the shape /a/*");
  EXPECT_EQ(add("*", "/a/*").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(add("GET", "/%61/{z}:%76").code(), absl::StatusCode::kAlreadyExists);
  for (int i = 0; i < 59; ++i) {
    ASSERT_TRUE(add("M" + std::to_string(i), "/m").ok()) << i;
  }
  EXPECT_EQ(add("ONE-MORE", "/m").code(), absl::StatusCode::kResourceExhausted);
  const Matcher matcher = builder.Build();
  EXPECT_EQ(matcher.Find("M58", "/m").route, &route);
}

// Random templates over a small alphabet, added in random orders, give the same answers.
TEST(Matcher, OrderOfAddingDoesNotMatter) {
  std::mt19937 random(20240607);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const char* const kSegments[] = {"a", "b", "c", "*", "*"};
  const char* const kMethods[] = {"GET", "POST", "*", "HEAD"};
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> lines;
    std::vector<std::string> keys;
    for (int i = 0; i < 25; ++i) {
      std::string path;
      for (int depth = pick(4); depth >= 0; --depth) path += std::string("/") + kSegments[pick(5)];
      if (pick(4) == 0) path += pick(2) == 0 ? "/**" : "/**/b";
      if (pick(4) == 0) path += ":v";
      const std::string line = std::string(kMethods[pick(4)]) + " " + path;
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    }
    const Routes routes(lines);
    std::shuffle(lines.begin(), lines.end(), random);
    const Routes shuffled(lines);
    for (int i = 0; i < 200; ++i) {
      std::string path;
      for (int depth = pick(6); depth >= 0; --depth) {
        path += std::string("/") + static_cast<char>('a' + pick(4));
      }
      if (pick(3) == 0) path += ":v";
      const char* const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "X"};
      const char* const method = methods[pick(5)];
      ASSERT_EQ(routes.Find(method, path), shuffled.Find(method, path)) << method << " " << path;
    }
  }
}

}  // namespace
}  // namespace frontdesk::route
