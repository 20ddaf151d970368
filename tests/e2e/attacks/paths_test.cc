// Which address is meant: it is decoded once, every rule sees the same one, and what some reader
// could resolve to another one is refused.
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <ostream>
#include <random>
#include <sstream>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"
#include "tests/support/canonical_path.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using testing_support::CanonicalPath;
using testing_support::ReadFile;
using testing_support::WriteTempFile;

std::vector<Attack> Targets() {
  return {
      {"NoRoute", Get("/nowhere"), 404, "NO_ROUTE"},
      {"NoRouteInOtherCase", Get("/PATH/a"), 404, "NO_ROUTE"},
      {"TrailingSlash", Get("/path/a/"), 404, "NO_ROUTE"},
      {"NoMethod", Ask("DELETE", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"Trace", Ask("TRACE", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"UnknownMethod", Ask("BREW", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"NameOfTheRpc", Post("/test.Echo/Body", "{}"), 404, "NO_ROUTE"},
      // Nobody but us says which method, path, scheme or host is meant.
      {"MethodOverride", Get("/query?text=a", "x-http-method-override: DELETE\r\n"), 200, "", "a"},
      {"OriginalUrl",
       Get("/query?text=a", "x-original-url: /nowhere\r\nx-rewrite-url: /nowhere\r\n"), 200, "",
       "a"},
      {"ForwardedPlace",
       Get("/query?text=a",
           "x-forwarded-prefix: /nowhere\r\nx-forwarded-host: evil.example\r\n"
           "x-forwarded-proto: ftp\r\nx-forwarded-for: 10.0.0.1\r\nforwarded: host=evil\r\n"),
       200, "", "a"},
      {"MethodInTheQuery", Get("/things/a?_method=DELETE"), 400, "UNKNOWN_PARAMETER"},
  };
}

std::vector<Attack> Spellings() {
  return {
      {"Plain", Get("/path/a"), 200, "", "a"},
      {"EscapedSlash", Get("/path/a%2Fb"), 200, "", "a/b"},
      {"EscapedSlashBehindStars", Get("/deep/a/b%2Fc"), 200, "", "a/b%2Fc"},
      {"EscapedSlashInLowerCase", Get("/deep/a/b%2fc"), 200, "", "a/b%2Fc"},
      {"DecodedOnce", Get("/path/a%252Fb"), 200, "", "a%2Fb"},
      {"DecodedOnceDots", Get("/path/%252e%252e"), 200, "", "%2e%2e"},
      {"Dots", Get("/path/.."), 400, "INVALID_PATH"},
      {"Dot", Get("/path/."), 400, "INVALID_PATH"},
      {"DotsInside", Get("/deep/a/../b"), 400, "INVALID_PATH"},
      {"EscapedDots", Get("/path/%2e%2e"), 400, "INVALID_PATH"},
      {"HalfEscapedDots", Get("/path/.%2E"), 400, "INVALID_PATH"},
      {"DotsWithParameter", Get("/path/..;x=y"), 400, "INVALID_PATH"},
      {"DotsWithEscapedParameter", Get("/path/%2e%2e%3bx"), 400, "INVALID_PATH"},
      {"DotsBehindABackslash", Get("/path/a%5c.."), 400, "INVALID_PATH"},
      {"DotsWithVerb", Ask("POST", "/things/..:act"), 400, "INVALID_PATH"},
      {"DotsBehindAnEscapedSlash", Get("/path/a%2F.."), 400, "INVALID_PATH"},
      {"DotsBetweenEscapedSlashes", Get("/deep/a%2f%2e%2e%2fb"), 400, "INVALID_PATH"},
      {"DotBehindAnEscapedSlash", Get("/deep/a%2F./b"), 400, "INVALID_PATH"},
      {"DotsWithParameterInside", Get("/deep/a/..;x=y/admin"), 400, "INVALID_PATH"},
      {"DotsAtTheEnd", Get("/deep/a/.."), 400, "INVALID_PATH"},
      {"DotsBeforeTheRoot", Get("/../path/a"), 400, "INVALID_PATH"},
      {"ThreeDotsAreText", Get("/path/..."), 200, "", "..."},
      {"DoubleSlash", Get("//path/a"), 400, "INVALID_PATH"},
      {"DoubleSlashInside", Get("/deep/a//b"), 400, "INVALID_PATH"},
      {"Backslash", Get("/path\\a"), 400, "INVALID_PATH"},
      {"EscapedBackslash", Get("/path/a%5Cb"), 200, "", "a\\b"},
      {"Zero", Get("/path/a%00b"), 400, "INVALID_PATH"},
      {"Overlong", Get("/path/%c0%af"), 400, "INVALID_PATH"},
      {"EscapedOnceMore", Get("/path/%25%32%46"), 200, "", "%2F"},
      {"OverlongDot", Get("/path/%c0%ae%c0%ae"), 400, "INVALID_PATH"},
      {"Surrogate", Get("/path/%ed%a0%80"), 400, "INVALID_PATH"},
      {"HalfACharacter", Get("/path/%c3/%a4"), 400, "INVALID_PATH"},
      {"UnicodeEscape", Get("/path/%u002e%u002e"), 400, "INVALID_PATH"},
      {"LiteralInEscapes", Get("/%70%61%74%68/a"), 200, "", "a"},
      {"BadEscape", Get("/path/%zz"), 400, "INVALID_PATH"},
      {"CutEscape", Get("/path/a%2"), 400, "INVALID_PATH"},
      {"CrLf", Get("/path/a%0d%0aset-cookie:%20b"), 200, "", "a\r\nset-cookie: b"},
      {"Parameter", Get("/path/a;x=y"), 200, "", "a;x=y"},
      {"TrailingDot", Get("/path/a."), 200, "", "a."},
      {"Verb", Post("/things/a:act", ""), 200, "", "a"},
      {"EscapedColonIsNoVerb", Post("/things/a%3Aact", ""), 405, "METHOD_NOT_ALLOWED"},
      {"EscapedColonIsText", Get("/things/a%3Aact"), 200, "", "a:act"},
      {"VerbIsForPost", Get("/things/a:act"), 405, "METHOD_NOT_ALLOWED"},
      {"VerbInOtherCase", Get("/things/a:ACT"), 200, "", "a:ACT"},
      {"VerbInEscapes", Post("/things/a:%61ct", ""), 200, "", "a"},
      {"VerbBehindAParameter", Post("/things/a;x=y:act", ""), 200, "", "a;x=y"},
      {"ParameterBehindAVerb", Post("/things/a:act;x=y", ""), 405, "METHOD_NOT_ALLOWED"},
      {"NoVerb", Get("/things/a:b"), 200, "", "a:b"},
      {"TwoVerbs", Post("/things/a:b:act", ""), 200, "", "a:b"},
  };
}

TEST(Paths, AreWhatTheySay) {
  Echo echo;
  Judge(echo, Targets());
  Judge(echo, Spellings());
}

// A path of pieces that mean something to somebody, some of them in escapes.
std::string RandomPath(std::mt19937& random) {
  constexpr const char* kFirst[] = {"path",   "path",  "deep",    "deep",    "things",
                                    "things", "query", "healthz", "nowhere", ""};
  constexpr const char* kPlain[] = {"a",   "b",     "Z",      "~",        "...",    "a;b=c",
                                    "a:b", "%5c",   "a%2fb",  "%41",      "a.",     "+",
                                    "%2B", "%252f", "%25",    "%7e",      "@%40",   "%3a",
                                    "|{}", "(%28)", "%c3%a9", "-_%2d%5F", "$&',*!="};
  constexpr const char* kOdd[] = {".",      "..",     "",      "..;x=y", ".;x",    "%2e",
                                  "%2E%2e", "a%2F..", "a%5C.", "%00",    "%c0%af", "%C3",
                                  "%zz",    "%",      "%4",    "..%3bx", "..:act", ":act"};
  const auto pick = [&](size_t count) { return random() % count; };
  std::string path = Cat('/', kFirst[pick(std::size(kFirst))]);
  const auto piece = [&] {
    return pick(8) == 0 ? kOdd[pick(std::size(kOdd))] : kPlain[pick(std::size(kPlain))];
  };
  for (size_t left = pick(4) < 3 ? 1 : pick(4); left > 0; --left) {
    path += Cat('/', piece());
    if (pick(4) == 0) path += piece();
  }
  if (pick(6) == 0) path += ":act";
  std::string spelled;
  constexpr char kHex[] = "0123456789abcdefABCDEF";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    // A digit above 9 in either case.
    const auto digit = [&](size_t value) { return kHex[value + (value > 9 && pick(2) ? 6 : 0)]; };
    if (c == '/' || c == '%' || pick(12) > 0) {
      spelled.push_back(c);
    } else {
      spelled += {'%', digit(byte >> 4), digit(byte & 15)};
    }
  }
  return spelled;
}

// Everything that some reader might see in the path, who decodes it and then looks for dots: around
// either slash, and before parameters.
bool HasDots(std::string_view path) {
  std::string decoded;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool escape = path[i] == '%' && path.size() - i > 2 && std::isxdigit(path[i + 1]) &&
                        std::isxdigit(path[i + 2]);
    decoded += escape
                   ? static_cast<char>(std::stoi(std::string(path.substr(i + 1, 2)), nullptr, 16))
                   : path[i];
    if (escape) i += 2;
  }
  for (std::string_view rest = decoded;;) {
    const size_t end = rest.find_first_of("/\\");
    std::string_view segment = rest.substr(0, end);
    segment = segment.substr(0, segment.find(';'));
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

// What became of a request, at both ends.
struct Decision {
  int status = 0;
  std::string reason;
  std::string allow;
  std::string body;  // of a success
  std::string left;  // of the limit that it was counted in
  std::string rpc;   // that was called, with its message
  bool operator==(const Decision&) const = default;
};

void PrintTo(const Decision& decision, std::ostream* out) {
  *out << decision.status << ' ' << decision.reason << ' ' << decision.allow << decision.body
       << " left " << decision.left << ' ' << decision.rpc;
}

class Asker {
 public:
  Asker()
      : log_(WriteTempFile("access.log", "")),
        echo_(Cat("log: {file: ", log_, "}\nauth: {api_keys: {file: ",
                  // Of "robot-key".
                  WriteTempFile("keys.json",
                                R"({"keys":[{"sub":"robot","sha256":")"
                                "b2cfb5518f033861ee2dd12be0f7c0b95c23d0b8d1f4c32c8a788f77bc8a52be"
                                "\"}]}"),
                  "}}\nmethods:\n  test.Echo: {auth: {access: public, weakens: true}}\n", kGuarded,
                  Limit("Path"), Limit("Deep"), Limit("Act"))) {
    Open();
  }

  Decision Ask(std::string_view method, std::string_view path, bool key,
               const HeaderList& more = {}) {
    const int before = echo_.calls();
    const std::string id = Cat(++asked_);
    HeaderList headers = more;
    headers.emplace_back("x-request-id", id);
    if (key) headers.emplace_back("x-api-key", "robot-key");
    client_->Send(RequestText(method, path, headers, method == "POST" ? "{}" : ""));
    std::optional<RawResponse> response = client_->Read();
    Decision decision;
    if (!response) {
      Open();
      return decision;
    }
    if (response->Header("connection") == "close") Open();
    decision.status = response->status;
    decision.reason = ReasonOf(*response);
    decision.allow = response->Header("allow");
    if (response->status == 200) decision.body = response->body;
    decision.left = response->Header("ratelimit-remaining");
    if (echo_.calls() != before) {
      EXPECT_EQ(echo_.calls(), before + 1);
      decision.rpc = echo_.last().Field(":path") + ' ' + echo_.last().body;
      EXPECT_EQ(echo_.last().Field("x-request-id"), id);
      if (!key) {
        EXPECT_EQ(Foreign(echo_.last()), "");
      }
    }
    return decision;
  }

  // "route rpc caller" of each request, by its number, as the access log has it.
  std::map<int, std::string> Logged() {
    std::map<int, std::string> lines;
    EXPECT_TRUE(Eventually([&] {
      std::istringstream text(ReadFile(log_));
      lines.clear();
      for (std::string line; std::getline(text, line);) {
        const json one = json::parse(line, nullptr, false);
        if (!one.is_object()) continue;
        lines[std::atoi(one.value("request_id", "").c_str())] =
            Cat(one.value("route", ""), ' ', one.value("rpc", ""), ' ', one.value("caller", ""));
      }
      return lines.contains(asked_);
    }));
    return lines;
  }

  int asked() const { return asked_; }

 private:
  static constexpr char kGuarded[] =
      "  test.Echo/Thing: {auth: {access: required},"
      " limit: [{key: field, of: text, requests: 20000, per: 24h}]}\n";
  // A bucket for each text; in the time of the test nothing comes back to it.
  static std::string Limit(std::string_view rpc) {
    return Cat("  test.Echo/", rpc,
               ": {limit: [{key: field, of: text, requests: 20000, per: 24h}]}\n");
  }
  void Open() { client_.emplace(echo_.port()); }

  const std::string log_;
  Echo echo_;
  std::optional<RawClient> client_;
  int asked_ = 0;
};

// Whoever decides by a path decides as for its canonical form: what the client is told, route,
// caller, bucket of the limit, log, and the call that the back end sees.
TEST(Paths, AreDecidedAsTheirCanonicalForm) {
  Asker asker;
  std::mt19937 random(20261128);
  constexpr const char* kMethods[] = {"GET", "GET", "GET", "POST", "PUT"};
  std::map<int, int> statuses;
  std::map<int, std::string> pairs;  // number of the second request -> what was asked
  for (int i = 0; i < 2000; ++i) {
    const std::string path = RandomPath(random);
    const std::string canonical = CanonicalPath(path);
    const char* const method = kMethods[random() % std::size(kMethods)];
    const bool key = random() % 2 == 0;
    SCOPED_TRACE(Cat(method, ' ', path, " as ", canonical));
    Decision decision = asker.Ask(method, path, key);
    const Decision second = asker.Ask(method, canonical, key);
    ++statuses[decision.status];
    if (!decision.left.empty()) {
      decision.left = Cat(std::stoi(decision.left) - 1);
    }
    ASSERT_EQ(decision, second);
    pairs[asker.asked()] = path;
    if (HasDots(path) || path.find("//") != std::string::npos) {
      ASSERT_EQ(decision.status, 400);
      ASSERT_EQ(decision.reason, "INVALID_PATH");
    }
    if (decision.status != 200) {
      ASSERT_EQ(decision.rpc, "");
    }
  }
  std::map<int, std::string> logged = asker.Logged();
  for (const auto& [number, path] : pairs) {
    EXPECT_EQ(logged[number - 1], logged[number]) << path;
  }
  // All kinds of decision were made.
  for (const int status : {200, 400, 401, 404, 405}) EXPECT_GT(statuses[status], 10) << status;
  EXPECT_GT(statuses[200], 300);
}

// Headers by which some servers let others say which method and path are meant: whatever they say,
// the route, who may, the bucket, the log and the call are those of the request itself.
TEST(Paths, NoHeaderSaysWhichAddressIsMeant) {
  Asker asker;
  const struct {
    const char* method;
    const char* path;
    int status;
  } requests[] = {
      {"GET", "/query?text=a", 200},  {"GET", "/things/a", 401}, {"POST", "/things/a:act", 200},
      {"DELETE", "/path/a", 405},     {"GET", "/path/a", 200},   {"GET", "/nowhere", 404},
      {"GET", "/deep/..%2fa/b", 400},
  };
  std::map<int, int> pairs;  // numbers of a request with such a header, and of the plain one
  for (const auto& request : requests) {
    Decision plain = asker.Ask(request.method, request.path, false);
    ASSERT_EQ(plain.status, request.status) << request.path;
    const int first = asker.asked();
    for (const char* name :
         {"x-http-method-override", "x-http-method", "x-method-override", "x-original-method",
          "x-original-url", "x-original-uri", "x-rewrite-url", "x-override-url", "x-forwarded-path",
          "x-forwarded-uri", "x-forwarded-prefix", "x-forwarded-method", "x-envoy-original-path"}) {
      for (const char* value : {"GET", "DELETE", "/query?text=evil", "/things/evil", "/nowhere"}) {
        SCOPED_TRACE(Cat(request.method, ' ', request.path, ' ', name, ": ", value));
        if (!plain.left.empty()) plain.left = Cat(std::stoi(plain.left) - 1);
        ASSERT_EQ(asker.Ask(request.method, request.path, false, {{name, value}}), plain);
        pairs[asker.asked()] = first;
      }
    }
  }
  std::map<int, std::string> logged = asker.Logged();
  for (const auto& [number, first] : pairs) EXPECT_EQ(logged[number], logged[first]);
}

}  // namespace
}  // namespace frontdesk::e2e
