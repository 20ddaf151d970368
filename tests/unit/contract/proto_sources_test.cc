#include "gateway/contract/proto_sources.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

using Files = std::map<std::string, std::string>;

// All that is wrong with the first of the files and what it imports.
std::string FindingsOf(const Files& files) {
  const SourceReader sources = [&](const std::string& name) {
    const auto found = files.find(name);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  Findings findings;
  const auto set = CompileSources({files.begin()->first}, sources, findings);
  if (set) Contract::Load(*set, "sources", findings, sources);
  return findings.ToString();
}
// The same of test.proto, whose text begins in line 2.
std::string FindingsIn(const std::string& text) {
  return FindingsOf({{"test.proto", testing::ProtoFile(text)}});
}

constexpr char kHead[] =
    "message M { string id = 1; }\n"
    "service S { rpc A(M) returns (M) {\n";

TEST(ProtoSources, GiveTheSetThatProtocGives) {
  const std::string text = Cat(kHead, R"(
    option (google.api.http) = { get: "/a/{id}" };
    option (frontdesk.v1.method).timeout = "1s"; } })");
  EXPECT_EQ(FindingsIn(text), "");
  Findings findings;
  const auto contract = Contract::Load(
      *CompileSources(
          {"test.proto"},
          [&](const std::string& name) {
            return name == "test.proto" ? std::optional(testing::ProtoFile(text)) : std::nullopt;
          },
          findings),
      "sources", findings);
  ASSERT_NE(contract, nullptr) << findings.ToString();
  EXPECT_EQ(contract->methods()[0].bindings[0].path.text, "/a/{id}");
  EXPECT_EQ(contract->methods()[0].policy.timeout(), "1s");
}

TEST(ProtoSources, FindEveryKeyAndWordThatIsWrong) {
  EXPECT_EQ(FindingsIn(Cat(kHead, R"(    option (google.api.http) = { git: "/a" bdy: "*"
                                 additional_bindings { putt: "/b" } };
    option (frontdesk.v1.method) = { tmeout: "1s" print { default: true }
      success_status: "200" max_request_bytes: -1 request_headers: [a, "b"] };
    option (frontdesk.v1.methd).timeout = "1s";
    option (frontdesk.v1.compose) = { step { id: "a" on_error: OMITT call: test } };
    option (frontdesk.v1.service).timeout = "1s";
    option deprecatd = true;
} })")),
            R"(test.proto:11:12: there is no option "deprecatd" (did you mean "deprecated"?)
test.proto:10:12: (frontdesk.v1.service) is an option of google.protobuf.ServiceOptions, not of google.protobuf.MethodOptions
test.proto:9:64: frontdesk.v1.Step.OnError has no value "OMITT" (did you mean "OMIT"?)
test.proto:9:76: "call" is a string: it needs quotes
test.proto:8:12: there is no option (frontdesk.v1.methd) (did you mean "frontdesk.v1.method"?)
test.proto:6:38: frontdesk.v1.Policy has no field "tmeout" (did you mean "timeout"?)
test.proto:6:59: frontdesk.v1.Policy.Print has no field "default" (did you mean "defaults"?)
test.proto:7:23: "success_status" is a number of at least 0
test.proto:7:48: "max_request_bytes" is a number of at least 0
test.proto:7:69: "request_headers" is a string: it needs quotes
test.proto:4:34: google.api.HttpRule has no field "git" (did you mean "get"?)
test.proto:4:44: google.api.HttpRule has no field "bdy" (did you mean "body"?)
test.proto:5:56: google.api.HttpRule has no field "putt" (did you mean "put"?)
)");
}

TEST(ProtoSources, TakeEverySpellingThatProtocTakes) {
  EXPECT_EQ(FindingsIn(Cat(kHead, R"(
    option (google.api.http) = { get: "/a" additional_bindings [ { get: "/b" }, < get: "/c" > ] };
    option (frontdesk.v1.method) = { print { defaults: True proto_names: t enum_numbers: 1 }
      parse: < ignore_unknown_fields: False; last_key_wins: f, > }; } })")),
            "");
  // Only a list of messages needs no colon.
  EXPECT_EQ(FindingsIn(Cat(kHead, R"(    option (frontdesk.v1.method) = { request_headers ["a"] };
} })")),
            "test.proto:4:54: expected ':', got \"[\"\n");
}

TEST(ProtoSources, CheckTheRestOfTheContractWhenAnOptionIsWrong) {
  EXPECT_EQ(FindingsIn(Cat(kHead, R"(    option (frontdesk.v1.method) = { tmeout: "1s" };
    option (google.api.http) = { get: "/{idd}" };
} })")),
            "test.proto:4:38: frontdesk.v1.Policy has no field \"tmeout\" (did you mean "
            "\"timeout\"?)\n"
            "test.proto:5:34: test.S.A: path variable \"idd\": no field \"idd\" in test.M (did you "
            "mean \"id\"?)\n");
}

TEST(ProtoSources, FindMistakesOfSyntax) {
  struct Row {
    const char* what;
    Files files;
    const char* findings;
  };
  const Row rows[] = {
      {"two in one file",
       {{"a.proto", "syntax = \"proto3\";\nmessage A { string = 1; int32 b 2; }\n"}},
       "a.proto:2:20: Expected field name.\na.proto:2:33: Missing field number.\n"},
      {"and in the file it imports",
       {{"a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\nmessage A {\n"},
        {"b.proto", "syntax = \"proto3\"\nmessage B {}\n"}},
       "a.proto:4:1: Reached end of input in message definition (missing '}').\n"
       "b.proto:2:1: Expected \";\".\n"},
      {"no such import",
       {{"a.proto", "syntax = \"proto3\";\nimport \"b/c.proto\";\n"}},
       "a.proto:2:1: cannot find \"b/c.proto\" below the folders given with -I\n"},
      {"unknown types",
       {{"a.proto",
         "syntax = \"proto3\";\nmessage A { B b = 1; }\nservice S { rpc X(A) returns (C); }\n"}},
       "a.proto:2:13: A.b: \"B\" is not defined.\na.proto:3:31: S.X: \"C\" is not defined.\n"},
      {"an edition",
       {{"a.proto", "edition = \"2023\";\nmessage A {}\n"}},
       "a.proto:1:1: written in an edition; this build reads proto2 and proto3\n"},
      {"syntax inside of an option",
       {{"a.proto",
         "syntax = \"proto3\";\nimport \"google/api/annotations.proto\";\nmessage A {}\n"
         "service S { rpc X(A) returns (A) { option (google.api.http) = { get \"/a\" }; } }\n"}},
       "a.proto:4:69: expected ':', got \"\\\"/a\\\"\"\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(FindingsOf(row.files), row.findings) << row.what;
}

}  // namespace
}  // namespace frontdesk::contract
