#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

using ::testing::HasSubstr;

constexpr char kMessages[] = R"(
  message Key {
    string id = 1;
    string who = 2 [(frontdesk.v1.field).from = "caller.sub"];
  }
  message Money { int64 cents = 1; string currency = 2; }
  message OtherMoney { int64 cents = 1; }
  message WrongMoney { string cents = 1; }
  message Nothing { bool nothing = 1; }
  enum State { STATE_NONE = 0; STATE_PAID = 1; STATE_LOST = 2; }
  enum SameState { SAME_NONE = 0; SAME_LOST = 1; SAME_PAID = 2; }
  enum FewStates { FEW_NONE = 0; FEW_PAID = 1; }
  message Line { string product_id = 1; int32 count = 2; Money price = 3; }
  message Order {
    string id = 1;
    Money total = 2;
    repeated Line lines = 3;
    State state = 4;
    int64 points = 5;
    repeated int32 numbers = 6;
    map<string, string> tags = 7;
    oneof way { string card = 8; string cash = 9; }
    string street = 10;
    string city = 11;
    uint32 parcels = 12;
    float weight = 13;
  }
  message User { string id = 1; string name = 2; Money total = 3; }
  message Mine {
    string user_id = 1 [(frontdesk.v1.field).from = "caller.sub"];
    string order_id = 2;
  }
  message Answer {
    Order order = 1;
    User user = 2;
    repeated User users = 3;
    string id = 4;
    Money total = 5;
    int32 points = 6;
    repeated int64 numbers = 7;
    SameState same = 8;
    FewStates few = 9;
    OtherMoney other = 10;
    WrongMoney wrong = 11;
    Nothing nothing = 12;
    oneof way { string card = 13; string cash = 14; }
    bool flag = 15;
    google.protobuf.Timestamp when = 16;
    repeated string words = 17;
    double weight = 18;
    State state = 19;
    google.protobuf.Any any = 20;
    map<string, string> tags = 21;
    int64 parcels = 22;
    bytes raw = 23;
    google.protobuf.Int64Value wrapped = 24;
    map<string, int32> counts = 25;
    repeated OtherMoney prices = 26;
    google.protobuf.Duration took = 27;
    google.protobuf.FieldMask mask = 28;
  }
  service Back {
    rpc GetOrder(Key) returns (Order);
    rpc GetUser(Key) returns (User);
    rpc GetMine(Mine) returns (User);
    rpc GetByPath(Key) returns (User) { option (google.api.http) = { get: "/users/{id}" }; }
    rpc Watch(Key) returns (stream Order);
    rpc Upload(stream Key) returns (Order);
  }
  service Other {
    rpc GetComposed(Key) returns (Answer) {
      option (frontdesk.v1.compose) = {
        step { id: "o" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } }
        out { to: "order" from: "o" }
      };
    }
  }
)";

std::string Load(const std::string& composition, Findings& findings,
                 std::unique_ptr<const Contract>* contract = nullptr) {
  auto loaded = testing::LoadFront(kMessages, composition, findings);
  if (contract) *contract = std::move(loaded);
  return findings.ToString();
}

struct Case {
  const char* composition;
  const char* finding;  // "" for a good one
};

class PlanFindings : public ::testing::TestWithParam<Case> {};

TEST_P(PlanFindings, SayWhatIsWrong) {
  Findings findings;
  const std::string text = Load(GetParam().composition, findings);
  SCOPED_TRACE(GetParam().composition);
  if (std::string_view(GetParam().finding).empty()) {
    EXPECT_EQ(text, "");
    return;
  }
  EXPECT_EQ(findings.size(), 1u) << text;
  EXPECT_THAT(text, HasSubstr(GetParam().finding));
  EXPECT_THAT(text, HasSubstr("test.Front.Get: "));
  EXPECT_THAT(text, HasSubstr("test.proto:"));
}

#define ORDER \
  R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } } )"
#define USER(more) \
  R"(step { id: "user" call: "test.Back/GetUser" bind { to: "id" from: "order.id" } )" more " } "
#define OUT R"(out { to: "order" from: "order" } )"
#define OUT_USER R"(out { to: "user" from: "user" } )"

