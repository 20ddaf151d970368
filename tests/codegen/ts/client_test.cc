#include "codegen/ts/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/ts/text.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen::ts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string FileNamed(const std::vector<File>& files, const std::string& name) {
  for (const File& file : files) {
    if (file.name == name) return file.content;
  }
  ADD_FAILURE() << "no " << name;
  return "";
}

std::vector<File> Client(const std::map<std::string, std::string>& protos) {
  contract::Findings findings;
  const auto contract = contract::Contract::Load(testing::CompileProtos(protos), "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return WriteClient(*contract, {});
}

TEST(Names, CanBeAnythingInTheContract) {
  struct Row {
    const char* name;
    const char* type;
    const char* member;
    const char* key;
    const char* dot;
  };
  const Row rows[] = {
      {"Order", "Order", "order", "Order", ".Order"},
      {"delete", "delete_", "delete", "delete", ".delete"},
      {"Promise", "Promise_", "promise", "Promise", ".Promise"},
      {"string", "string_", "string", "string", ".string"},
      {"constructor", "constructor", "constructor_", "constructor", ".constructor"},
      {"URLOf", "URLOf", "urlOf", "URLOf", ".URLOf"},
      {"ABC", "ABC", "abc", "ABC", ".ABC"},
      {"a-b", "a-b", "a-b", "\"a-b\"", "[\"a-b\"]"},
      {"1st", "1st", "1st", "\"1st\"", "[\"1st\"]"},
      {"say \"hi\"\n", "say \"hi\"\n", "say \"hi\"\n", "\"say \\\"hi\\\"\\n\"",
       "[\"say \\\"hi\\\"\\n\"]"},
      {"__proto__", "__proto__", "__proto__", "\"__proto__\"", ".__proto__"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(TypeName(row.name), row.type);
    EXPECT_EQ(MemberName(row.name), row.member);
    EXPECT_EQ(Key(row.name), row.key);
    EXPECT_EQ(Dot(row.name), row.dot);
  }
}

TEST(Doc, NeverEndsEarly) {
  EXPECT_EQ(Doc("", false, "  "), "");
  EXPECT_EQ(Doc("a */ b */", false, ""), "/** a *\\/ b *\\/ */\n");
  EXPECT_EQ(Doc("", true, "  "), "  /** @deprecated */\n");
  EXPECT_EQ(Doc("a\n\nb", false, ""), "/**\n * a\n *\n * b\n */\n");
}

TEST(Client, TellsEqualNamesApart) {
  const std::string head = "syntax = \"proto3\"; import \"google/api/annotations.proto\"; ";
  const std::vector<File> files = Client({
      {"one.proto", head + R"(package a_b; import "two.proto"; import "none.proto";
         message M { message N {} N n = 1; M_N flat = 2; a.b.M other = 3; .M nameless = 4; }
         message M_N {}
         service S {
           rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; }
           rpc get(M) returns (M) { option (google.api.http) = { get: "/b" }; }
           rpc get_2(M) returns (M) {
             option (google.api.http) = { get: "/c" additional_bindings { get: "/d" } };
           }
         })"},
      {"two.proto", head + R"(package a.b; message M { int64 id = 1; } )"},
      {"none.proto", head + R"(message M { bool yes = 1; } )"},
  });
  const std::string one = FileNamed(files, "a_b.ts");
  EXPECT_THAT(one, HasSubstr("import type * as $a_b from \"./a.b.js\";"));
  EXPECT_THAT(one, HasSubstr("import type * as $no_package from \"./no-package.js\";"));
  EXPECT_THAT(one, HasSubstr("export interface M_N {"));
  EXPECT_THAT(one, HasSubstr("export interface M_N_ {"));
  EXPECT_THAT(one, HasSubstr("other?: $a_b.M;"));
  EXPECT_THAT(one, HasSubstr("nameless?: $no_package.M;"));
  EXPECT_THAT(one, HasSubstr("async get("));
  EXPECT_THAT(one, HasSubstr("async get_("));
  EXPECT_THAT(one, HasSubstr("async get_2("));
  EXPECT_THAT(one, HasSubstr("async get_2_2("));
  EXPECT_THAT(FileNamed(files, "a.b.ts"), HasSubstr("id?: string;"));
}

TEST(Client, HasOnlyWhatBindingsNeed) {
  const std::vector<File> files = Client({{"test.proto", R"(syntax = "proto3";
    package test;
    import "google/api/annotations.proto";
    message Used { optional string name = 1; }
    message Unused {}
    service Bound {
      rpc Get(Used) returns (Used) { option (google.api.http) = { get: "/a" }; }
      rpc Other(Unused) returns (Unused);
    }
    service Unbound { rpc Get(Unused) returns (Unused); })"}});
  ASSERT_EQ(files.size(), 2u);
  const std::string module = FileNamed(files, "test.ts");
  EXPECT_THAT(module, HasSubstr("name?: string;"));
  EXPECT_THAT(module, Not(HasSubstr("Unused")));
  EXPECT_THAT(module, Not(HasSubstr("Unbound")));
}

TEST(Client, SendsJsonOfTheQueryAsText) {
  const std::string module = FileNamed(Client({{"test.proto", testing::ProtoFile(R"(
    message Q {
      google.protobuf.Struct one = 1;
      repeated google.protobuf.Value many = 2;
      repeated google.protobuf.ListValue lists = 3;
      map<string, google.protobuf.Struct> named = 4;
      map<string, string> texts = 5;
      repeated string words = 6;
    }
    service S { rpc Get(Q) returns (Q) { option (google.api.http) = { get: "/a" }; } }
  )")}}),
                                       "test.ts");
  for (const char* line : {
           "query.json(\"one\", request.one);",
           "query.jsons(\"many\", request.many);",
           "query.jsons(\"lists\", request.lists);",
           "query.jsonMap(\"named\", request.named);",
           "query.map(\"texts\", request.texts);",
           "query.add(\"words\", request.words);",
       }) {
    EXPECT_THAT(module, HasSubstr(line));
  }
}

TEST(Client, ReadsNoBodyWhereThereIsNone) {
  const struct {
    const char* binding;
    const char* reader;
  } rows[] = {
      {"custom { kind: 'HEAD' path: '/a' }", "this.$client.empty(\"HEAD\", path,"},
      {"custom { kind: '*' path: '/a' }", "this.$client.json<M>(\"GET\", path,"},
      {"get: '/a'", "this.$client.json<M>(\"GET\", path,"},
  };
  for (const auto& row : rows) {
    const std::string module = FileNamed(
        Client(
            {{"test.proto", testing::ProtoFile(Cat(
                                "message M { string id = 1; } service S { rpc Get(M) returns (M)",
                                " { option (google.api.http) = { ", row.binding, " }; } }"))}}),
        "test.ts");
    EXPECT_THAT(module, HasSubstr(row.reader));
  }
}

}  // namespace
}  // namespace frontdesk::codegen::ts
