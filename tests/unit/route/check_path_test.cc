#include <gtest/gtest.h>

#include <string>

#include "gateway/base/failure.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"

namespace frontdesk::route {
namespace {

TEST(CheckPath, Accepts) {
  for (const char* path : {"/",
                           "/a",
                           "/a/",
                           "/a/b",
                           "/a%20b",
                           "/a%2Fb",
                           "/p%20q%2Fr+",
                           "/%252e%252e/",
                           "/caf%C3%A9",
                           "/a;x=1",
                           "/a:b",
                           "/...",
                           "/..a",
                           "/a..",
                           "/.a/.b",
                           "/a.",
                           "/a:..x",
                           "/12:30",
                           "/%F0%9F%98%80",
                           "/%0d%0a",
                           "/a%5Cb",
                           "/%5C",
                           "/!$&'()*+,;=:@-._~",
                           "/{x}",
                           "/a\"b",
                           "/a|b",
                           "/:x"}) {
    EXPECT_TRUE(CheckPath(path).ok()) << path << ": " << CheckPath(path);
  }
  std::string longest;
  for (int i = 0; i < 256; ++i) longest += "/a";
  EXPECT_TRUE(CheckPath(longest).ok());
}

TEST(CheckPath, Refuses) {
  struct Row {
    std::string path;
    const char* why;
  };
  std::string too_long;
  for (int i = 0; i < 257; ++i) too_long += "/a";
  const Row rows[] = {
      {"", "path: does not start with '/'"},
      {"a", "path: does not start with '/'"},
      {"*", "path: does not start with '/'"},
      {"Service/Method", "path: does not start with '/'"},
      {"http://a/b", "path: does not start with '/'"},
      {"//", "path: an empty segment"},
      {"//a", "path: an empty segment"},
      {"/a//b", "path: an empty segment"},
      {"/a//", "path: an empty segment"},
      {too_long, "path: too many segments"},
      {"/a b", "path: a character that must be percent-encoded"},
      {"/a\\b", "path: a character that must be percent-encoded"},
      {"/a?b", "path: a character that must be percent-encoded"},
      {"/a#b", "path: a character that must be percent-encoded"},
      {"/a\x7f", "path: a character that must be percent-encoded"},
      {"/a\r\nb", "path: a character that must be percent-encoded"},
      {"/caf\xC3\xA9", "path: a character that must be percent-encoded"},
      {std::string("/a\0b", 4), "path: a character that must be percent-encoded"},
      {"/%", "path: a malformed percent-encoding"},
      {"/%4", "path: a malformed percent-encoding"},
      {"/%4/a", "path: a malformed percent-encoding"},
      {"/%zz", "path: a malformed percent-encoding"},
      {"/a/%u0041", "path: a malformed percent-encoding"},
      {"/.", "path: a dot segment"},
      {"/..", "path: a dot segment"},
      {"/a/../b", "path: a dot segment"},
      {"/a/./b", "path: a dot segment"},
      {"/a/..", "path: a dot segment"},
      {"/a/../", "path: a dot segment"},
      {"/%2e", "path: a dot segment"},
      {"/%2E%2e/a", "path: a dot segment"},
      {"/.%2e/a", "path: a dot segment"},
      {"/a/..;x=y/admin", "path: a dot segment"},
      {"/a/.;/b", "path: a dot segment"},
      {"/a/%2e%2e%3bx", "path: a dot segment"},
      {"/files/..:download", "path: a dot segment"},
      {"/a/..%5Cb", "path: a dot segment"},
      {"/a/b%5c..", "path: a dot segment"},
      {"/a%2F..", "path: a dot segment"},
      {"/a/..%2fb", "path: a dot segment"},
      {"/a%2f%2e%2f/b", "path: a dot segment"},
      {"/a%2F..;x%2Fb", "path: a dot segment"},
      {"/a%00", "path: a zero byte"},
      {"/%c0%af", "path: invalid UTF-8"},
      {"/%c0%ae", "path: invalid UTF-8"},
      {"/%ff", "path: invalid UTF-8"},
      {"/%ed%a0%80", "path: invalid UTF-8"},
      {"/%f4%90%80%80", "path: invalid UTF-8"},
      {"/%e0%80%af", "path: invalid UTF-8"},
      {"/%C3", "path: invalid UTF-8"},
      {"/%C3/%A9", "path: invalid UTF-8"},
  };
  for (const Row& row : rows) {
    const absl::Status status = CheckPath(row.path);
    EXPECT_EQ(std::string(status.message()), row.why) << row.path;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.path;
    EXPECT_EQ(ReasonOf(status), "INVALID_PATH") << row.path;
    EXPECT_EQ(OriginOf(status), Origin::kClient) << row.path;
  }
}

TEST(HealthPath, IsKnownInEverySpelling) {
  const std::pair<std::string, std::string> rows[] = {
      {"/healthz", "/healthz"},
      {"/health", "/health"},
      {"/readyz", "/readyz"},
      {"/%68ealthz", "/healthz"},
      {"/read%79z", "/readyz"},
      {"/%68%65%61%6C%74%68%7a", "/healthz"},
      {"/", ""},
      {"/healthz/", ""},
      {"//healthz", ""},
      {"/HEALTHZ", ""},
      {"/healthz%2F", ""},
      {"/%2Fhealthz", ""},
      {"/%2568ealthz", ""},
      {"/healthz%", ""},
      {"/healthz%00", ""},
      {"/healthz;x", ""},
  };
  for (const auto& [path, known] : rows) EXPECT_EQ(HealthPath(path), known) << path;
}

}  // namespace
}  // namespace frontdesk::route