constexpr Case kStructure[] = {
    {ORDER OUT, ""},
    {ORDER USER("") OUT OUT_USER, ""},
    {"", "a composition needs a step"},
    {ORDER, "a composition without `out` has no answer"},
    {R"(step { call: "test.Back/GetOrder" } out { to: "id" value: "x" })", "step 1 has no id"},
    {R"(step { id: "order" } )" OUT, "step \"order\": it has no call"},
    {R"(step { id: "order" call: "test.Back/GetOrdr" } )" OUT,
     "step \"order\": there is no method \"test.Back/GetOrdr\" (did you mean "
     "\"test.Back/GetOrder\"?)"},
    {R"(step { id: "order" call: "test.Back/Watch" } )" OUT, "\"test.Back/Watch\" is a streaming"},
    {R"(step { id: "order" call: "test.Back/Upload" } )" OUT, "\"test.Back/Upload\" is a stream"},
    {R"(step { id: "a" call: "test.Front/Get" } out { to: "order" from: "a.order" })",
     "step \"a\" calls the composition itself"},
    {R"(step { id: "a" call: "test.Other/GetComposed" } out { to: "order" from: "a.order" })",
     "\"test.Other/GetComposed\" is a composition"},
    {ORDER ORDER OUT, "steps 1 and 2 have the same id \"order\""},
    {ORDER USER("") OUT, "step \"user\": nothing in the answer comes of it"},
    {ORDER USER("always: false") OUT, "step \"user\": nothing in the answer comes of it"},
    {ORDER USER("always: true") OUT, ""},
    // What it needs comes to something, then.
    {ORDER USER("always: true") R"(out { to: "id" value: "x" })", ""},
    {USER("always: true") ORDER, "a composition without `out` has no answer"},
    {R"(step { id: "request" call: "test.Back/GetOrder" } out { to: "order" from: "request" })",
     "step \"request\": the name is taken"},
    {R"(step { id: "a-b" call: "test.Back/GetOrder" } out { to: "order" from: "a-b" })",
     "step \"a-b\" is not a name"},
    {R"(step { id: "a" call: "test.Back/GetUser" bind { to: "id" from: "b.id" } }
        step { id: "b" call: "test.Back/GetUser" bind { to: "id" from: "a.id" } }
        out { to: "user" from: "b" })",
     "the steps form a cycle: \"a\" needs \"b\" needs \"a\""},
    {R"(step { id: "a" call: "test.Back/GetUser" bind { to: "id" from: "a.id" } }
        out { to: "user" from: "a" })",
     "the steps form a cycle: \"a\" needs \"a\""},
    {R"(step { id: "order" call: "test.Back/GetOrder" on_error: OMIT } )" USER("") OUT OUT_USER,
     "step \"user\" must not fail but needs \"order\", which may be omitted"},
    {R"(step { id: "order" call: "test.Back/GetOrder" on_error: OMIT } )" USER("on_error: OMIT")
         OUT OUT_USER,
     ""},
    {R"(step { id: "order" call: "test.Back/GetOrder" on_error: 7 } )" OUT,
     "step.on_error: 7 is not carried out"},
    {R"(deadline: "2 s" )" ORDER OUT, "deadline \"2 s\" is not a duration"},
    {R"(deadline: "1s" )" ORDER USER("timeout: \"0s\"") OUT OUT_USER,
     "step \"user\": timeout \"0s\" is not a duration"},
    {R"(deadline: "1s" )" ORDER USER("timeout: \"1s1ms\"") OUT OUT_USER,
     "step \"user\": timeout 1s1ms is longer than the deadline 1s of the whole"},
};

