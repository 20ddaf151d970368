// Adapters: what can't be right with one, above all what would get lost.
#include "gateway/contract/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

// A pair of versions that differ in every way that an adapter has a word for.
constexpr char kMessages[] = R"(
  message OldKey { string number = 1; int32 size = 2; string me = 3 [(frontdesk.v1.field).from = "caller.sub"]; }
  message NewKey { string id = 1; int64 size = 2; string who = 3 [(frontdesk.v1.field).from = "caller.sub"]; }
  enum OldState { NONE = 0; OPEN = 1; GONE = 2; }
  enum NewState { STATE_NONE = 0; STATE_OPEN = 1; STATE_LOST = 2; }
  message OldLine { string sku = 1; int64 cents = 2; }
  message NewLine { string product = 1; int64 cents = 2; string note = 3; }
  message OldPlace { string city = 1; string zip = 2; }
  message NewPlace { string city = 1; string zip = 2; string country = 3; }
  message Same { string a = 1; string b = 2; }
  message Old {
    string number = 1; OldState state = 2; repeated OldLine lines = 3; OldPlace place = 4;
    string country = 5; Same same = 6; string pin = 7;
  }
  message New {
    string id = 1; NewState state = 2; repeated NewLine lines = 3; NewPlace place = 4;
    Same same = 6; int32 more = 8;
  }
  message Patch { string number = 1; google.protobuf.FieldMask mask = 2; }
  message NewPatch { string id = 1; google.protobuf.FieldMask mask = 2; }
  service Back {
    rpc Get(NewKey) returns (New); rpc Watch(NewKey) returns (stream New);
    rpc Change(NewPatch) returns (New); rpc Ping(google.protobuf.Empty) returns (google.protobuf.Empty);
  }
)";

#define CALL "call: 'test.Back/Get' "
#define KEY "move { from: 'number' to: 'id' } "
#define NUMBER "move { from: 'id' to: 'number' } "
#define STATE \
  "move { from: 'state' to: 'state' convert { value { from: 'STATE_LOST' to: 'GONE' } } } "
#define LINES "move { from: 'lines' to: 'lines' convert { rename { from: 'product' to: 'sku' } } } "
#define COUNTRY "move { from: 'place.country' to: 'country' } "
#define PIN "drop: 'pin' "
#define REQUEST "request { " KEY "} "
#define ALL NUMBER STATE LINES COUNTRY PIN
#define REPLY(words) CALL REQUEST "reply { " words " }"
#define ASK(words) CALL "request { " words " } reply { " ALL "}"

struct Row {
  const char* adapter;
  const char* finding;  // "" for a good one
};

std::string Contracts(std::string_view adapter, std::string_view types = "OldKey) returns (Old") {
  return Cat(kMessages, "service Front { rpc Get(", types, ") { option (frontdesk.v1.adapt) = { ",
             adapter, " }; } }");
}

