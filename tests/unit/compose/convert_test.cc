// Splicing and conversion by field name, compared with what protobuf's own messages give, on random
// messages whose wires are as untidy as wires may be.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gateway/contract/wire.h"
#include "tests/support/composition.h"
#include "tests/unit/compose/by_name.h"

namespace frontdesk::compose {
namespace {

using contract::WireField;
using contract::WireReader;
using contract::WireType;
using testing::Composition;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  // Numbers at the edges, small ones, any.
  uint64_t Number() {
    static constexpr uint64_t kEdges[] = {0,          1,          0x7fffffff, 0x80000000,
                                          0xffffffff, ~0ull >> 1, 1ull << 63, ~0ull};
    if (Chance(40)) return kEdges[Below(std::size(kEdges))];
    return Chance(50) ? Below(300) : engine_();
  }
  std::string Text() {
    static const std::vector<std::string> kTexts = {
        "", "a", "caf\xc3\xa9", "\xf0\x9f\x98\x80", "x y", std::string(200, 'z')};
    return kTexts[Below(kTexts.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// --- random messages ---

void FillField(pb::Message& message, const pb::FieldDescriptor& field, Random& random, int depth);

void Fill(pb::Message& message, Random& random, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (random.Chance(depth == 0 ? 60 : 25)) FillField(message, *type.field(i), random, depth);
  }
}

template <class Set>
void FillScalar(const pb::FieldDescriptor& field, Random& random, Set set) {
  const uint64_t number = random.Number();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return set(static_cast<int32_t>(number));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return set(static_cast<int64_t>(number));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return set(static_cast<uint32_t>(number));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return set(number);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return set(static_cast<double>(static_cast<int64_t>(number)) / 8);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return set(static_cast<float>(static_cast<int64_t>(number)) / 8);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return set(number % 2 == 1);
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return set(random.Text());
    case pb::FieldDescriptor::CPPTYPE_ENUM:
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
}

void FillField(pb::Message& message, const pb::FieldDescriptor& field, Random& random, int depth) {
  const pb::Reflection& reflection = *message.GetReflection();
  const uint64_t times = field.is_repeated() ? 1 + random.Below(3) : 1;
  for (uint64_t i = 0; i < times; ++i) {
    if (field.message_type()) {
      if (depth >= 4) return;
      Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                               : *reflection.MutableMessage(&message, &field),
           random, depth + 1);
    } else if (field.enum_type()) {
      // Sometimes a number that the enum does not have.
      const int number = random.Chance(85)
                             ? field.enum_type()
                                   ->value(static_cast<int>(random.Below(
                                       static_cast<uint64_t>(field.enum_type()->value_count()))))
                                   ->number()
                             : static_cast<int>(random.Below(100));
      if (field.is_repeated()) {
        reflection.AddEnumValue(&message, &field, number);
      } else {
        reflection.SetEnumValue(&message, &field, number);
      }
    } else {
      FillScalar(field, random, Setter{message, field});
    }
  }
}

// --- untidy wires ---

void AppendPadded(std::string& out, uint64_t value, Random& random) {
  contract::AppendVarint(out, value);
  if (!random.Chance(20)) return;
  const size_t size = contract::VarintSize(value);
  if (size > 8) return;
  out.back() = static_cast<char>(out.back() | 0x80);
  out += std::string("\x80\0", 2);
}

// The same fields shuffled, doubled, split, over-long and among unknown ones. What the result means
// is asked of protobuf.
std::string Untidy(std::string_view wire, Random& random, int depth) {
  std::vector<std::string> fields;
  for (WireReader reader(wire); reader.Next();) {
    const WireField& field = reader.field();
    std::string bytes;
    AppendPadded(bytes, uint64_t{field.number} << 3 | static_cast<uint64_t>(field.type), random);
    if (field.type == WireType::kVarint) {
      AppendPadded(bytes, field.varint, random);
    } else if (field.type == WireType::kBytes) {
      std::string inner(field.bytes);
      WireReader probe(inner);
      while (probe.Next()) {
      }
      if (!probe.failed() && depth < 3 && random.Chance(50)) {
        inner = Untidy(inner, random, depth + 1);
      }
      AppendPadded(bytes, inner.size(), random);
      bytes += inner;
    } else {
      bytes += field.bytes;
    }
    const size_t copies = random.Chance(15) ? 2 : 1;
    for (size_t i = 0; i < copies; ++i) fields.push_back(bytes);
  }
  if (random.Chance(30)) fields.push_back(std::string("\xf8\x7f\x05", 3));  // field 2047
  if (random.Chance(30)) fields.push_back(std::string("\xfa\x7f\x02\xff\xfe", 5));
  for (size_t i = fields.size(); i > 1 && random.Chance(80); --i) {
    std::swap(fields[i - 1], fields[random.Below(i)]);
  }
  std::string out;
  for (const std::string& field : fields) out += field;
  return out;
}

class Convert : public ::testing::Test {
 protected:
  Convert() : run(kMessages, "Key", "Answer", kComposition) {
    run.caller.Reply("GetA", [this](std::string_view) { return wire; });
  }
  // What the run makes of `wire`.
  absl::StatusOr<std::string> Answer() {
    run.Start("");
    absl::StatusOr<Composed> result = run.TakeResult();
    if (!result.ok()) return result.status();
    return result->message;
  }
  // Compares as messages: maps and unknown fields have no order.
  void Check(const pb::Message& a) {
    const absl::StatusOr<std::string> answer = Answer();
    ASSERT_TRUE(answer.ok()) << Std(answer.status().message());
    EXPECT_EQ(Difference(run, Expected(run, a), *answer), "") << "of " << a.ShortDebugString();
  }
  Composition run;
  std::string wire;
  pb::LogSilencer silencer;
};

TEST_F(Convert, RandomMessagesAsProtobufCopiesThem) {
  for (uint32_t seed = 0; seed < 2000 && !HasFailure(); ++seed) {
    Random random(seed);
    const auto a = run.dynamic().New("test.A");
    Fill(*a, random, 0);
    wire = testing::Serialize(*a);
    SCOPED_TRACE(seed);
    Check(*a);
  }
}

TEST_F(Convert, UntidyWiresMeanWhatProtobufReadsInThem) {
  int read = 0;
  for (uint32_t seed = 0; seed < 4000 && !HasFailure(); ++seed) {
    Random random(seed);
    const auto a = run.dynamic().New("test.A");
    Fill(*a, random, 1);
    wire = Untidy(testing::Serialize(*a), random, 0);
    const auto parsed = run.dynamic().New("test.A");
    SCOPED_TRACE(seed);
    if (!parsed->ParseFromString(wire)) continue;
    ++read;
    Check(*parsed);
  }
  EXPECT_GT(read, 3000);
}

// Whatever comes, nothing is read out of bounds, and what comes out is a message.
TEST_F(Convert, DamagedWiresFailOrGiveAMessage) {
  int failed = 0;
  for (uint32_t seed = 0; seed < 5000 && !HasFailure(); ++seed) {
    Random random(seed);
    const auto a = run.dynamic().New("test.A");
    Fill(*a, random, 1);
    wire = testing::Serialize(*a);
    for (uint64_t i = 1 + random.Below(3); i > 0 && !wire.empty(); --i) {
      const size_t at = random.Below(wire.size());
      if (random.Chance(50)) {
        wire[at] = static_cast<char>(random.Below(256));
      } else if (random.Chance(50)) {
        wire.resize(at);
      } else {
        wire.insert(at, 1, static_cast<char>(random.Below(256)));
      }
    }
    SCOPED_TRACE(seed);
    const auto parsed = run.dynamic().New("test.A");
    const bool readable = parsed->ParseFromString(wire);
    const absl::StatusOr<std::string> answer = Answer();
    if (!answer.ok()) {
      EXPECT_EQ(ReasonOf(answer.status()), "UPSTREAM_PROTOCOL");
      ++failed;
      continue;
    }
    EXPECT_TRUE(readable);
    EXPECT_TRUE(run.dynamic().New("test.Answer")->ParseFromString(*answer));
  }
  EXPECT_GT(failed, 500);
}

TEST(ConvertEnum, WhatIsNotSetIsTheDefaultOfItsOwnType) {
  Composition run(R"(
    enum Mood { MOOD_NONE = 0; MOOD_GOOD = 1; }
    enum State { STATE_GOOD = 0; STATE_NONE = 2; STATE_BAD = 3; }
    message Part { Mood mood = 1; optional Mood maybe = 2; Part inner = 3; }
    message View { State mood = 1; State maybe = 2; }
    message Key {}
    message Answer { State mood = 1; State words = 2; State maybe = 3; State inner = 4; View view = 5; }
    service Back { rpc Get(Key) returns (Part); })",
                  "Key", "Answer", R"(
    step { id: "part" call: "test.Back/Get" }
    out { to: "mood" from: "part.mood" }
    out { to: "words" from: "part.mood"
          convert { value { from: "MOOD_NONE" to: "STATE_BAD" } } }
    out { to: "maybe" from: "part.maybe" }
    out { to: "inner" from: "part.inner.mood" }
    out { to: "view" from: "part" })");
  struct Row {
    const char* reply;
    const char* answer;
  };
  const Row kRows[] = {
      {"", "mood: STATE_NONE words: STATE_BAD view { mood: STATE_NONE }"},
      {"mood: MOOD_GOOD", "view { }"},
      {"maybe: MOOD_NONE inner { }",
       "mood: STATE_NONE words: STATE_BAD maybe: STATE_NONE inner: STATE_NONE "
       "view { mood: STATE_NONE maybe: STATE_NONE }"},
  };
  for (const Row& row : kRows) {
    run.caller.Reply("Get",
                     [&](std::string_view) { return run.dynamic().Wire("test.Part", row.reply); });
    run.Start("");
    auto result = run.TakeResult();
    ASSERT_TRUE(result.ok());
    // As messages: whether a default is written or not is the same.
    const std::string text = run.dynamic().Text("test.Answer", result->message);
    EXPECT_EQ(text, row.answer) << row.reply;
  }
}

}  // namespace
}  // namespace frontdesk::compose
