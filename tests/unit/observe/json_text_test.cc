#include "gateway/observe/json_text.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"

namespace frontdesk::observe {
namespace {

std::string Json(std::string_view text, size_t limit = 4096) {
  std::string out;
  AppendJsonString(out, text, limit);
  return out;
}

TEST(JsonText, EscapesWhatCouldHarm) {
  using namespace std::string_view_literals;
  const struct {
    std::string_view text;
    std::string_view json;
  } rows[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {R"(say "hi" \ there)", R"("say \"hi\" \\ there")"},
      {"a\r\n{\"forged\":1}", R"("a\r\n{\"forged\":1}")"},
      {"tab\t", R"("tab\t")"},
      {"\x1b[31mred\x07", R"("\u001b[31mred\u0007")"},
      {"nul\0!"sv, R"("nul\u0000!")"},
      {"\x7f", R"("\u007f")"},
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
       "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
      {"\xc2\x9b"
       "31m",
       R"("\u009b31m")"},                                 // C1: CSI
      {"\xe2\x80\xa8\xe2\x80\xa9", R"("\u2028\u2029")"},  // line separators
      {"\xe2\x80\xae"
       "gpj",
       R"("\u202egpj")"},  // right-to-left override
      {"\xef\xbb\xbf", R"("\ufeff")"},
      {"\xff\xfe", R"("\ufffd\ufffd")"},
      {"\x80", R"("\ufffd")"},
      {"\xc3", R"("\ufffd")"},  // cut short
      {"\xe2\x82", R"("\ufffd\ufffd")"},
      {"\xc0\xaf", R"("\ufffd\ufffd")"},  // over-long '/'
      {"\xe0\x80\xaf", R"("\ufffd\ufffd\ufffd")"},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},            // a surrogate
      {"\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},  // above U+10FFFF
      {"\xf0\x80\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
      {"\xf5\x80\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
  };
  for (const auto& row : rows) EXPECT_EQ(Json(row.text), row.json);
}

TEST(JsonText, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(Json("abcdef", 6), R"("abcdef")");
  EXPECT_EQ(Json("abcdef", 5), R"("abcde...")");
  EXPECT_EQ(Json("ab\xe2\x82\xac"
                 "d",
                 5),
            "\"ab\xe2\x82\xac...\"");
  EXPECT_EQ(Json("ab\xe2\x82\xac"
                 "d",
                 4),
            R"("ab...")");
  EXPECT_EQ(Json("ab\xe2\x82\xac"
                 "d",
                 3),
            R"("ab...")");
  EXPECT_EQ(Json("\x80\x80\x80\x80\x80\x80", 5), R"("\ufffd\ufffd...")");
  EXPECT_EQ(Json("abc", 0), R"("...")");
}

// Texts are looked at eight bytes at a time: every length, and every place in it.
TEST(JsonText, EscapesWhereverItStands) {
  const struct {
    std::string_view text;
    std::string_view json;
  } rows[] = {{"\"", R"(\")"},       {"\\", R"(\\)"},      {"\x1f", R"(\u001f)"},
              {"\x7f", R"(\u007f)"}, {" ", " "},           {"~", "~"},
              {"\xff", R"(\ufffd)"}, {"\u00e9", "\u00e9"}, {"\u202e", R"(\u202e)"}};
  for (const auto& [text, json] : rows) {
    for (size_t before = 0; before < 24; ++before) {
      for (size_t after = 0; after < 24; ++after) {
        const std::string head(before, 'a');
        const std::string tail(after, 'z');
        ASSERT_EQ(Json(head + std::string(text) + tail),
                  '"' + head + std::string(json) + tail + '"');
      }
    }
  }
}

// Every single byte and every pair: always one line of printable text.
TEST(JsonText, NoBytesMakeAnythingButPrintableText) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const char text[] = {static_cast<char>(a), static_cast<char>(b)};
      const std::string json = Json({text, 2});
      for (const char c : json) {
        const auto byte = static_cast<unsigned char>(c);
        ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << a << " " << b;
      }
    }
  }
}

}  // namespace
}  // namespace frontdesk::observe
