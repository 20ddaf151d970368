// Query parameters: their names, their values, and what is refused.
#include "gateway/transcode/query.h"

#include <gtest/gtest.h>

#include "tests/unit/transcode/requests.h"

namespace frontdesk::testing::requests {
namespace {

TEST(QueryParameters, FillFieldsByAnyName) {
  EXPECT_EQ(Read({.query = "id=a+b%2Bc&inner.name=%C3%A9&inner.deeper.size=2"}),
            R"({"id":"a b+c","inner":{"name":"é","deeper":{"size":2}}})");
  EXPECT_EQ(Read({.query = "snake_case=1"}), R"({"other":"1"})");
  EXPECT_EQ(Read({.query = "other=1"}), R"({"other":"1"})");
  EXPECT_EQ(Read({.query = "%69d=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "tags=b&tags=a&tags="}), R"({"tags":["b","a",""]})");
  EXPECT_EQ(Read({.query = "numbers=3&numbers=0&numbers=1e2"}), R"({"numbers":[3,0,100]})");
  EXPECT_EQ(Read({.query = "inner.tags=x"}), R"({"inner":{"tags":["x"]}})");
  EXPECT_EQ(Read({.query = "&&id=1&"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "id=a=b"}), R"({"id":"a=b"})");
  EXPECT_EQ(Read({.query = "id"}), "{}");
  EXPECT_EQ(Read({.query = "number"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "maybe=0"}), R"({"maybe":0})");
  EXPECT_EQ(Read({.query = "inner.flag=false"}), R"({"inner":{"flag":false}})");
  EXPECT_EQ(Read({.query = "inner.size=0"}), R"({"inner":{}})");
}

TEST(QueryParameters, KnownTypesAreText) {
  EXPECT_EQ(Read({.query = "wait=1.5s&mask=a,fooBar&text=&count=5"}),
            R"({"wait":"1.500s","mask":"a,fooBar","text":"","count":"5"})");
  EXPECT_EQ(Read({.query = "object={\"a\":[1]}&value=%22x%22&list=[null]"}),
            R"({"object":{"a":[1]},"value":"x","list":[null]})");
  EXPECT_EQ(Read({.query = "value=null"}), R"({"value":null})");
  EXPECT_EQ(Read({.query = "value=x"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "value=1 2"}), "<JSON_SYNTAX>");
  EXPECT_EQ(Read({.query = "value=" + std::string(101, '[')}), "<JSON_TOO_DEEP>");
  EXPECT_EQ(Read({.query = "wait=1h"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "waits=1s&waits=2s"}), R"({"waits":["1s","2s"]})");
  EXPECT_EQ(Read({.query = "real=NaN"}), R"({"real":"NaN"})");
  EXPECT_EQ(Read({.query = "real=1e400"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag=1"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag=TRUE"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "number=+5"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "number=%2B5"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "data=!"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "mask=%f3"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "text=%f3"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "value=%22%f3%22"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "labels[%f3]=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "wait=%f3"}), "<INVALID_VALUE>");
}

// As deep as a back end's parser goes, and not one message deeper.
TEST(QueryParameters, NestedNoDeeperThanBackEndsRead) {
  const auto deeper = [](int times, const char* last) {
    std::string query = "inner";
    for (int i = 0; i < times; ++i) query += ".deeper";
    return Read({.query = query + last});
  };
  EXPECT_TRUE(deeper(98, ".name=x").starts_with('{'));
  EXPECT_EQ(deeper(99, ".name=x"), "<JSON_TOO_DEEP>");
  EXPECT_EQ(deeper(1000, ".name=x"), "<JSON_TOO_DEEP>");
  const auto lists = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const auto value = [&](int depth) { return Read({.query = "value=" + lists(depth)}); };
  EXPECT_TRUE(value(49).starts_with('{'));
  EXPECT_EQ(value(50), "<JSON_TOO_DEEP>");
  const auto body = [&](int depth) { return Read({.body = lists(depth), .body_field = "value"}); };
  EXPECT_TRUE(body(49).starts_with('{'));
  EXPECT_EQ(body(50), "<JSON_TOO_DEEP>");
}

TEST(QueryParameters, MapsByBrackets) {
  EXPECT_EQ(Read({.query = "labels[b]=2&labels[a]=1&labels[]=0"}),
            R"({"labels":{"":0,"a":1,"b":2}})");
  EXPECT_EQ(Read({.query = "labels%5Ba.b%5D=1"}), R"({"labels":{"a.b":1}})");
  EXPECT_EQ(Read({.query = "times[10]=1s&times[-1]=2s"}), R"({"times":{"-1":"2s","10":"1s"}})");
  EXPECT_EQ(Read({.query = "labels[a]=1&labels[a]=1"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a]=x"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "times[x]=1s"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "labels=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a]x=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "tags[0]=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "id[a]=1"}), "<UNKNOWN_PARAMETER>");
}

TEST(QueryParameters, WhatIsRefused) {
  for (const char* query :
       {"nope=1", "inner.nope=1", "id.x=1", "inner=1", "inner.=1", ".id=1", "inners.name=1",
        "any=1", "any.value=1", "time.seconds=1", "tags.x=1", "empty=1", "=1", "file=1"}) {
    EXPECT_EQ(Read({.query = query}), "<UNKNOWN_PARAMETER>") << query;
    EXPECT_EQ(Read({.query = query}, {.ignore_unknown_parameters = true}), "{}") << query;
  }
  EXPECT_EQ(Read({.query = "id=1&id=1"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "snake_case=1&other=2"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "id=%"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "id=%4"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "%zz=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "id=%ff"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "name=a&code=1"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.query = "name=a&part.name=b"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.query = "part.size=1&part.name=b"}), R"({"part":{"name":"b","size":1}})");
  EXPECT_EQ(Read({.query = "$alt=json&$fields=a.b&id=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "key=abc&alt=json&prettyPrint=true&id=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "Key=abc"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.type = "HasKey", .query = "key=abc"}), R"({"key":"abc"})");
  EXPECT_EQ(Read({.type = "HasKey", .query = "alt=abc"}), "{}");
  EXPECT_EQ(Read({.query = "%ff=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "$%ff=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "%ff=1"}, {.ignore_unknown_parameters = true}), "<INVALID_QUERY>");
}

TEST(QueryParameters, AreEchoedInPart) {
  std::string wire;
  const std::string query = std::string(8000, 'n') + "=1";
  const absl::Status status = Send({.query = query}, {}, wire);
  EXPECT_EQ(ReasonOf(status), "UNKNOWN_PARAMETER");
  EXPECT_LT(status.message().size(), 200u);
  EXPECT_LT(FieldViolationsOf(status).size(), 200u);
}

TEST(QueryParameters, AtMostAThousand) {
  std::string query;
  for (int i = 0; i < 1000; ++i) query += "tags=a&";
  EXPECT_TRUE(Read({.query = query}).starts_with("{"));
  EXPECT_EQ(Read({.query = query + "tags=a"}), "<TOO_MANY_PARAMETERS>");
}

}  // namespace
}  // namespace frontdesk::testing::requests
