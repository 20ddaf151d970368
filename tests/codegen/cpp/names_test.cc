// Legal names of a contract that would mean two things in generated code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/cpp/generator.h"
#include "codegen/cpp/names.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<const contract::Contract> Load(const std::map<std::string, std::string>& files) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(testing::CompileProtos(files), "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

struct Code {
  std::string header;
  std::string source;
};

Code Generate(const std::map<std::string, std::string>& protos) {
  const auto contract = Load(protos);
  const absl::StatusOr<std::vector<File>> files = GenerateCpp({*contract, {"test.proto"}, {}});
  EXPECT_TRUE(files.ok() && files->size() == 2) << files.status();
  return files.ok() && files->size() == 2 ? Code{(*files)[0].content, (*files)[1].content} : Code();
}

TEST(NamesTest, EveryMethodHasAConstantOfItsOwn) {
  const struct {
    const char* shop;   // services of package shop.v1
    const char* other;  // of package shop_v1
    std::vector<std::string> constants;
  } rows[] = {
      {"service A { rpc Get(M) returns (M); } service B { rpc Get(M) returns (M); }",
       "",
       {"kAGet", "kBGet"}},
      // The package tells them apart ...
      {"service S { rpc Get(M) returns (M); } service T { rpc Get(M) returns (M); }",
       "service T { rpc Get(M) returns (M); rpc Put(M) returns (M); }",
       {"kSGet", "kShopV1TGet", "kShopV1TGet_2", "kTPut"}},
      // ... or does not.
      {"service Order { rpc ItemsList(M) returns (M); }"
       "service OrderItems { rpc List(M) returns (M); }",
       "",
       {"kShopV1OrderItemsList", "kShopV1OrderItemsList_2"}},
      // The long name of one may be the short one of another.
      {"service S { rpc Get(M) returns (M); } service ShopV1S { rpc Get(M) returns (M); }",
       "service S { rpc Get(M) returns (M); }",
       {"kShopV1SGet", "kShopV1SGet_2", "kShopV1SGet_3"}},
  };
  for (const auto& row : rows) {
    const auto contract = Load(
        {{"shop.proto", Cat("syntax = \"proto3\"; package shop.v1; message M {}", row.shop)},
         {"other.proto", Cat("syntax = \"proto3\"; package shop_v1; message M {}", row.other)}});
    const Names names(*contract, *contract->pool().FindFileByName("shop.proto"));
    std::vector<std::string> constants;
    for (const contract::Method& method : contract->methods()) {
      constants.push_back(names.Constant(method));
    }
    EXPECT_THAT(constants, ::testing::UnorderedElementsAreArray(row.constants)) << row.shop;
  }
}

constexpr char kBack[] = R"(
  message M { string id = 1; repeated string ids = 2; }
  message Item { string id = 1; }
  message Items { repeated Item items = 1; }
  service Back {
    rpc Get(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Refund(M) returns (RefundPolicy) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc GetItem(Item) returns (ProductsBatch) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc GetItems(M) returns (Batches) { option idempotency_level = NO_SIDE_EFFECTS; }
  }
  message RefundPolicy { string id = 1; }
  message ProductsBatch { string id = 1; }
  message Batches { repeated ProductsBatch items = 1; }
)";

std::string Composed(const char* name) {
  return Cat("rpc ", name, R"((M) returns (M) { option (frontdesk.v1.compose) = {
        step { id: "a" call: "test.Back/Get" bind { to: "id" from: "request.id" } }
        out { to: "id" from: "a.id" } }; })");
}

// A run is a class of the file, whose services may compose methods of one name.
TEST(NamesTest, RunsOfOneFile) {
  const Code code =
      Generate({{"test.proto", testing::ProtoFile(Cat(kBack, "service Web {", Composed("Get"),
                                                      Composed("Only"), "}", "service App {",
                                                      Composed("Get"), Composed("WebGet"), "}"))}});
  for (const char* text : {"class OnlyRun final", "class WebGetRun final", "class WebGetRun_ final",
                           "class AppGetRun final", "  WebGetRun_ run(", "  AppGetRun run("}) {
    EXPECT_THAT(code.source, HasSubstr(text));
  }
  EXPECT_THAT(code.source, Not(HasSubstr("class GetRun ")));
}