TEST(Adapter, Findings) {
  const Row rows[] = {
      {REPLY(ALL), ""},
      // The new one may know more of a request; and what is the same goes across by itself.
      {ASK(KEY "drop: 'size' "), ""},
      {ASK(KEY "move { from: 'size' to: 'size' } "), ""},
      {REPLY(NUMBER STATE COUNTRY PIN "drop: 'lines'"), ""},
      {REPLY(NUMBER STATE COUNTRY PIN "drop: 'lines.sku'"), ""},
      {REPLY(NUMBER STATE LINES PIN "default { to: 'country' value: 'DE' }"), ""},
      {REPLY(NUMBER STATE LINES COUNTRY "move { from: 'same.a' to: 'pin' } drop: 'same.a'"), ""},
      {REPLY(ALL "drop: 'place.zip'"), ""},
      {REPLY(ALL "default { to: 'place.zip' value: '1' }"), ""},
      // The call.
      {"request { " KEY "}", "it has no call"},
      {"call: 'test.Back/Gett'", "there is no method \"test.Back/Gett\" (did you mean"},
      {"call: 'test.Back/Watch'", "\"test.Back/Watch\" is a streaming method"},
      {"call: 'test.Front/Get'", "the adapter calls itself"},
      {"call: 'test.Other/Get'", "\"test.Other/Get\" is an adapter; call \"test.Back/Get\""},
      // What would get lost.
      {CALL "reply { " ALL "}",
       "request: \"number\" of test.OldKey would get lost: `move` it to a field of test.NewKey, or "
       "`drop` it"},
      {REPLY(NUMBER STATE LINES COUNTRY),
       "reply: nothing fills \"pin\" of test.Old: `move` a field of test.New to it, give it a "
       "`default`, or `drop` it"},
      {REPLY(NUMBER STATE COUNTRY PIN),
       "reply: nothing fills \"lines.sku\" of test.OldLine: `move` what it is in with a `convert` "
       "that renames it, or `drop` it"},
      {REPLY(ALL "move { from: 'same.b' to: 'same.a' }"), "nothing fills \"same.b\" of test.Same"},
      {REPLY(NUMBER LINES COUNTRY PIN),
       "reply: to \"state\" from \"reply.state\": value STATE_LOST of test.NewState has no "
       "counterpart in test.OldState"},
      {REPLY(NUMBER STATE LINES PIN COUNTRY "move { from: 'more' to: 'place.city' }"),
       "int32 does not fit \"city\", which is string"},
      // Words.
      {ASK(KEY "move { from: 'size' }"), "request: a move needs `from` and `to`"},
      {REPLY(ALL "default { to: 'pin' }"), "reply: a default needs `to` and `value`"},
      {ASK("move { from: 'numbr' to: 'id' } drop: 'number'"),
       "request: to \"id\" from \"request.numbr\": test.OldKey has no field \"numbr\" (did you "
       "mean "
       "\"number\"?)"},
      {ASK("move { from: 'number' to: 'ID' }"), "test.NewKey has no field \"ID\" (did you mean"},
      {ASK(KEY "move { from: 'number' to: 'who' }"), "can be filled only from caller.sub"},
      {REPLY(ALL "default { to: 'number' value: 'x' }"), "filled twice"},
      {REPLY(ALL "default { to: 'pinn' value: 'x' }"), "test.Old has no field \"pinn\""},
      {REPLY(ALL "drop: 'pinn'"),
       "drop \"pinn\": test.Old has no such field (did you mean \"pin\"?)"},
      {REPLY(ALL PIN), "drop \"pin\" stands here twice"},
      {ASK(KEY "drop: 'number'"), "drop \"number\": something else is said of it too"},
      {REPLY(NUMBER STATE COUNTRY PIN "drop: 'lines' drop: 'lines.sku'"),
       "drop \"lines.sku\": it is inside of something that goes across, or is dropped, as a whole"},
      {REPLY(ALL "drop: 'lines.cents'"),
       "drop \"lines.cents\": it meets \"cents\" of test.NewLine"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.adapter);
    const std::string other =
        "service Other { rpc Get(OldKey) returns (Old) { option (frontdesk.v1.adapt) = { " REPLY(
            ALL) " }; } }";
    Findings findings;
    const auto contract = Contract::Load(testing::CompileProto(Cat(Contracts(row.adapter), other)),
                                         "test.binpb", findings);
    if (*row.finding == '\0') {
      ASSERT_TRUE(contract) << findings.ToString();
      EXPECT_EQ(contract->FindMethod("test.Front/Get")->plan->steps.size(), 1u);
      continue;
    }
    EXPECT_EQ(findings.size(), 1u) << findings.ToString();
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr(row.finding));
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr("test.Front.Get: "));
  }
}

