#include "gateway/contract/diff.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

std::unique_ptr<const Contract> Load(const std::string& text) {
  Findings findings;
  auto contract = Contract::Load(testing::CompileProto(text), "test.binpb", findings);
  EXPECT_NE(contract, nullptr) << findings.ToString();
  return contract;
}

// "! where: what" for a breaking change, "  where: what" for another; a line each.
std::string DiffOf(const std::string& before, const std::string& after) {
  std::string text;
  for (const Change& change : Diff(*Load(before), *Load(after))) {
    text += Cat(change.breaking ? "! " : "  ", change.where, ": ", change.what, '\n');
  }
  return text;
}

struct Row {
  const char* what;
  std::string before;
  std::string after;
  const char* diff;
};

// A service of which one method has a route, with these fields of request and answer.
std::string Fields(const std::string& request, const std::string& answer,
                   const std::string& more = "") {
  return Cat(
      "message Q { string id = 1; ", request, " } message A { ", answer, " } ", more,
      " service S { rpc Get(Q) returns (A) { option (google.api.http).get = \"/a/{id}\"; } }");
}

TEST(Diff, OfMessagesSaysWhatClientsSee) {
  const Row rows[] = {
      {"nothing", Fields("int32 n = 2;", "int32 n = 1;"), Fields("int32 n = 2;", "int32 n = 1;"),
       ""},
      {"added", Fields("", ""), Fields("int32 n = 2;", "int32 n = 1;"),
       "  test.A.n: is new: clients may ignore it\n"
       "  test.Q.n: is new: clients may send it\n"},
      {"removed", Fields("int32 n = 2;", "int32 n = 1;"), Fields("", ""),
       "! test.A.n: is gone: clients no longer find it\n"
       "! test.Q.n: is gone: clients that send it get 400\n"},
      {"renamed", Fields("", "int32 big_n = 1;"), Fields("", "int32 large_n = 1;"),
       "! test.A.bigN: is now called \"largeN\": clients no longer find it\n"},
      {"renamed in JSON only", Fields("", "int32 n = 1;"),
       Fields("", "int32 n = 1 [json_name = \"m\"];"),
       "! test.A.n: is now called \"m\": clients no longer find it\n"},
      {"another type", Fields("int32 n = 2;", "int32 n = 1;"),
       Fields("string n = 2;", "int64 n = 1;"),
       "! test.A.n: was int32, is int64: clients read another type\n"
       "! test.Q.n: was int32, is string: clients that send it as before may get 400\n"},
      {"a list", Fields("", "int32 n = 1;"), Fields("", "repeated int32 n = 1;"),
       "! test.A.n: was int32, is list of int32: clients read another type\n"},
      {"another number", Fields("", "int32 n = 1;"), Fields("", "int32 n = 2;"),
       "! test.A.n: had number 1, has 2: JSON is as before, callers by gRPC take it for another "
       "field\n"},
      {"into a oneof", Fields("int32 n = 2; int32 m = 3;", ""),
       Fields("oneof x { int32 n = 2; int32 m = 3; }", ""),
       "! test.Q.m: is now in a oneof: clients that send another member beside it get 400\n"
       "! test.Q.n: is now in a oneof: clients that send another member beside it get 400\n"},
      {"from the caller", Fields("string u = 2;", ""),
       Fields("string u = 2 [(frontdesk.v1.field).from = \"caller.sub\"];", ""),
       "! test.Q.u: is now filled from caller.sub: clients that send it are refused\n"},
      {"messages inside, by another name",
       Fields("", "M m = 1;", "message M { int32 n = 1; M m = 2; }"),
       Fields("", "L m = 1;", "message L { L m = 2; }"),
       "! test.M.n: is gone: clients no longer find it\n"},
      {"well-known", Fields("", "google.protobuf.Timestamp t = 1;"),
       Fields("", "google.protobuf.Duration t = 1;"),
       "! test.A.t: was google.protobuf.Timestamp, is google.protobuf.Duration: clients read "
       "another type\n"},
      {"enums", Fields("E e = 2;", "F e = 1;", "enum E { E0 = 0; E1 = 1; } enum F { F0 = 0; }"),
       Fields("E e = 2;", "F e = 1;", "enum E { E0 = 0; } enum F { F0 = 0; F1 = 1; }"),
       "! test.E.E1: is gone: clients that send it get 400\n"
       "  test.F.F1: is new: clients may receive a value they do not know\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

std::string Options(const std::string& options, const std::string& name = "Get") {
  return Cat("message Q { string id = 1; string x = 2; } service S { rpc ", name,
             "(Q) returns (Q) { ", options, " } }");
}

TEST(Diff, OfRoutesAndPolicies) {
  const std::string get = "option (google.api.http).get = \"/a/{id}\"; ";
  const Row rows[] = {
      {"gone and new", Options(get), Options("option (google.api.http).get = \"/b/{id}\";"),
       "! GET /a/{id}: the route is gone: clients get 404 or 405\n"
       "  GET /b/{id}: the route is new: test.S.Get\n"},
      {"another method", Options(get), Options(get, "Fetch"),
       "  GET /a/{id}: was answered by test.S.Get, is by test.S.Fetch\n"},
      {"another variable", Options(get), Options("option (google.api.http).get = \"/a/{x}\";"),
       "  GET /a/{x}: variable 1 of the path is another field now; the path looks the same\n"},
      {"body", Options("option (google.api.http) = { post: \"/a\" body: \"*\" };"),
       Options("option (google.api.http) = { post: \"/a\" body: \"x\" response_body: \"x\" };"),
       "! POST /a: the answer was the whole answer, is field \"x\": clients read something else\n"
       "! POST /a: the body was the whole request, is field \"x\": clients that send it as before "
       "get 400\n"},
      {"policy", Options(get + "option (frontdesk.v1.method) = { timeout: \"1s\" };"),
       Options(get + "option (frontdesk.v1.method) = { success_status: 202 timeout: \"2s\" "
                     "max_request_bytes: 9 request_headers: [\"a\", \"b\"] };"),
       "! GET /a/{id}: policy max_request_bytes was the default, is 9\n"
       "! GET /a/{id}: policy success_status was the default, is 202\n"
       "  GET /a/{id}: policy request_headers was the default, is \"a\", \"b\"\n"
       "  GET /a/{id}: policy timeout was \"1s\", is \"2s\"\n"},
      {"deprecated", Options(get),
       Options(get + "option (frontdesk.v1.method) = { version { sunset: \"2027-01-01\" } };"),
       "  GET /a/{id}: policy version.sunset was the default, is \"2027-01-01\"\n"},
      {"retired",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2026-12-01\" retired: true } };"),
       "! GET /a/{id}: policy version.retired was the default, is true\n"
       "! GET /a/{id}: policy version.retired_since was \"2027-01-01\", is \"2026-12-01\"\n"},
      {"retired later",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-12-01\" } };"),
       "  GET /a/{id}: policy version.retired_since was \"2027-01-01\", is \"2027-12-01\"\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

std::string Composed(const std::string& composition) {
  return Cat(
      "message Q { string id = 1; } message A { string a = 1; string b = 2; } service B { "
      "rpc One(Q) returns (A); rpc Two(Q) returns (A); } service S { rpc Get(Q) returns (A) "
      "{ option (google.api.http).get = \"/a\"; option (frontdesk.v1.compose) = {",
      composition, "}; } }");
}

TEST(Diff, OfCompositions) {
  const std::string one =
      "step { id: \"one\" call: \"test.B/One\" } out { to: \"a\" from: \"one.a\" } ";
  const std::string omit =
      "step { id: \"one\" call: \"test.B/One\" on_error: OMIT } "
      "out { to: \"a\" from: \"one.a\" } ";
  const std::string two =
      "step { id: \"two\" call: \"test.B/Two\" timeout: \"1s\" } "
      "out { to: \"b\" from: \"two.b\" } ";
  const Row rows[] = {
      {"same", Composed(one), Composed(one), ""},
      {"a dependency more", Composed(one), Composed(one + two),
       "  GET /a: step \"two\" is new: it depends on test.B/Two too; its failure fails the whole "
       "answer\n"},
      {"a dependency less", Composed(one + two), Composed(one),
       "  GET /a: step \"two\" is gone: test.B/Two is no longer called for it\n"},
      {"error policy", Composed(one), Composed(omit),
       "! GET /a: step \"one\": its failure now leaves its part of the answer out\n"},
      {"error policy, back", Composed(omit), Composed("deadline: \"2s\" " + one),
       "  GET /a: step \"one\": its failure now fails the whole answer\n"
       "  GET /a: the deadline was none, is 2000ms\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

// A method that B/One or B/Two answers; "" for a plain one.
std::string Adapted(const std::string& call) {
  return Cat(
      "message Q { string id = 1; } message A { string a = 1; } service B { rpc One(Q) returns "
      "(A); "
      "rpc Two(Q) returns (A); } service S { rpc Get(Q) returns (A) "
      "{ option (google.api.http).get = \"/a\"; ",
      call.empty() ? "" : Cat("option (frontdesk.v1.adapt) = { call: \"test.B/", call, "\" };"),
      "} }");
}

TEST(Diff, OfAdapters) {
  const Row rows[] = {
      {"same", Adapted("One"), Adapted("One"), ""},
      {"new", Adapted(""), Adapted("One"), "  GET /a: is now an adapter of test.B/One\n"},
      {"gone", Adapted("One"), Adapted(""), "  GET /a: is no longer an adapter of test.B/One\n"},
      {"another", Adapted("One"), Adapted("Two"),
       "  GET /a: was an adapter of test.B/One, is one of test.B/Two\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

}  // namespace
}  // namespace frontdesk::contract
