// Public HTTP/1.1 suites, read from ../shared/suites where they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gateway/http/chars.h"
#include "tests/support/find_suite.h"
#include "tests/unit/http/drive.h"

namespace frontdesk::http {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing_support::FindSuite;
using LeftOut = std::map<std::string, std::string>;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// \r, \n, \t, \f, \0 and \xHH become bytes.
std::string Unescape(std::string_view text) {
  static const std::map<char, char> kSimple = {
      {'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'f', '\f'}, {'0', '\0'}};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (text[i] != '\\') {
      out.push_back(text[i]);
    } else if (kSimple.count(next) > 0) {
      out.push_back(kSimple.at(next));
      ++i;
    } else if (next == 'x' && i + 3 < text.size()) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16)));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool HasHost(std::string_view bytes) {
  std::string lower(bytes);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerOf);
  return lower.find("\r\nhost:") != std::string::npos;
}

// The suites' valid requests mostly lack the Host that HTTP/1.1 requires: it is put in behind the
// request line that ends at `line_end`, so that the rest of the case is what is judged.
std::string WithHost(std::string bytes, size_t line_end) {
  return bytes.insert(line_end, "\r\nHost: suite.test");
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return text;
}

// Latin-1 text of the JSON file back to bytes.
std::string Bytes(const std::string& utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80 || i + 1 == utf8.size()) {
      out.push_back(utf8[i]);
      continue;
    }
    out.push_back(static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f)));
  }
  return out;
}

const LeftOut& GunicornLeftOut() {
  static const LeftOut kCases = {
      {"invalid/006", "gunicorn's limit of a request line is 4094, ours of a target 8192"},
      {"invalid/007", "gunicorn limits one field to 8190, ours all together to 65536"},
      {"invalid/008", "gunicorn limits one field to 8190, ours all together to 65536"},
      {"invalid/017", "gunicorn limits one field to 8190, ours all together to 65536"},
      {"valid/005", "a fragment in the target is refused"},
      {"valid/009", "Transfer-Encoding: identity is refused"},
      {"valid/025", "two Transfer-Encoding fields are refused"},
      {"valid/025_line", "gzip as a transfer coding is 501"},
      {"valid/027", "raw UTF-8 in the target is refused"},
      {"valid/029", "two Transfer-Encoding fields are refused"},
      {"valid/030", "two Transfer-Encoding fields are refused"},
      {"valid/099", "the file ends before its Content-Length does: ours waits for the rest"},
      {"valid/rfc9112_smuggle_gzip_chunked_01", "gzip as a transfer coding is 501"},
      {"valid/rfc9112_smuggle_te_identity_chunked_01", "identity is refused"},
      {"valid/rfc9112_target_absolute_userinfo_01", "userinfo is refused"},
      {"valid/rfc9112_target_authority_connect_01", "CONNECT is 405"},
      {"valid/rfc9112_target_authority_ipv6_01", "CONNECT is 405"},
  };
  return kCases;
}

