// How requests and answers are filled: paths, constants, spreading, the caller, oneofs, proto2.
#include <gtest/gtest.h>

#include <initializer_list>
#include <iterator>
#include <string>

#include "gateway/contract/wire.h"
#include "tests/support/composition.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::compose {
namespace {

using testing::Composition;

constexpr char kMessages[] = R"(
  enum State { NONE = 0; PAID = 1; LOST = -1; }
  message Money { int64 cents = 1; string currency = 2; }
  message Filter { string text = 1; Money at_most = 2; repeated State states = 3; }
  message Query {
    string user_id = 1 [(frontdesk.v1.field).from = "caller.sub"];
    Filter filter = 2; int32 page_size = 3; repeated string tags = 4; bool deep = 5;
    google.protobuf.Timestamp since = 6; optional int32 skip = 7; double ratio = 8;
    repeated int32 sizes = 9; bytes token = 10; google.protobuf.BoolValue flag = 11;
    repeated int32 loose = 12 [packed = false]; sint32 zig = 13; State state = 14;
    oneof by { string name = 15; Money price = 16; }
  }
  message Item {
    string id = 1; Money price = 2; State state = 3; repeated string tags = 4;
    oneof kind { string book = 5; Money voucher = 6; int32 weight = 7; }
    optional int32 stock = 8; int32 sold = 9; Item next = 10; map<string, int32> counts = 11;
  }
  message Card { Money price = 2; int32 sold = 3; string title = 4; }
  message Shown { int64 cents = 1; }
  message Page {
    string id = 1; Shown price = 2; State state = 3; repeated string tags = 4;
    oneof kind { string book = 5; Money voucher = 6; int64 weight = 7; }
    Card card = 20; optional int64 stock = 8; int32 sold = 9; string title = 10;
    map<string, int64> counts = 11;
  }
  service Back { rpc Find(Query) returns (Item); }
)";

struct Case {
  const char* composition;
  const char* reply;   // of test.Item
  const char* query;   // what the back end is asked
  const char* answer;  // what the client gets
};

constexpr Case kCases[] = {
    // Constants of every kind; a caller's field is filled by itself; nested fields make one
    // message.
    {R"(step { id: "a" call: "test.Back/Find"
          bind { to: "filter.text" value: "x" } bind { to: "page_size" value: "5" }
          bind { to: "filter.at_most.cents" value: "-1" } bind { to: "filter.states" value: "LOST" }
          bind { to: "tags" value: "t" } bind { to: "deep" value: "true" }
          bind { to: "since" value: "1970-01-01T00:00:01Z" } bind { to: "skip" value: "0" }
          bind { to: "ratio" value: "0.5" } bind { to: "sizes" value: "0" }
          bind { to: "token" value: "/+8=" } bind { to: "flag" value: "false" }
          bind { to: "loose" value: "300" } bind { to: "zig" value: "-3" }
          bind { to: "state" value: "PAID" } bind { to: "name" value: "" } }
        out { to: "id" from: "a.id" })",
     "id: 'i'",
     "user_id: \"me\" filter { text: \"x\" at_most { cents: -1 } states: LOST } page_size: 5 "
     "tags: \"t\" deep: true since { seconds: 1 } skip: 0 ratio: 0.5 sizes: 0 "
     "token: \"\\377\\357\" flag { } loose: 300 zig: -3 state: PAID name: \"\"",
     "id: \"i\""},
    // What is nothing is not sent; a default of a field without presence is nothing.
    {R"(step { id: "a" call: "test.Back/Find" bind { to: "page_size" value: "0" }
          bind { to: "filter.text" from: "request.id" } }
        out { to: "card.title" from: "a.book" } out { to: "sold" from: "a.sold" })",
     "", "user_id: \"me\"", ""},
    // Below a step, by path; the card is made of two sources.
    {R"(step { id: "a" call: "test.Back/Find" }
        out { to: "card.price" from: "a.next.price" } out { to: "card.title" from: "a.next.id" }
        out { to: "title" from: "a.next.next.id" })",
     "next { id: 'n' price { cents: 3 currency: 'EUR' } next { id: 'm' } }", "user_id: \"me\"",
     "title: \"m\" card { price { cents: 3 currency: \"EUR\" } title: \"n\" }"},
    // Spread: by name, converted, what the answer does not know dropped; said by name wins.
    {R"(step { id: "a" call: "test.Back/Find" }
        out { to: "" from: "a" } out { to: "id" value: "own" } out { to: "title" from: "a.id" })",
     "id: 'i' price { cents: 3 currency: 'EUR' } state: LOST tags: 'x' tags: 'y' weight: 7 "
     "stock: 0 sold: 4 next { id: 'n' } counts { key: 'k' value: 0 }",
     "user_id: \"me\"",
     "id: \"own\" price { cents: 3 } state: LOST tags: \"x\" tags: \"y\" weight: 7 stock: 0 sold: "
     "4 "
     "title: \"i\" counts { key: \"k\" value: 0 }"},
    // Spread of a part.
    {R"(step { id: "a" call: "test.Back/Find" } out { to: "" from: "a.next" })",
     "id: 'i' next { id: 'n' sold: 1 }", "user_id: \"me\"", "id: \"n\" sold: 1"},
    // A oneof: the member that is there.
    {R"(step { id: "a" call: "test.Back/Find" }
        out { to: "book" from: "a.book" } out { to: "voucher" from: "a.voucher" })",
     "voucher { cents: 1 }", "user_id: \"me\"", "voucher { cents: 1 }"},
    {R"(step { id: "a" call: "test.Back/Find" } out { to: "" from: "a" })", "book: ''",
     "user_id: \"me\"", "book: \"\""},
};

