// An adapter at run time: what the new version is asked, and what the old one answers.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using testing::Composition;

constexpr char kMessages[] = R"(
  message OldKey {
    string number = 1; int32 size = 2; bool plain = 3; string city = 4; OldPlace place = 5;
    optional int32 limit = 6; repeated OldLine lines = 7;
  }
  message NewKey {
    string id = 1; int64 size = 2; string channel = 3; NewPlace place = 5; optional int64 limit = 6;
    repeated NewLine lines = 7; string user = 8 [(frontdesk.v1.field).from = "caller.sub"];
  }
  enum OldState { NONE = 0; OPEN = 1; GONE = 2; }
  enum NewState { STATE_NONE = 0; STATE_LOST = 1; STATE_OPEN = 2; }
  message OldLine { string sku = 1; int64 cents = 2; }
  message NewLine { string product = 1; int64 cents = 2; }
  message OldPlace { string street = 1; string zip = 2; }
  message NewPlace { string street = 1; string city = 2; int32 floor = 3; }
  message Old {
    string number = 1; OldState state = 2; repeated OldLine lines = 3; OldPlace place = 4;
    string city = 5; string kind = 6; string pin = 7; map<string, int32> counts = 8;
    google.protobuf.Timestamp at = 9; oneof way { string mail = 10; string phone = 11; }
  }
  message New {
    string id = 1; NewState state = 2; repeated NewLine lines = 3; NewPlace place = 4;
    map<string, int64> old_counts = 5; map<string, int32> counts = 8;
    google.protobuf.Timestamp at = 9; oneof way { string mail = 12; string phone = 11; }
    string pin = 13;
  }
  service Back { rpc Get(NewKey) returns (New); }
)";

constexpr char kAdapter[] = R"(
  call: "test.Back/Get"
  request {
    move { from: "number" to: "id" }
    move { from: "city" to: "place.city" }
    move { from: "lines" to: "lines" convert { rename { from: "sku" to: "product" } } }
    default { to: "channel" value: "old" }
    drop: "plain"
    drop: "place.zip"
  }
  reply {
    move { from: "id" to: "number" }
    move { from: "state" to: "state" convert { value { from: "STATE_LOST" to: "GONE" } } }
    move { from: "lines" to: "lines" convert { rename { from: "product" to: "sku" } } }
    move { from: "place.city" to: "city" }
    default { to: "kind" value: "plain" }
    drop: "pin"
    drop: "place.zip"
  }
)";

class Adapter : public ::testing::Test {
 protected:
  Adapter() { adapter.context.identity = identity::MakeIdentity("ada"); }

  // What the back end was asked, and what the client is told of its answer.
  std::string Get(const std::string& request, const std::string& reply) {
    std::string asked;
    adapter.caller.Reply("Get", [&](std::string_view wire) {
      asked = adapter.dynamic().Text("test.NewKey", wire);
      return adapter.dynamic().Wire("test.New", reply);
    });
    const std::string told = adapter.Run(request);
    return asked + " -> " + told;
  }

  Composition adapter{kMessages, "OldKey", "Old", kAdapter, "adapt"};
};

TEST_F(Adapter, MovesWhatHasAnotherPlaceAndFillsWhatIsNew) {
  const struct {
    const char* request;
    const char* reply;
    const char* outcome;
  } rows[] = {
      {"", "", "channel: \"old\" user: \"ada\" -> kind: \"plain\""},
      {"number: 'a' size: 3 plain: true", "id: 'a'",
       "id: \"a\" size: 3 channel: \"old\" user: \"ada\" -> number: \"a\" kind: \"plain\""},
      // Nested on one side only, beside what goes across inside of the same message.
      {"city: 'B' place { street: 's' zip: '1' }", "place { street: 't' city: 'C' floor: 4 }",
       "channel: \"old\" place { street: \"s\" city: \"B\" } user: \"ada\" -> "
       "place { street: \"t\" } city: \"C\" kind: \"plain\""},
      {"city: 'B'", "place { floor: 4 }",
       "channel: \"old\" place { city: \"B\" } user: \"ada\" -> kind: \"plain\""},
      // An explicit default is one over there.
      {"limit: 0", "", "channel: \"old\" limit: 0 user: \"ada\" -> kind: \"plain\""},
      {"lines { sku: 'a' cents: 1 } lines {}", "lines { product: 'b' } lines { cents: 2 }",
       "channel: \"old\" lines { product: \"a\" cents: 1 } lines { } user: \"ada\" -> "
       "lines { sku: \"b\" } lines { cents: 2 } kind: \"plain\""},
      // Enums by name, whatever their numbers are.
      {"", "state: STATE_OPEN", "channel: \"old\" user: \"ada\" -> state: OPEN kind: \"plain\""},
      {"", "state: STATE_LOST", "channel: \"old\" user: \"ada\" -> state: GONE kind: \"plain\""},
      {"", "counts { key: 'a' value: 1 } at { seconds: 5 } pin: 'secret' phone: '+1'",
       "channel: \"old\" user: \"ada\" -> kind: \"plain\" counts { key: \"a\" value: 1 } "
       "at { seconds: 5 } phone: \"+1\""},
  };
  for (const auto& row : rows) EXPECT_EQ(Get(row.request, row.reply), row.outcome) << row.request;
}

TEST_F(Adapter, FailsAsTheNewVersionDoes) {
  adapter.caller.Reply("Get", [](std::string_view) {
    return absl::Status(absl::StatusCode::kNotFound, "no such card");
  });
  EXPECT_EQ(adapter.Run("number: 'a'"), "NOT_FOUND NOT_FOUND");
}

}  // namespace
}  // namespace frontdesk::compose
