// Maps that are gone through: entries come in any order, doubled, without key or value.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/compose/by_key.h"
#include "gateway/contract/wire.h"
#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using ::frontdesk::testing::Composition;

constexpr char kMessages[] = R"(
  enum Mood { MOOD_NONE = 0; MOOD_GOOD = 1; }
  enum Humour { HUMOUR_NONE = 0; HUMOUR_GOOD = 3; HUMOUR_ODD = 5; }
  message Point { int32 x = 1; optional int32 y = 2; }
  message Key { map<string, Point> places = 1; map<sint32, Mood> moods = 2; map<fixed64, string> large = 3;
                map<bool, string> sides = 4; }
  message Ask { string id = 1; Point point = 2; int64 number = 3; Mood mood = 4; }
  message Entry { string key = 1; Point value = 2; }
  message Said { string name = 1; Mood mood = 2; map<string, Point> places = 3; map<sint32, Mood> moods = 4; }
  message Answer { repeated string names = 1; repeated Entry places = 2; map<string, Humour> humours = 3;
                   map<string, Humour> odd = 4; }
  service Back { rpc Get(Ask) returns (Said); rpc GetAll(Ask) returns (Said); }
)";

// A field of type kBytes.
std::string Bytes(uint32_t number, std::string_view bytes) {
  std::string out;
  contract::AppendTag(out, number, contract::WireType::kBytes);
  contract::AppendVarint(out, bytes.size());
  return out += bytes;
}

std::string Varint(uint32_t number, uint64_t value) {
  std::string out;
  contract::AppendTag(out, number, contract::WireType::kVarint);
  contract::AppendVarint(out, value);
  return out;
}

// Back ends that answer with what they were asked as the name; the calls in order.
struct MapRun : Composition {
  explicit MapRun(const std::string& composition)
      : Composition(kMessages, "Key", "Answer", composition) {
    caller.Reply("Get", [this](std::string_view request) {
      const std::string asked = dynamic().Text("test.Ask", request);
      return Bytes(1, asked);
    });
  }
  std::vector<std::string> Names(std::string_view request) {
    Start(request);
    const auto result = TakeResult();
    EXPECT_TRUE(result.ok()) << result.status();
    std::vector<std::string> names;
    if (!result.ok()) return names;
    for (contract::WireReader wire(result->message); wire.Next();) {
      if (wire.field().number == 1) names.emplace_back(wire.field().bytes);
    }
    return names;
  }
};

TEST(MapEach, GoesByKeyAndOfEqualKeysTakesTheLast) {
  MapRun run(R"(step { id: "each" each: "request.places" as: "place" call: "test.Back/Get"
                       bind { to: "id" from: "place.key" } bind { to: "point" from: "place.value" } }
                out { to: "names" from: "each.name" })");
  const std::string b = Bytes(1, Bytes(1, "b") + Bytes(2, Varint(1, 1)));
  const std::string a = Bytes(1, Bytes(1, "a") + Bytes(2, Varint(1, 2)));
  const std::string again = Bytes(1, Bytes(2, Varint(1, 3)) + Bytes(1, "b"));
  const std::string capital = Bytes(1, Bytes(1, "B") + Bytes(2, ""));
  EXPECT_EQ(run.Names(b + a + again + capital),
            (std::vector<std::string>{"id: \"B\" point { }", "id: \"a\" point { x: 2 }",
                                      "id: \"b\" point { x: 3 }"}));
  EXPECT_EQ(run.caller.seen().size(), 3u);
  EXPECT_EQ(run.Names(""), std::vector<std::string>());
}

TEST(MapEach, AnEntryHasKeyAndValueEvenIfItSaysNeither) {
  MapRun run(R"(step { id: "each" each: "request.places" as: "place" call: "test.Back/Get"
                       bind { to: "id" from: "place.key" } bind { to: "point" from: "place.value" }
                       bind { to: "number" from: "place.value.y" } }
                out { to: "names" from: "each.name" })");
  EXPECT_EQ(run.Names(Bytes(1, Bytes(1, "a")) + Bytes(1, "")),
            (std::vector<std::string>{"point { }", "id: \"a\" point { }"}));
  // Pieces of one value are one value.
  EXPECT_EQ(run.Names(Bytes(1, Bytes(2, Varint(1, 1)) + Bytes(2, Varint(2, 7)))),
            std::vector<std::string>{"point { x: 1 y: 7 } number: 7"});
}

TEST(MapEach, NumbersAreOrderedByValue) {
  MapRun run(R"(step { id: "each" each: "request.moods" as: "mood" call: "test.Back/Get"
                       bind { to: "number" from: "mood.key" } bind { to: "mood" from: "mood.value" } }
                out { to: "names" from: "each.name" })");
  const auto entry = [](int64_t key, uint64_t mood) {
    return Bytes(2, Varint(1, contract::ZigZag(key)) + Varint(2, mood));
  };
  EXPECT_EQ(run.Names(entry(2, 1) + entry(-1, 0) + entry(0, 1) + entry(-7, 1)),
            (std::vector<std::string>{"number: -7 mood: MOOD_GOOD", "number: -1", "mood: MOOD_GOOD",
                                      "number: 2 mood: MOOD_GOOD"}));
}