TEST(Fill, RequestsAndAnswers) {
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.composition);
    Composition run(kMessages, "Item", "Page", test.composition);
    run.context.identity = identity::MakeIdentity("me");
    run.caller.Reply("Find",
                     [&](std::string_view) { return run.dynamic().Wire("test.Item", test.reply); });
    EXPECT_EQ(run.Run(""), test.answer);
    const std::string& request = run.caller.seen()[0].request;
    EXPECT_EQ(run.dynamic().Text("test.Query", request), test.query);
    // Canonical: as protobuf writes it deterministically.
    const auto message = run.dynamic().New("test.Query");
    ASSERT_TRUE(message->ParseFromString(request));
    EXPECT_EQ(testing::Serialize(*message), request);
  }
}

TEST(Fill, NobodyIsNotACaller) {
  Composition run(kMessages, "Item", "Page",
                  R"(step { id: "a" call: "test.Back/Find" } out { to: "id" from: "caller.sub" }
                     out { to: "title" from: "a.id" })");
  run.caller.Reply("Find", [](std::string_view) { return std::string(); });
  EXPECT_EQ(run.Run(""), "");
  EXPECT_EQ(run.caller.seen()[0].request, "");
}

// What only the caller fills comes from there in messages of the request too, and a client's
// request that goes on as a whole has it already.
TEST(Fill, TheCallerFillsMessagesInside) {
  constexpr char kScoped[] = R"(
    message Scope { string sub = 1 [(frontdesk.v1.field).from = "caller.sub"]; string id = 2; }
    message Inner { Scope scope = 1; string id = 2; }
    message Ask { Scope scope = 1; Inner inner = 2; string id = 3; }
    message Key { Scope scope = 1; string id = 2; }
    message Answer { string id = 1; }
    service Back { rpc Find(Ask) returns (Answer); }
  )";
  constexpr struct {
    const char* binds;
    const char* asked;
  } kFills[] = {
      {"", "scope { sub: \"me\" } inner { scope { sub: \"me\" } }"},
      {"bind { to: 'inner.scope.id' from: 'request.id' }",
       "scope { sub: \"me\" } inner { scope { sub: \"me\" id: \"i\" } }"},
      {"bind { to: 'scope' from: 'request.scope' } bind { to: 'inner.id' value: 'x' }",
       "scope { sub: \"me\" id: \"s\" } inner { scope { sub: \"me\" } id: \"x\" }"},
      {"bind { to: '' from: 'request' }",
       "scope { sub: \"me\" id: \"s\" } inner { scope { sub: \"me\" } } id: \"i\""},
  };
  for (const auto& fill : kFills) {
    SCOPED_TRACE(fill.binds);
    Composition run(kScoped, "Key", "Answer",
                    Cat("step { id: 'a' call: 'test.Back/Find' ", fill.binds,
                        " } out { to: 'id' from: 'a.id' }"));
    run.context.identity = identity::MakeIdentity("me");
    run.caller.Reply("Find", [](std::string_view) { return std::string(); });
    run.Run("scope { sub: 'me' id: 's' } id: 'i'");
    EXPECT_EQ(run.dynamic().Text("test.Ask", run.caller.seen()[0].request), fill.asked);
  }
}

