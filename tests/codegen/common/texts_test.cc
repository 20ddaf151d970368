// codegen/common: comments, endpoint, example
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/common/example.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen {
namespace {

using ::testing::ElementsAre;

std::unique_ptr<const contract::Contract> Load(const std::string& text) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(testing::CompileProto(text), "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

TEST(Comments, LoseTheirSlashesAndNothingElse) {
  struct Row {
    const char* leading;
    const char* trailing;
    const char* text;
  };
  const Row rows[] = {
      {"", "", ""},
      {" One.\n", " Two.\n", "One."},
      {"", " Two.\n", "Two."},
      {" \n", " Two.\n", "Two."},
      {" One\n   - indented\n\n two \t\n", "", "One\n  - indented\n\ntwo"},
      {"\n\n One.\n\n\n", "", "One."},
      {" One.\r\n Two.\r\n", "", "One.\nTwo."},
  };
  for (const Row& row : rows) {
    google::protobuf::SourceLocation location;
    location.leading_comments = row.leading;
    location.trailing_comments = row.trailing;
    EXPECT_EQ(CommentText(location), row.text);
  }
  EXPECT_EQ(Summary("One line\nand more. Second.\n\nThird"), "One line and more.");
  EXPECT_EQ(Summary("Without an end\n\nThird"), "Without an end");
}

TEST(QueryFields, AreWhatNeitherPathNorBodyCarries) {
  const auto contract = Load(R"(
    message In { string a = 1; int32 b = 2; In self = 3; repeated In all = 4; }
    message Request {
      string id = 1;
      In in = 2;
      map<string, string> labels = 3;
      map<string, In> others = 4;
      google.protobuf.Struct filter = 5;
      google.protobuf.Any any = 6;
      string user = 7 [(frontdesk.v1.field).from = "caller.sub"];
      repeated string many = 8;
    }
    service S {
      rpc Get(Request) returns (In) { option (google.api.http) = { get: "/{id}/{in.a}" }; }
      rpc Put(Request) returns (In) { option (google.api.http) = { put: "/{id}" body: "in" }; }
      rpc Post(Request) returns (In) { option (google.api.http) = { post: "/{id}" body: "*" }; }
    }
  )");
  const auto names = [&](const char* method) {
    std::vector<std::string> out;
    const contract::Method& found = *contract->FindMethod(method);
    for (const QueryField& field : QueryFields(found, found.bindings[0])) {
      out.push_back(Cat(JsonPath(field.path), field.sendable ? "" : " never",
                        field.map ? " map" : "", field.json ? " json" : ""));
    }
    return out;
  };
  EXPECT_THAT(names("test.S.Get"),
              ElementsAre("in.b", "in.self never", "in.all never", "labels map", "others never map",
                          "filter json", "any never", "many"));
  EXPECT_THAT(names("test.S.Put"),
              ElementsAre("labels map", "others never map", "filter json", "any never", "many"));
  EXPECT_THAT(names("test.S.Post"), ElementsAre());
  EXPECT_TRUE(contract->FindMethod("test.S.Get")->needs_caller);
}

TEST(Examples, EndWhereMessagesContainThemselves) {
  const auto contract = Load(R"(
    message Tree { Tree left = 1; repeated Tree others = 2; map<string, Tree> named = 3;
                   string name = 4; Leaf leaf = 5; oneof one { int64 a = 6; bool b = 7; } }
    message Leaf { Tree tree = 1; bytes data = 2; optional int32 maybe = 3; Kind kind = 4; }
    enum Kind { NONE = 0; SOME = 3; }
    service S { rpc Get(Tree) returns (Leaf); }
  )");
  const contract::Method& method = *contract->FindMethod("test.S.Get");
  EXPECT_EQ(ExampleOf(*method.input, {}).dump(),
            R"({"name":"name","leaf":{"data":"Ynl0ZXM=","maybe":1,"kind":"SOME"},"a":"1"})");
  EXPECT_EQ(ExampleOf(*method.output, {.proto_names = true, .enum_numbers = true}).dump(),
            R"({"tree":{"name":"name","a":"1"},"data":"Ynl0ZXM=","maybe":1,"kind":3})");
}

}  // namespace
}  // namespace frontdesk::codegen