constexpr Case kPaths[] = {
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "requst.id" } } )" OUT,
     "there is no step \"requst\" (did you mean \"request\"?)"},
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.ib" } } )" OUT,
     "test.Key has no field \"ib\" (did you mean \"id\"?)"},
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "idd" from: "request.id" } } )" OUT,
     "bind to \"idd\" from \"request.id\": test.Key has no field \"idd\" (did you mean \"id\"?)"},
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" } } )" OUT,
     "to \"id\" needs `from` or `value`"},
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request" } } )" OUT,
     "test.Key does not fit \"id\", which is string"},
    {R"(step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" }
        bind { to: "id" value: "x" } } )" OUT,
     "filled twice: from \"request.id\" and from value \"x\""},
    {ORDER R"(out { to: "order" from: "order.lines.price" })", "\"lines\" is a list"},
    {ORDER R"(out { to: "id" from: "order.tags.key" })", "\"tags\" is a map"},
    {ORDER R"(out { to: "id" from: "order.id.x" })", "\"id\" is of type string, which has no"},
    {ORDER R"(out { to: "order" from: "order" } out { to: "order.id" from: "request.id" })",
     "filled twice: from \"order\" and from \"request.id\""},
    {ORDER R"(out { to: "card" from: "order.street" } out { to: "cash" from: "order.city" })",
     "filled twice: from \"order.street\" and from \"order.city\""},
    {ORDER R"(out { to: "card" from: "order.card" } out { to: "cash" from: "order.cash" })", ""},
    {ORDER R"(out { to: "order" from: "caller.name" } out { to: "user.id" from: "order.id" })",
     "\"caller.name\" is not known of the caller; caller.sub and caller.claims.NAME are"},
    {ORDER R"(out { to: "id" from: "caller.sub" } out { to: "order" from: "order" })", ""},
    {ORDER R"(out { to: "order." from: "order" })", "test.Order has no field \"\""},
    {ORDER OUT R"(out { to: "id" from: "" })", "there is no step \"\""},
};

constexpr Case kTypes[] = {
    {ORDER R"(out { to: "points" from: "order.points" })",
     "int64 does not fit \"points\", which is int32"},
    {ORDER R"(out { to: "numbers" from: "order.numbers" })", ""},
    {ORDER R"(out { to: "parcels" from: "order.parcels" })", ""},
    {ORDER R"(out { to: "weight" from: "order.weight" })", ""},
    {ORDER R"(out { to: "raw" from: "order.id" })", ""},
    {ORDER R"(out { to: "flag" from: "order.parcels" })", "uint32 does not fit \"flag\""},
    {ORDER R"(out { to: "numbers" from: "order.points" })",
     "int64 does not fit \"numbers\", which is list of int64"},
    {ORDER R"(out { to: "id" from: "order.numbers" })",
     "list of int32 does not fit \"id\", which is a single string"},
    {ORDER R"(out { to: "tags" from: "order.tags" })", ""},
    {ORDER R"(out { to: "tags" from: "order.lines" })",
     "list of test.Line does not fit \"tags\", which is map of string to string"},
    {ORDER R"(out { to: "counts" from: "order.tags" })", "string does not fit \"value\""},
    {ORDER R"(out { to: "same" from: "order.state" })", ""},
    {ORDER R"(out { to: "few" from: "order.state" })",
     "value STATE_LOST of test.State has no counterpart in test.FewStates"},
    {ORDER R"(out { to: "total" from: "order.total" })", ""},
    {ORDER R"(out { to: "other" from: "order.total" })", ""},
    {ORDER R"(out { to: "wrong" from: "order.total" })",
     "test.Money.cents: int64 does not fit \"cents\", which is string"},
    {ORDER R"(out { to: "nothing" from: "order.total" })",
     "test.Money and test.Nothing have no field in common"},
    {ORDER R"(out { to: "any" from: "order.total" })", "test.Money does not fit google.protobuf"},
    {ORDER R"(out { to: "" from: "order" })", "\"points\": int64 does not fit \"points\""},
    {ORDER R"(out { to: "" from: "order.total" })", "test.Money and test.Answer have no field"},
    {ORDER R"(out { to: "" from: "order.lines" })", "a single message can be spread, not list of"},
    {ORDER R"(out { to: "" value: "x" } out { to: "order" from: "order" })",
     "an empty `to` spreads a message"},
};

#define BY_PATH(bind) R"(step { id: "user" call: "test.Back/GetByPath" )" bind " } " OUT_USER