void CheckGunicornValid(const std::string& name, std::string bytes, const json& wanted) {
  size_t from = 0;
  for (const json& request : wanted) {
    const std::string line = request["method"].get<std::string>() + " " +
                             Bytes(request["uri"]["uri"].get<std::string>()) + " HTTP/1.1";
    bool has_host = false;
    for (const json& field : request["headers"]) has_host |= field[0] == "HOST";
    const size_t at = bytes.find(line, from);
    if (has_host || at == std::string::npos) continue;
    bytes = WithHost(std::move(bytes), at + line.size());
    from = at + line.size();
  }
  for (const auto& [way, driven] : DriveEveryWay(bytes)) {
    EXPECT_EQ(driven.refused, 0) << name << ", " << way << ": " << driven.reason;
    ASSERT_EQ(driven.requests.size(), wanted.size()) << name << ", " << way;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Got& got = driven.requests[i];
      EXPECT_EQ(got.method, wanted[i]["method"]) << name;
      EXPECT_EQ(got.target, Bytes(wanted[i]["uri"]["uri"].get<std::string>())) << name;
      EXPECT_EQ(got.protocol, wanted[i]["version"][1] == 0 ? "HTTP/1.0" : "HTTP/1.1") << name;
      if (wanted[i]["body"].is_object() && wanted[i]["body"].contains("bytes_latin1")) {
        EXPECT_EQ(got.body, Bytes(wanted[i]["body"]["bytes_latin1"].get<std::string>())) << name;
      }
      for (const json& field : wanted[i]["headers"]) {
        if (!field[1].is_string()) continue;
        const bool found = std::any_of(
            got.headers.begin(), got.headers.end(), [&, now = &field](const auto& header) {
              return Upper(header.first) == (*now)[0] &&
                     header.second == Bytes((*now)[1].get<std::string>());
            });
        EXPECT_TRUE(found) << name << ": " << field;
      }
    }
  }
}

// Cases that are bad only because they end too early: they never become a request.
const std::set<std::string>& GunicornCutShort() {
  static const std::set<std::string> kCases = {"invalid/001",
                                               "invalid/rfc9112_chunked_missing_final_crlf_01"};
  return kCases;
}

void CheckGunicornInvalid(const std::string& name, const std::string& bytes) {
  const bool cut_short = GunicornCutShort().count(name) > 0;
  std::vector<std::string> variants = {bytes};
  const size_t line_end = bytes.find("\r\n");
  if (!HasHost(bytes) && line_end != std::string::npos) {
    variants.push_back(WithHost(bytes, line_end));
  }
  for (const std::string& variant : variants) {
    for (const auto& [way, driven] : DriveEveryWay(variant)) {
      // The first request of a case is the bad one.
      EXPECT_EQ(driven.refused == 0, cut_short) << name << ", " << way;
      EXPECT_EQ(driven.within, cut_short) << name << ", " << way;
      EXPECT_TRUE(driven.requests.empty()) << name << ", " << way;
    }
  }
}

TEST(SuitesTest, Gunicorn) {
  const fs::path suite = FindSuite("gunicorn-http1");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  size_t run = 0;
  const json cases = json::parse(ReadFile(suite / "expected.json"));
  for (const auto& [name, expected] : cases.items()) {
    const auto left_out = GunicornLeftOut().find(name);
    if (left_out != GunicornLeftOut().end()) {
      std::printf("left out %s: %s\n", name.c_str(), left_out->second.c_str());
      continue;
    }
    if (expected.contains("needs_setting")) {
      std::printf("left out %s: %s\n", name.c_str(), expected["needs_setting"].dump().c_str());
      continue;
    }
    std::string text = ReadFile(suite / expected["file"].get<std::string>());
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '\n'; }),
               text.end());
    ++run;
    if (expected["kind"] == "valid") {
      CheckGunicornValid(name, Unescape(text), expected["requests"]);
    } else {
      CheckGunicornInvalid(name, Unescape(text));
    }
  }
  std::printf("gunicorn-http1: %zu cases run\n", run);
  EXPECT_GT(run, 90u);
}

struct LlhttpCase {
  std::string name;
  std::string bytes;
  std::string log;
};