// Claims of the caller's, as far as the fields can hold them.
TEST(Fill, ClaimsOfTheCaller) {
  constexpr char kClaims[] = R"(
    message Ask {
      string tenant = 1 [(frontdesk.v1.field).from = "caller.claims.tenant"];
      string plan = 2; int32 age = 3; optional int32 maybe = 4; bool vip = 5; double rate = 6;
      sint64 debt = 7; uint32 small = 8; optional string note = 9; fixed64 wide = 10;
      float ratio = 11;
    }
    message Key { string id = 1; } message Answer { string id = 1; optional string plan = 2; }
    service Back { rpc Find(Ask) returns (Answer); }
  )";
  constexpr struct {
    const char* bind;  // to: 'x' from: 'caller.claims.y'
    const char* asked;
  } kRows[] = {
      {"to: 'plan' from: 'caller.claims.org.plan'", "plan: \"gold\""},
      {"to: 'plan' from: 'caller.claims.https://shop.example/plan'", "plan: \"silver\""},
      {"to: 'plan' from: 'caller.claims.age'", ""},  // a number is no text
      {"to: 'plan' from: 'caller.claims.empty'", ""},
      {"to: 'note' from: 'caller.claims.empty'", "note: \"\""},
      {"to: 'note' from: 'caller.claims.other'", ""},
      {"to: 'age' from: 'caller.claims.age'", "age: 7"},
      {"to: 'age' from: 'caller.claims.text'", ""},
      {"to: 'age' from: 'caller.claims.large'", ""},
      {"to: 'age' from: 'caller.claims.rate'", ""},
      {"to: 'maybe' from: 'caller.claims.zero'", "maybe: 0"},
      {"to: 'age' from: 'caller.claims.zero'", ""},
      {"to: 'vip' from: 'caller.claims.vip'", "vip: true"},
      {"to: 'vip' from: 'caller.claims.age'", ""},
      {"to: 'rate' from: 'caller.claims.rate'", "rate: 2.5"},
      {"to: 'rate' from: 'caller.claims.age'", "rate: 7"},
      {"to: 'ratio' from: 'caller.claims.rate'", "ratio: 2.5"},
      {"to: 'ratio' from: 'caller.claims.huge'", ""},
      {"to: 'rate' from: 'caller.claims.huge'", "rate: 1e+300"},
      {"to: 'debt' from: 'caller.claims.debt'", "debt: -5"},
      {"to: 'small' from: 'caller.claims.debt'", ""},
      {"to: 'small' from: 'caller.claims.large'", ""},
      {"to: 'wide' from: 'caller.claims.large'", "wide: 5000000000"},
      {"to: 'plan' from: 'caller.claims.list'", ""},
      {"to: 'plan' from: 'caller.claims.none'", ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.bind);
    Composition run(kClaims, "Key", "Answer",
                    Cat("step { id: 'a' call: 'test.Back/Find' bind { ", row.bind,
                        " } } out { to: 'id' from: 'caller.claims.tenant' } "
                        "out { to: 'plan' from: 'a.plan' }"));
    auto who = std::make_shared<identity::Identity>();
    who->sub = "me";
    who->claims = identity::ParseJson(
                      R"({"tenant":"acme","org":{"plan":"gold"},"age":7,"text":"7","zero":0,
                          "large":5000000000,"rate":2.5,"huge":1e300,"vip":true,"debt":-5,
                          "empty":"","none":null,"list":["a"],
                          "https://shop.example/plan":"silver"})")
                      .value();
    run.context.identity = std::move(who);
    run.caller.Reply("Find", [](std::string_view) { return std::string(); });
    EXPECT_EQ(run.Run(""), "id: \"acme\"");
    const std::string& request = run.caller.seen()[0].request;
    const std::string rest = row.asked[0] == '\0' ? "" : Cat(" ", row.asked);
    EXPECT_EQ(run.dynamic().Text("test.Ask", request), Cat("tenant: \"acme\"", rest));
    const auto message = run.dynamic().New("test.Ask");
    ASSERT_TRUE(message->ParseFromString(request));
    EXPECT_EQ(testing::Serialize(*message), request);
  }
}

// The last member of a oneof that stands on the wire is the one.
TEST(Fill, OfAOneofTheLastWins) {
  Composition run(kMessages, "Item", "Page", R"(
    step { id: "a" call: "test.Back/Find" }
    out { to: "book" from: "a.book" } out { to: "voucher" from: "a.voucher" }
    out { to: "card.price" from: "a.next.voucher" })");
  const auto part = [&](std::string_view text) { return run.dynamic().Wire("test.Item", text); };
  std::string reply;
  run.caller.Reply("Find", [&](std::string_view) { return reply; });
  reply = part("book: 'b'") + part("voucher { cents: 1 }");
  EXPECT_EQ(run.Run(""), "voucher { cents: 1 }");
  reply = part("voucher { cents: 1 }") + part("book: 'b'");
  EXPECT_EQ(run.Run(""), "book: \"b\"");
  reply = part("voucher { cents: 1 }") + part("voucher { currency: 'EUR' }");
  EXPECT_EQ(run.Run(""), "voucher { cents: 1 currency: \"EUR\" }");
  reply = part("voucher { cents: 1 }") + part("book: 'b'") + part("voucher { currency: 'EUR' }");
  EXPECT_EQ(run.Run(""), "voucher { currency: \"EUR\" }");
  // One that nobody asked for counts as well.
  reply = part("book: 'b'") + part("weight: 1");
  EXPECT_EQ(run.Run(""), "");
  reply = part("next { voucher { cents: 1 } }") + part("next { book: 'b' }");
  EXPECT_EQ(run.Run(""), "");
  // With another wire type than its own it is an unknown field, and ends nothing.
  reply = part("book: 'b'") + std::string("\x3a\x00", 2);
  EXPECT_EQ(run.Run(""), "book: \"b\"");
}