// A call whose own address names a field needs it.
constexpr Case kRequired[] = {
    {BY_PATH(R"(bind { to: "id" from: "request.id" })"), ""},
    {BY_PATH(R"(bind { to: "id" value: "x" })"), ""},
    {BY_PATH(R"(bind { to: "" from: "request" })"), ""},
    {BY_PATH(""),
     "step \"user\": nothing binds \"id\" of test.Key, which the path /users/{id} of "
     "\"test.Back/GetByPath\" needs"},
    {BY_PATH(R"(bind { to: "who" from: "caller.sub" })"), "nothing binds \"id\" of test.Key"},
    {BY_PATH(R"(bind { to: "id" from: "request.idd" })"), "has no field \"idd\""},
};

constexpr Case kConstants[] = {
    {ORDER OUT R"(out { to: "points" value: "-7" })", ""},
    {ORDER OUT R"(out { to: "points" value: "2147483648" })", "\"2147483648\" is not an int32"},
    {ORDER OUT R"(out { to: "points" value: " 7" })", "\" 7\" is not an int32"},
    {ORDER OUT R"(out { to: "parcels" value: "0x1" })", "\"0x1\" is not an int64"},
    {ORDER OUT R"(out { to: "flag" value: "true" })", ""},
    {ORDER OUT R"(out { to: "flag" value: "yes" })", "\"yes\" is not true or false"},
    {ORDER OUT R"(out { to: "same" value: "SAME_PAID" })", ""},
    {ORDER OUT R"(out { to: "same" value: "SAME_PAYD" })", "did you mean \"SAME_PAID\""},
    {ORDER OUT R"(out { to: "weight" value: "1e3" })", ""},
    {ORDER OUT R"(out { to: "weight" value: "NaN" })", ""},
    {ORDER OUT R"(out { to: "weight" value: "inf" })", "\"inf\" is not a number"},
    {ORDER OUT R"(out { to: "when" value: "2024-05-01T12:00:00Z" })", ""},
    {ORDER OUT R"(out { to: "when" value: "yesterday" })", "\"yesterday\" is not a timestamp"},
    {ORDER OUT R"(out { to: "took" value: "1.5s" })", ""},
    {ORDER OUT R"(out { to: "took" value: "1.5" })", "\"1.5\" is not a duration"},
    {ORDER OUT R"(out { to: "mask" value: "id,userName" })", ""},
    {ORDER OUT R"(out { to: "wrapped" value: "5" })", ""},
    {ORDER OUT R"(out { to: "raw" value: "YWJj" })", ""},
    {ORDER OUT R"(out { to: "raw" value: "%" })", "\"%\" is not base64"},
    {ORDER OUT R"(out { to: "total" value: "5" })", "test.Money has no constants"},
    {ORDER OUT R"(out { to: "words" value: "one" })", ""},
    {ORDER OUT R"(out { to: "tags" value: "one" })", "\"one\" is not a way to fill a map"},
};

#define EACH(more)                                                                             \
  ORDER R"(step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser" )" more \
        "} " OUT R"(out { to: "users" from: "users" })"