// The fenced blocks of a file of the suite, each with the headings above it.
std::vector<LlhttpCase> ReadLlhttp(const fs::path& path) {
  std::vector<LlhttpCase> cases;
  std::string section, title, line;
  bool request = false;
  std::istringstream in(ReadFile(path));
  const auto fence = [&] {
    std::string text;
    while (std::getline(in, line) && line != "```") text += line + "\n";
    if (!text.empty()) text.pop_back();
    return text;
  };
  while (std::getline(in, line)) {
    if (line.rfind("## ", 0) == 0) section = line.substr(3), title.clear();
    if (line.rfind("### ", 0) == 0) title = line.substr(4);
    if (line.rfind("<!-- meta=", 0) == 0) {
      request = line.find("\"type\": \"request\"") != std::string::npos;
    }
    if (line == "```http") {
      const std::string text = std::regex_replace(fence(), std::regex("\\\\\n"), "");
      std::string bytes = std::regex_replace(text, std::regex("\n"), "\r\n");
      const std::string name = path.filename().string() + ": " + section +
                               (section.empty() || title.empty() ? title : " / " + title);
      if (request) cases.push_back({name, Unescape(bytes), ""});
    } else if (line == "```log") {
      const std::string text = fence();
      if (request && !cases.empty() && cases.back().log.empty()) cases.back().log = text;
    }
  }
  return cases;
}

// What follows a request that asks for another protocol is opaque to llhttp, and refused by ours.
bool Upgrades(const std::string& log) { return log.find("error code=22 ") != std::string::npos; }

// Spans of one kind, those of one message joined; a new message begins at each "message begin".
std::vector<std::string> Spans(const std::string& log, const std::string& kind) {
  static const std::regex kSpan("span\\[(\\w+)\\]=\"(.*)\"$");
  std::vector<std::string> all;
  std::istringstream in(log);
  for (std::string line; std::getline(in, line);) {
    if (line.find("message begin") != std::string::npos) all.emplace_back();
    std::smatch match;
    if (!all.empty() && std::regex_search(line, match, kSpan) && match[1] == kind) {
      all.back() += Unescape(match[2].str());
    }
  }
  return all;
}

// Ours refuses what llhttp's default lets through, and the other way round.
const LeftOut& LlhttpLeftOut() {
  static const LeftOut kCases = {
      {"content-length.md: Content-Length reset when no body is received",
       "the test tells llhttp to skip the body"},
      {"invalid.md: Invalid method", "which methods exist is the router's business"},
      {"invalid.md: HTTP protocol and ANNOUNCE method",
       "which methods exist is the router's business"},
      {"method.md: ANNOUNCE request with RTSP", "RTSP is refused"},
      {"method.md: OPTIONS request with RTSP", "RTSP is refused"},
      {"method.md: SOURCE request with ICE", "ICE is refused"},
      {"method.md: CONNECT request", "CONNECT is 405"},
      {"method.md: CONNECT request with CAPS", "CONNECT is 405"},
      {"method.md: CONNECT with body", "CONNECT is 405"},
      {"method.md: M-SEARCH request", "the target * is for OPTIONS only"},
      {"method.md: PRI request HTTP2", "HTTP/2 is refused"},
      {"sample.md: No HTTP version", "HTTP/0.9 is refused"},
      {"transfer-encoding.md: POST with `chunked` as last transfer-encoding",
       "deflate as a transfer coding is 501"},
      {"transfer-encoding.md: POST with `chunked` as last transfer-encoding (multiple headers)",
       "two Transfer-Encoding fields are refused"},
      {"uri.md: Fragment in URI", "a fragment in the target is refused"},
      {"uri.md: Underscore in hostname", "CONNECT is 405"},
      {"uri.md: `host:port` and basic auth", "userinfo is refused"},
  };
  return kCases;
}

// "http://a?b" -> "a", "/a" -> "suite.test".
std::string HostFor(std::string_view target) {
  const size_t colon = target.find("://");
  if (target[0] == '/' || colon == std::string_view::npos) return "suite.test";
  const std::string_view rest = target.substr(colon + 3);
  return std::string(rest.substr(0, rest.find_first_of("/?")));
}

