#include "gateway/contract/path_template.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace frontdesk::contract {
namespace {

// "a *"|"x.y:0-1" : the segments, then the variables with what they cover, '+' when multi.
std::string Show(const PathTemplate& path) {
  std::string out = ShapeOf(path);
  for (const PathTemplate::Variable& variable : path.variables) {
    out += " ";
    for (size_t i = 0; i < variable.field_path.size(); ++i) {
      if (i > 0) out += ".";
      out += variable.field_path[i];
    }
    out += "=" + std::to_string(variable.begin) + "-" + std::to_string(variable.end);
    if (variable.multi) out += "+";
  }
  return out;
}

struct GoodRow {
  const char* text;
  const char* shown;
};

TEST(PathTemplate, Accepts) {
  const GoodRow rows[] = {
      {"/", "/"},
      {"/a", "/a"},
      {"/a/b/c", "/a/b/c"},
      {"/*", "/*"},
      {"/**", "/**"},
      {"/a/*/b", "/a/*/b"},
      {"/a/**", "/a/**"},
      {"/{x}", "/* x=0-1"},
      {"/{x=*}", "/* x=0-1"},
      {"/{x=**}", "/** x=0-1+"},
      {"/{x=a}", "/a x=0-1"},
      {"/{x=a/*}", "/a/* x=0-2+"},
      {"/v1/{name=shelves/*/books/*}", "/v1/shelves/*/books/* name=1-5+"},
      {"/v1/{a.b.c}/d", "/v1/*/d a.b.c=1-2"},
      {"/v1/{_a1}", "/v1/* _a1=1-2"},
      {"/{a}/{b}", "/*/* a=0-1 b=1-2"},
      {"/{a}/{a.b}", "/*/* a=0-1 a.b=1-2"},  // the loader refuses what these mean
      {"/a:verb", "/a:verb"},
      {"/{x}:verb", "/*:verb x=0-1"},
      {"/{x=a/**}:custom", "/a/**:custom x=0-2+"},
      {"/**:verb", "/**:verb"},
      {"/foo/bar/*/{thing.id}/{cat=**}:do%3Athing%3F",
       "/foo/bar/*/*/**:do%3Athing%3F thing.id=3-4 cat=4-5+"},
      {"/a%2fb", "/a%2Fb"},
      {"/%61", "/a"},
      {"/a@b", "/a%40b"},
      {"/a%40b", "/a%40b"},
      {"/-._~!$&'()+,;=@", "/-._~%21%24%26%27%28%29%2B%2C%3B%3D%40"},
      {"/caf\xC3\xA9", "/caf%C3%A9"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/.well-known/x", "/.well-known/x"},
      {"/...", "/..."},
  };
  for (const GoodRow& row : rows) {
    const auto path = ParsePathTemplate(row.text);
    ASSERT_TRUE(path.ok()) << row.text << ": " << path.status();
    EXPECT_EQ(Show(*path), row.shown) << row.text;
    EXPECT_EQ(path->text, row.text);
    EXPECT_EQ(path->warning, "") << row.text;
  }
}

TEST(PathTemplate, WarnsOfALiteralAfterStarStar) {
  for (const char* text : {"/a/{x=**}/c", "/a/**/c", "/a/{x=**/c}"}) {
    const auto path = ParsePathTemplate(text);
    ASSERT_TRUE(path.ok()) << text << ": " << path.status();
    EXPECT_EQ(ShapeOf(*path), "/a/**/c");
    EXPECT_NE(path->warning.find("a literal after \"**\""), std::string::npos) << path->warning;
  }
}

struct BadRow {
  std::string text;
  const char* error;
};

TEST(PathTemplate, RefusesWithTheColumn) {
  std::string many = "/{a0}", deep;
  for (int i = 1; i < 17; ++i) many += "/{a" + std::to_string(i) + "}";
  for (int i = 0; i < 257; ++i) deep += "/a";
  const BadRow rows[] = {
      {"", "column 1: expected '/', got the end"},
      {"a", "column 1: expected '/', got 'a'"},
      {"{x}", "column 1: expected '/', got '{'"},
      {"*", "column 1: expected '/', got '*'"},
      {"/a/", "column 4: expected a segment, got the end"},
      {"//", "column 2: expected a segment, got '/'"},
      {"//a", "column 2: expected a segment, got '/'"},
      {"/a//b", "column 4: expected a segment, got '/'"},
      {"/***", "column 4: '*' must start a segment of its own"},
      {"/a/***/b", "column 6: '*' must start a segment of its own"},
      {"/foo*", "column 5: '*' must start a segment of its own"},
      {"/*foo", "column 3: expected '/', ':' or the end, got 'f'"},
      {"/a/foo{x}", "column 7: '{' must start a segment of its own"},
      {"/{x}foo", "column 5: expected '/', ':' or the end, got 'f'"},
      {"/{a}{b}", "column 5: '{' must start a segment of its own"},
      {"/a?b=c", "column 3: a template has no query string"},
      {"/{x}?b", "column 5: a template has no query string"},
      {"/a#b", "column 3: a template has no fragment"},
      {"/{", "column 3: expected a field name, got the end"},
      {"/{}", "column 3: expected a field name, got '}'"},
      {"/{x", "column 4: expected '}', got the end"},
      {"/{x/y}", "column 4: expected '}', got '/'"},
      {"/{a-b}", "column 4: expected '}', got '-'"},
      {"/v1/{a-b}", "column 7: expected '}', got '-'"},
      {"/{1a}", "column 3: expected a field name, got '1'"},
      {"/{a.}", "column 5: expected a field name, got '}'"},
      {"/{.a}", "column 3: expected a field name, got '.'"},
      {"/{a..b}", "column 5: expected a field name, got '.'"},
      {"/{ x}", "column 3: expected a field name, got a space"},
      {"/{x }", "column 4: expected '}', got a space"},
      {"/{caf\xC3\xA9}", "column 6: expected '}', got byte 0xC3"},
      {"/{x=}", "column 5: expected a segment, got '}'"},
      {"/{x=/a}", "column 5: expected a segment, got '/'"},
      {"/{x=a/}", "column 7: expected a segment, got '}'"},
      {"/{x=a", "column 6: expected '/' or '}', got the end"},
      {"/{x=a:b}", "column 6: expected '/' or '}', got ':'"},
      {"/{x=***}", "column 7: expected '/' or '}', got '*'"},
      {"/{x=a/{y}}", "column 7: a variable can't contain another variable"},
      {"/{x={y}}", "column 5: a variable can't contain another variable"},
      {"/a}", "column 3: '}' without '{'"},
      {"/}", "column 2: expected a segment, got '}'"},
      {"/{x}}", "column 5: '}' without '{'"},
      {"/{a}/{a}", "column 7: variable \"a\" appears twice"},
      {"/{a.b}/{a.b=**}", "column 9: variable \"a.b\" appears twice"},
      {"/:verb", "column 2: expected a segment, got ':'"},
      {"/a/:verb", "column 4: expected a segment, got ':'"},
      {"/a:", "column 4: expected a verb, got the end"},
      {"/a:b:c", "column 5: a verb must be last, got ':'"},
      {"/a:b/c", "column 5: a verb must be last, got '/'"},
      {"/a:*", "column 4: expected a verb, got '*'"},
      {"/a:{x}", "column 4: expected a verb, got '{'"},
      {"/a%", "column 3: '%' needs two hexadecimal digits"},
      {"/a%4", "column 3: '%' needs two hexadecimal digits"},
      {"/a%4g", "column 3: '%' needs two hexadecimal digits"},
      {"/a:b%zz", "column 5: '%' needs two hexadecimal digits"},
      {"/**/*", "column 5: only literals can follow \"**\""},
      {"/**/**", "column 5: only literals can follow \"**\""},
      {"/**/{x}", "column 5: only literals can follow \"**\""},
      {"/{x=**}/a/{y}", "column 11: only literals can follow \"**\""},
      {"/a/..", "column 4: the literal is a dot segment, which is refused in every request"},
      {"/%2e/a", "column 2: the literal is a dot segment, which is refused in every request"},
      {"/a/b%00", "column 4: the literal is a zero byte, which is refused in every request"},
      {"/%ff", "column 2: the literal is invalid UTF-8, which is refused in every request"},
      {"/a b", "column 3: expected '/', ':' or the end, got a space"},
      {"/\x01", "column 2: expected a segment, got byte 0x01"},
      {"/[a]", "column 2: '[' must be percent-encoded"},
      {std::string("/a\0b", 4), "column 3: expected '/', ':' or the end, got byte 0x00"},
      {std::string("/{a\0}", 5), "column 4: expected '}', got byte 0x00"},
      {many, "column 88: more than 16 variables"},
      {deep, "column 514: more than 256 segments"},
  };
  for (const BadRow& row : rows) {
    const auto path = ParsePathTemplate(row.text);
    ASSERT_FALSE(path.ok()) << row.text;
    EXPECT_EQ(std::string(path.status().message()), row.error) << row.text;
  }
}

}  // namespace
}  // namespace frontdesk::contract