constexpr Case kEach[] = {
    {EACH(R"(bind { to: "id" from: "line.product_id" })"), ""},
    {EACH(R"(bind { to: "id" from: "line.product_id" } max_parallel: 0)"), "from 1 to 1000"},
    {EACH(R"(bind { to: "id" from: "order.id" })"), "no bind uses \"line\""},
    {EACH(R"(bind { to: "id" from: "line.produkt_id" })"), "did you mean \"product_id\""},
    {ORDER R"(step { id: "users" each: "order.id" as: "x" call: "test.Back/GetUser"
        bind { to: "id" from: "x" } } out { to: "users" from: "users" })",
     "each \"order.id\" is not a list but string"},
    {ORDER R"(step { id: "users" each: "order.lines" call: "test.Back/GetUser" }
        out { to: "users" from: "users" })",
     "`each` needs `as`"},
    {ORDER R"(step { id: "users" each: "order.lines" as: "order" call: "test.Back/GetUser"
        bind { to: "id" from: "order.id" } } out { to: "users" from: "users" } )" OUT,
     "as \"order\" is the id of a step"},
    {ORDER USER("as: \"x\"") OUT OUT_USER, "`as` has no meaning without `each`"},
    {ORDER USER("max_parallel: 3") OUT OUT_USER, "`max_parallel` has no meaning without `each`"},
    {ORDER R"(step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser"
        bind { to: "id" from: "line.product_id" } } out { to: "user" from: "users" })",
     "list of test.User does not fit \"user\", which is a single test.User"},
    {ORDER R"(step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser"
        bind { to: "id" from: "line.product_id" } } out { to: "words" from: "users.name" })",
     ""},
    {ORDER R"(step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser"
        bind { to: "id" from: "line.product_id" } } out { to: "prices" from: "users.total" })",
     ""},
    {ORDER R"(out { to: "order" from: "order" }
        step { id: "user" call: "test.Back/GetMine" bind { to: "user_id" from: "order.id" } } )" OUT_USER,
     "\"user_id\" can be filled only from caller.sub"},
    {R"(step { id: "user" call: "test.Back/GetMine" bind { to: "user_id" value: "root" } } )" OUT_USER,
     "it can be filled only from caller.sub"},
    {R"(step { id: "user" call: "test.Back/GetMine" } )" OUT_USER, ""},
    {R"(step { id: "user" call: "test.Back/GetMine" bind { to: "user_id" from: "request.who" } } )" OUT_USER,
     ""},
};

INSTANTIATE_TEST_SUITE_P(Structure, PlanFindings, ::testing::ValuesIn(kStructure));
INSTANTIATE_TEST_SUITE_P(Paths, PlanFindings, ::testing::ValuesIn(kPaths));
INSTANTIATE_TEST_SUITE_P(Types, PlanFindings, ::testing::ValuesIn(kTypes));
INSTANTIATE_TEST_SUITE_P(Required, PlanFindings, ::testing::ValuesIn(kRequired));
INSTANTIATE_TEST_SUITE_P(Constants, PlanFindings, ::testing::ValuesIn(kConstants));
INSTANTIATE_TEST_SUITE_P(Each, PlanFindings, ::testing::ValuesIn(kEach));

TEST(Plan, EverythingWrongIsSaidAtOnce) {
  Findings findings;
  const std::string text = Load(R"(deadline: "never"
    step { id: "order" call: "test.Back/Nothing" bind { to: "id" from: "request.id" } }
    step { id: "user" call: "test.Back/GetUser" bind { to: "idd" from: "order.id" }
           timeout: "soon" }
    out { to: "user" from: "user" } out { to: "points" value: "many" })",
                                findings);
  // What is fed by an unknown call is not reported again.
  EXPECT_EQ(findings.size(), 5u) << text;
}

TEST(Plan, StepsStandAfterThoseTheyNeed) {
  Findings findings;
  std::unique_ptr<const Contract> contract;
  ASSERT_EQ(Load(R"(deadline: "800ms"
    step { id: "user" call: "test.Back/GetUser" bind { to: "id" from: "order.id" } }
    step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } }
    out { to: "user" from: "user" } out { to: "order" from: "order" })",
                 findings, &contract),
            "");
  const Plan& plan = *contract->FindMethod("test.Front/Get")->plan;
  ASSERT_EQ(plan.steps.size(), 2u);
  EXPECT_EQ(plan.steps[0].id, "order");
  EXPECT_EQ(plan.steps[0].needs, 0u);
  EXPECT_EQ(plan.steps[1].id, "user");
  EXPECT_EQ(plan.steps[1].needs, 1u);
  EXPECT_EQ(plan.deadline, std::chrono::milliseconds(800));
}

TEST(Plan, MoreStepsThanBitsAreRefused) {
  std::string composition;
  for (int i = 0; i < 65; ++i) {
    const std::string id = "s" + std::to_string(i);
    composition += "step { id: \"" + id + "\" call: \"test.Back/GetUser\" } ";
  }
  Findings findings;
  EXPECT_THAT(Load(composition, findings), HasSubstr("at most 64 steps, this one has 65"));
}

}  // namespace
}  // namespace frontdesk::contract