TEST(MapEach, KeysOfEveryWireType) {
  MapRun large(R"(step { id: "each" each: "request.large" as: "it" call: "test.Back/Get"
                         bind { to: "id" from: "it.value" } }
                  out { to: "names" from: "each.name" })");
  const auto fixed = [](uint64_t key, std::string_view value) {
    std::string entry;
    contract::AppendTag(entry, 1, contract::WireType::kFixed64);
    contract::AppendFixed64(entry, key);
    return Bytes(3, entry + Bytes(2, value));
  };
  EXPECT_EQ(large.Names(fixed(~uint64_t{0}, "most") + fixed(256, "more") + fixed(255, "less")),
            (std::vector<std::string>{"id: \"less\"", "id: \"more\"", "id: \"most\""}));
  MapRun sides(R"(step { id: "each" each: "request.sides" as: "it" call: "test.Back/Get"
                         bind { to: "id" from: "it.value" } }
                  out { to: "names" from: "each.name" })");
  EXPECT_EQ(sides.Names(Bytes(4, Varint(1, 1) + Bytes(2, "on")) + Bytes(4, Bytes(2, "off"))),
            (std::vector<std::string>{"id: \"off\"", "id: \"on\""}));
}

TEST(MapEach, WhatIsTooLongIsCountedByKeys) {
  MapRun run(R"(step { id: "each" each: "request.places" as: "place" call: "test.Back/Get"
                       bind { to: "id" from: "place.key" } }
                out { to: "names" from: "each.name" })");
  run.options.max_elements = 2;
  const std::string a = Bytes(1, Bytes(1, "a"));
  const std::string b = Bytes(1, Bytes(1, "b"));
  EXPECT_EQ(run.Names(a + b + a + b + a).size(), 2u);
  run.Start(a + b + Bytes(1, Bytes(1, "c")));
  EXPECT_EQ(ReasonOf(run.TakeResult().status()), "EACH_TOO_LONG");
}

TEST(MapFill, AListOfEntriesAndMapsOfReplies) {
  MapRun run(R"(
    step { id: "each" each: "request.places" as: "place" call: "test.Back/GetAll"
           bind { to: "id" from: "place.key" } }
    out { to: "places" from: "each.places" }
    out { to: "humours" from: "each" convert { rename { from: "name" to: "key" }
          rename { from: "mood" to: "value" } value { from: "MOOD_NONE" to: "HUMOUR_ODD" } } }
    )");
  run.caller.Reply("GetAll", [](std::string_view request) {
    const bool first = request.find('a') != std::string_view::npos;
    if (first) {
      return Bytes(1, "n") + Varint(2, 1) + Bytes(3, Bytes(1, "z")) +
             Bytes(3, Bytes(2, Varint(1, 4)) + Bytes(1, "y")) + Bytes(3, Bytes(1, "z"));
    }
    return Bytes(1, "m") + Bytes(3, "");
  });
  const std::string asked = Bytes(1, Bytes(1, "b")) + Bytes(1, Bytes(1, "a"));
  run.Start(asked);
  EXPECT_EQ(run.Outcome(),
            "places { key: \"y\" value { x: 4 } } places { key: \"z\" value { } } "
            "places { value { } } "
            "humours { key: \"m\" value: HUMOUR_ODD } humours { key: \"n\" value: HUMOUR_GOOD }");
}

TEST(MapFill, OfKeysThatBecomeEqualTheLastCounts) {
  Composition run(R"(
    message Key { map<string, int32> numbers = 1; }
    message Answer { map<int64, string> names = 1; }
    service Back { rpc Get(Key) returns (Key); })",
                  "Key", "Answer", R"(
    step { id: "get" call: "test.Back/Get" }
    out { to: "names" from: "get.numbers"
          convert { rename { from: "key" to: "value" } rename { from: "value" to: "key" } } })");
  const auto entry = [](std::string_view key, uint64_t value) {
    return Bytes(1, Bytes(1, key) + Varint(2, value));
  };
  run.caller.Reply("Get", [&](std::string_view) {
    return entry("c", 1) + entry("b", 2) + entry("a", 1) + Bytes(1, Bytes(1, "d"));
  });
  run.Start("");
  const auto result = run.TakeResult();
  ASSERT_TRUE(result.ok());
  // The answer's wire; whoever reads it takes the last of equal keys.
  const auto said = [](uint64_t key, std::string_view value) {
    return Bytes(1, Varint(1, key) + Bytes(2, value));
  };
  EXPECT_EQ(result->message, said(1, "a") + said(2, "b") + said(1, "c") + said(0, "d"));
}

TEST(ByKeyTest, GoesByKey) {
  google::protobuf::Map<int64_t, std::string> numbers;
  for (const int64_t key : {3, -1, 0, 7, -9}) numbers[key] = std::to_string(key);
  std::string text;
  for (const auto& entry : ByKey(numbers)) text += entry.second + ' ';
  EXPECT_EQ(text, "-9 -1 0 3 7 ");
  google::protobuf::Map<std::string, int> names;
  for (const char* key : {"b", "a", "\xc3\xa9", "", "B"}) names[key] = 1;
  text.clear();
  for (const auto& entry : ByKey(names)) text += entry.first + ' ';
  EXPECT_EQ(text, " B a b \xc3\xa9 ");
  names.clear();
  for (const auto& entry : ByKey(names)) ADD_FAILURE() << entry.first;
}

}  // namespace
}  // namespace frontdesk::compose