TEST(Adapter, OfOtherMessages) {
  const struct {
    const char* types;
    const char* adapter;
    const char* finding;
  } rows[] = {
      // Nothing to say on either side.
      {"google.protobuf.Empty) returns (google.protobuf.Empty", "call: 'test.Back/Ping'", ""},
      {"google.protobuf.Empty) returns (Same",
       "call: 'test.Back/Ping' reply { default { to: 'a' value: 'x' } drop: 'b' }", ""},
      {"Same) returns (google.protobuf.Empty",
       "call: 'test.Back/Ping' request { drop: 'a' drop: 'b' }", ""},
      {"NewKey) returns (New", CALL, ""},
      {"NewKey) returns (stream New", CALL, "is a streaming method; only unary ones are adapted"},
      // Names of fields that have other names now.
      {"Patch) returns (New", "call: 'test.Back/Change' request { " KEY "}",
       "\"mask\" names fields of the old version and is not translated: `drop` it"},
      {"Patch) returns (New", "call: 'test.Back/Change' request { " KEY "drop: 'mask' }", ""},
      {"NewPatch) returns (New", "call: 'test.Back/Change'", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.adapter);
    Findings findings;
    Contract::Load(testing::CompileProto(Contracts(row.adapter, row.types)), "test.binpb",
                   findings);
    EXPECT_EQ(findings.size(), *row.finding == '\0' ? 0u : 1u) << findings.ToString();
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr(row.finding));
  }
}

TEST(Adapter, IsNoComposition) {
  Findings findings;
  const std::string text = Cat(
      kMessages, "service Front { rpc Get(OldKey) returns (Old) { option (frontdesk.v1.adapt) = { ",
      REPLY(ALL),
      " }; option (frontdesk.v1.compose) = { custom: true }; option (frontdesk.v1.method) = { "
      "retry { max_attempts: 2 } }; } }");
  Contract::Load(testing::CompileProto(text), "test.binpb", findings);
  EXPECT_THAT(findings.ToString(), ::testing::HasSubstr("is composed and adapted: which of both?"));
}

// Each finding is told where its word stands. The option begins in line 2.
TEST(Adapter, Places) {
  const struct {
    const char* adapter;
    const char* place;
  } rows[] = {
      {"\ncall: 'test.Back/Gett'", "test.proto:3:1: "},
      {CALL REQUEST "reply {" ALL "\ndrop: 'pinn' }", "test.proto:3:1: "},
      {CALL REQUEST "reply {" ALL "\nmove { from: 'more'\nto: 'nix' } }", "test.proto:4:1: "},
      {CALL REQUEST "reply {" NUMBER LINES COUNTRY PIN "\ndefault { to: 'state'\nvalue: 'X' } }",
       "test.proto:4:1: "},
      {CALL REQUEST "\nreply {" NUMBER STATE LINES COUNTRY "}", "test.proto:3:1: "},
      {CALL "\nrequest { move {\nfrom: 'no' to: 'id' } drop: 'number' } reply {" ALL "}",
       "test.proto:4:1: "},
      {CALL REQUEST "reply {" NUMBER LINES COUNTRY PIN "\nmove { from: 'state' to: 'state'\n"
                    "convert { value { from: 'STATE_LOST'\nto: 'LOST' } } } }",
       "test.proto:4:1: "},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.adapter);
    std::string messages = kMessages;
    for (char& c : messages) c = c == '\n' ? ' ' : c;
    const std::string text =
        Cat("service Front { rpc Get(OldKey) returns (Old) { option (frontdesk.v1.adapt) = { ",
            row.adapter, " }; } }", messages);
    const std::string file = testing::ProtoFile(text);
    const SourceReader source = [&](const std::string& name) {
      return name == "test.proto" ? std::optional(file) : std::nullopt;
    };
    Findings findings;
    Contract::Load(testing::CompileProto(text), "test.binpb", findings, source);
    EXPECT_EQ(findings.size(), 1u) << findings.ToString();
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr(row.place));
  }
}

}  // namespace
}  // namespace frontdesk::contract