// Each request of a pipeline needs its Host.
std::string WithHosts(const std::string& bytes) {
  static const std::regex kLine("(\\S+) HTTP/1\\.1\r\n");
  std::string out;
  auto at = bytes.begin();
  for (std::sregex_iterator i(bytes.begin(), bytes.end(), kLine), none; i != none; ++i) {
    out.append(at, (*i)[0].second);
    const std::string_view rest(&*bytes.begin() + ((*i)[0].second - bytes.begin()),
                                static_cast<size_t>(bytes.end() - (*i)[0].second));
    const std::string_view head = rest.substr(0, rest.find("\r\n\r\n"));
    if (!HasHost("\r\n" + std::string(head))) out += "Host: " + HostFor((*i)[1].str()) + "\r\n";
    at = (*i)[0].second;
  }
  return out.append(at, bytes.end());
}

// Errors that are not refused here, and why that is right. Those that end within the request:
const std::set<std::string_view> kCutBeforeTheFault = {
    "content-length.md: Error on `Content-Length` overflow",
    "content-length.md: Error on duplicate `Content-Length`",
};
// Those whose fault stands behind a request that ends its connection, and is never looked at:
const std::set<std::string_view> kBehindTheLastRequest = {
    "connection.md: `close` / CRLF between requests, explicit `close`",
    "connection.md: `close` / CRLF between requests, explicit `close` followed by tab",
    "connection.md: `keep-alive` / No restart when keep-alive is off (1.0)",
};

void CheckLlhttpError(const std::string& name, const std::string& way, const Driven& driven) {
  if (kCutBeforeTheFault.contains(name)) {
    EXPECT_TRUE(driven.within && driven.requests.empty()) << name << ", " << way;
  } else if (kBehindTheLastRequest.contains(name)) {
    EXPECT_TRUE(driven.closed && driven.requests.size() == 1) << name << ", " << way;
  } else {
    EXPECT_NE(driven.refused, 0) << name << ", " << way;
  }
}

void CheckLlhttp(const LlhttpCase& one, bool wanted_error) {
  std::vector<std::string> variants = {WithHosts(one.bytes)};
  if (wanted_error) variants.push_back(one.bytes);
  const std::vector<std::string> methods = Spans(one.log, "method");
  const std::vector<std::string> urls = Spans(one.log, "url");
  const std::vector<std::string> bodies = Spans(one.log, "body");
  for (const std::string& variant : variants) {
    for (const auto& [way, driven] : DriveEveryWay(variant)) {
      if (wanted_error) {
        CheckLlhttpError(one.name, way, driven);
        continue;
      }
      const bool upgraded = Upgrades(one.log) && driven.requests.size() == methods.size();
      EXPECT_TRUE(upgraded || driven.refused == 0) << one.name << ", " << way << driven.reason;
      for (size_t i = 0; i < driven.requests.size() && i < methods.size(); ++i) {
        EXPECT_EQ(driven.requests[i].method, methods[i]) << one.name;
        EXPECT_EQ(driven.requests[i].target, urls[i]) << one.name;
        EXPECT_EQ(driven.requests[i].body, bodies[i]) << one.name;
      }
      const size_t whole = driven.requests.size() + (driven.within && !upgraded ? 1 : 0);
      EXPECT_EQ(whole, methods.size()) << one.name << ", " << way;
    }
  }
}

TEST(SuitesTest, Llhttp) {
  const fs::path suite = FindSuite("llhttp-http1");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(suite / "request")) {
    if (entry.path().filename().string().rfind("lenient", 0) != 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  size_t run = 0;
  for (const fs::path& file : files) {
    for (const LlhttpCase& one : ReadLlhttp(file)) {
      const auto left_out = LlhttpLeftOut().find(one.name);
      if (left_out != LlhttpLeftOut().end()) {
        std::printf("left out %s: %s\n", one.name.c_str(), left_out->second.c_str());
        continue;
      }
      // 21 to 24 are pauses that the caller asked for.
      const bool error = std::regex_search(one.log, std::regex("error code=(?!2[1-4] )"));
      CheckLlhttp(one, error);
      ++run;
    }
  }
  std::printf("llhttp-http1: %zu cases run\n", run);
  EXPECT_GT(run, 80u);
}

}  // namespace
}  // namespace frontdesk::http
