// Strings as JSON text: what is escaped, wherever it stands.
#include "gateway/transcode/json_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace frontdesk::transcode {
namespace {

bool Write(std::string_view text, std::string& out) {
  out.clear();
  JsonWriter writer(out, 0);
  return writer.String(text);
}

struct Row {
  std::string_view text;
  std::string_view written;  // "" when it is not UTF-8
};
using std::string_view_literals::operator""sv;
constexpr Row kRows[] = {
    {"\0"sv, R"(\u0000)"},
    {"\x1f", R"(\u001f)"},
    {" ", " "},
    {"!", "!"},
    {"\"", R"(\")"},
    {"#", "#"},
    {";", ";"},
    {"<", R"(\u003c)"},
    {"=", "="},
    {">", R"(\u003e)"},
    {"?", "?"},
    {"[", "["},
    {"\\", R"(\\)"},
    {"]", "]"},
    {"~", "~"},
    {"\x7f", R"(\u007f)"},
    {"\n", R"(\n)"},
    {"\u00a0", "\u00a0"},
    {"\u00ad", R"(\u00ad)"},
    {"\u2028", R"(\u2028)"},
    {"\U0001f600", "\U0001f600"},
    {"\x80", ""},
    {"\xc3", ""},
    {"\xff", ""},
};

// Texts are looked at in blocks of several sizes: every length, and every place in it.
TEST(JsonWriter, EscapesWhereverItStands) {
  std::string out;
  for (const Row& row : kRows) {
    for (size_t before = 0; before < 40; ++before) {
      for (size_t after = 0; after < 40; ++after) {
        const std::string head(before, 'a');
        const std::string tail(after, 'z');
        const bool ok = Write(head + std::string(row.text) + tail, out);
        ASSERT_EQ(ok, !row.written.empty()) << row.text << ' ' << before << ' ' << after;
        if (!ok) continue;
        ASSERT_EQ(out, '"' + head + std::string(row.written) + tail + '"');
      }
    }
  }
}

TEST(JsonWriter, PlainTextOfAnyLength) {
  std::string out;
  for (size_t size = 0; size < 300; ++size) {
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>('A' + text.size() % 26));
    ASSERT_TRUE(Write(text, out));
    ASSERT_EQ(out, '"' + text + '"');
  }
  EXPECT_TRUE(Write(std::string_view(), out));
  EXPECT_EQ(out, "\"\"");
}

}  // namespace
}  // namespace frontdesk::transcode