// Also where only a part of the reply is used; what nobody uses need only be framed.
TEST(Fill, APartThatIsHandedOnMustBeWellFormed) {
  Composition run(kMessages, "Item", "Page", R"(
    step { id: "a" call: "test.Back/Find" on_error: OMIT }
    out { to: "voucher" from: "a.next.voucher" } out { to: "price" from: "a.price" }
    out { to: "counts" from: "a.counts" })");
  std::string reply;
  run.caller.Reply("Find", [&](std::string_view) { return reply; });
  const auto nested = [](std::initializer_list<int> path, std::string_view inner) {
    std::string wire(inner);
    for (auto number = std::rbegin(path); number != std::rend(path); ++number) {
      std::string outer;
      contract::AppendTag(outer, static_cast<uint32_t>(*number), contract::WireType::kBytes);
      contract::AppendVarint(outer, wire.size());
      wire = outer + wire;
    }
    return wire;
  };
  const std::string_view cut_off = "\x12\x05x", group = "\x0b\x0c", no_value = "\x08";
  for (std::string_view broken : {cut_off, group, no_value}) {
    for (const auto& path : {std::initializer_list<int>{10, 6}, {2}, {11}, {10}}) {
      reply = nested(path, broken);
      EXPECT_EQ(run.Run(""), " | a;UPSTREAM_PROTOCOL");
    }
  }
  const std::string_view bad_text = "\x12\x02\xc3(";
  for (const auto& path : {std::initializer_list<int>{10, 6}, {2}}) {
    reply = nested(path, bad_text);
    EXPECT_EQ(run.Run(""), " | a;UPSTREAM_PROTOCOL");
  }
  reply = nested({10, 10}, "\x08");  // the next but one is nobody's
  EXPECT_EQ(run.Run(""), "");
}

TEST(Fill, Proto2HasDefaultsClosedEnumsAndRequiredFields) {
  constexpr char kProto2[] = R"(syntax = "proto2"; package old;
    enum State { NONE = 1; PAID = 2; }
    message Item {
      required string id = 1; optional State state = 2 [default = PAID];
      repeated State states = 3; optional int32 sold = 4 [default = 9];
    }
    message Key { required string id = 1; optional int32 size = 2; }
  )";
  constexpr char kFront[] = R"(syntax = "proto2"; package test; import "old.proto";
    import "frontdesk/v1/compose.proto";
    message Empty {}
    message Answer { optional old.State state = 1; repeated old.State states = 2;
                     optional int32 sold = 3; optional int32 maybe = 5; }
    service Back { rpc Get(old.Key) returns (old.Item); }
    service Front { rpc Get(Empty) returns (Answer) { option (frontdesk.v1.compose) = {
      step { id: "a" call: "test.Back/Get" bind { to: "id" value: "x" } }
      out { to: "state" from: "a.state" } out { to: "states" from: "a.states" }
      out { to: "sold" from: "a.sold" } out { to: "maybe" from: "a.sold" } }; } }
  )";
  const std::string set = testing::CompileProtos({{"old.proto", kProto2}, {"test.proto", kFront}});
  contract::Findings findings;
  const auto contract = contract::Contract::Load(set, "test.binpb", findings);
  ASSERT_TRUE(contract) << findings.ToString();
  testing::Dynamic dynamic(*contract);
  testing::ScriptedCaller caller;
  Loop loop;
  Cancellation cancel;
  upstream::CallContext context{loop, cancel};
  std::string reply;
  caller.Reply("Get", [&](std::string_view) { return reply; });
  const auto answer = [&]() -> std::string {
    const contract::Plan& plan = *contract->FindMethod("test.Front/Get")->plan;
    const RunOptions options;
    const auto result =
        testing_support::RunOnLoop(loop, compose::Run(context, plan, caller, "", options));
    return result.ok() ? dynamic.Text("test.Answer", result->message) : "failed";
  };
  EXPECT_EQ(answer(), "");  // what is not there is not there, whatever its default
  reply = std::string("\x10\x02\x18\x01\x20\x00", 6);
  EXPECT_EQ(answer(), "state: PAID states: NONE sold: 0 maybe: 0");
  reply = std::string("\x10\x02\x10\x07\x18\x07\x18\x01\x1a\x03\x02\x08\x01", 13);
  EXPECT_EQ(answer(), "state: PAID states: NONE states: PAID states: NONE");  // 7, 8: unknown
}

}  // namespace
}  // namespace frontdesk::compose