// A run is neither named as its base is, nor is anything that it has for its steps.
TEST(NamesTest, RunsAreNotTheirOwnBase) {
  const struct {
    const char* method;
    const char* step;
    std::string undo;  // of the step
    std::vector<const char*> texts;
  } rows[] = {
      {"Typed", "a", "", {"class TypedRun_ final : public frontdesk::compose::TypedRun {"}},
      {"Undo", "a", "", {"class UndoRun_ final : public frontdesk::compose::TypedRun {"}},
      {"Undo",
       "a",
       "a.id",
       {"class UndoRun_ final : public frontdesk::compose::UndoRun {", " UndoA("}},
      {"Get",
       "run",
       "run.id",
       {"class GetRun final : public frontdesk::compose::UndoRun {", " UndoRun_(",
        ".from_reply = &UndoRun_"}},
      // Both at once: what is left over is the name of the class itself.
      {"Undo",
       "run",
       "run.id",
       {"class UndoRun_ final : public frontdesk::compose::UndoRun {", " UndoRun__(",
        ".from_reply = &UndoRun__"}},
      {"AskFoo", "foo_run", "", {"class AskFooRun final", "> AskFooRun_() {", ", AskFooRun_())"}},
  };
  for (const auto& row : rows) {
    const std::string undo =
        row.undo.empty() ? ""
                         : Cat("undo { call: \"test.Store/Drop\" bind { to: \"id\" from: \"",
                               row.undo, "\" } }");
    const Code code = Generate(
        {{"test.proto", testing::ProtoFile(Cat(
                            R"(
      message M { string id = 1; }
      service Store { rpc Put(M) returns (M); rpc Drop(M) returns (M); }
      service Web { rpc )",
                            row.method,
                            R"((M) returns (M) {
        option (frontdesk.v1.compose) = {
          step { id: ")",
                            row.step,
                            R"(" call: "test.Store/Put"
                 bind { to: "id" from: "request.id" } )",
                            undo, " } out { to: \"id\" from: \"", row.step, ".id\" } }; } }"))}});
    for (const char* text : row.texts) {
      EXPECT_THAT(code.source, HasSubstr(text)) << row.method << ' ' << row.step;
    }
  }
}

// What a run inherits hides messages of its package.
TEST(NamesTest, MessagesNamedAsMembersOfARun) {
  const Code code = Generate({{"test.proto", testing::ProtoFile(R"(
    message Report { string id = 1; }
    message Count { string id = 1; }
    service Back { rpc Get(Report) returns (Count) { option idempotency_level = NO_SIDE_EFFECTS; } }
    service Web { rpc Get(Count) returns (Report) { option (frontdesk.v1.compose) = {
      step { id: "a" call: "test.Back/Get" bind { to: "id" from: "request.id" } }
      out { to: "id" from: "a.id" } }; } }
  )")}});
  for (const char* text :
       {"compose::Step<test::Count> a_{", "test::Report ask;", "const test::Count& request_;",
        "test::Report& message = answer.message;",
        "compose::Answer<test::Report> answer(arena());"}) {
    EXPECT_THAT(code.source, HasSubstr(text));
  }
}

// What a run has for its steps hides no message, and no rpc what the class has already.
TEST(NamesTest, MembersOfGeneratedClasses) {
  const Code code = Generate({{"test.proto", testing::ProtoFile(Cat(kBack, R"(
    message Page { RefundPolicy refund = 1; repeated ProductsBatch products = 2; }
    service Web {
      rpc Get(M) returns (Page) { option (frontdesk.v1.compose) = {
        step { id: "refund" call: "test.Back/Refund" bind { to: "id" from: "request.id" }
               retry { max_attempts: 2 } }
        step { id: "products" each: "request.ids" as: "id" call: "test.Back/GetItem"
               bind { to: "id" from: "id" }
               batch { call: "test.Back/GetItems" keys: "ids" results: "items" match: "id" } }
        out { to: "refund" from: "refund" } out { to: "products" from: "products" } }; }
      rpc Aggregates(M) returns (M) { option (frontdesk.v1.compose) = { custom: true }; }
    )",
                                                                    Composed("Methods"), "}"))}});
  EXPECT_THAT(code.source, HasSubstr("* RefundPolicy_() {"));
  EXPECT_THAT(code.source, HasSubstr("struct ProductsBatch_ {"));
  EXPECT_THAT(code.header, HasSubstr(" Methods_("));
  EXPECT_THAT(code.header, HasSubstr(" Aggregates_("));
  EXPECT_THAT(code.source, HasSubstr("::Methods_>::Run}"));
  EXPECT_THAT(code.source, HasSubstr("::Aggregates_>::Run}"));
}

// The clients of a method by hand, of files that may have services and nothing else.
TEST(NamesTest, ClientsOfOtherPackages) {
  const std::string head = "syntax = \"proto3\"; import \"google/protobuf/empty.proto\"; ";
  const std::string service =
      " { rpc Get(google.protobuf.Empty) returns (google.protobuf.Empty); } ";
  const Code code = Generate(
      {{"other.proto", head + "package other.v1; service Empty" + service},
       {"none.proto", head + "service Nameless" + service},
       {"same.proto", head + "package test; service Same" + service},
       {"test.proto",
        testing::ProtoFile("import \"other.proto\"; import \"none.proto\"; import \"same.proto\";"
                           "message M {} service Web { rpc Get(M) returns (M) {"
                           "  option (frontdesk.v1.compose) = { custom: true }; } }")}});
  EXPECT_THAT(code.header, HasSubstr("const other::v1::EmptyClient empty_;"));
  EXPECT_THAT(code.header, HasSubstr("const ::NamelessClient nameless_;"));
  EXPECT_THAT(code.header, HasSubstr("const SameClient same_;"));
}

}  // namespace
}  // namespace frontdesk::codegen
