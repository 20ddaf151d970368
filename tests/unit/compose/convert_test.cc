// Splicing and conversion by field name, compared with what protobuf's own messages give, on random
// messages whose wires are as untidy as wires may be.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gateway/contract/wire.h"
#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

namespace pb = google::protobuf;
using contract::WireField;
using contract::WireReader;
using contract::WireType;
using testing::Composition;

constexpr char kMessages[] = R"(
  enum Mood { MOOD_NONE = 0; MOOD_GOOD = 1; MOOD_BAD = -2; }
  enum Humour { HUMOUR_NONE = 0; HUMOUR_GOOD = 3; HUMOUR_BAD = 4; HUMOUR_ODD = 5; }
  message Point { int32 x = 1; int32 y = 2; string label = 3; }
  message Spot { sint64 y = 5; string label = 1; repeated Spot around = 9; }
  message A {
    int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
    fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10; float flt = 11;
    double dbl = 12; bool flag = 13; string text = 14; bytes raw = 15; Mood mood = 16;
    Point point = 17; repeated Point points = 18; repeated int32 numbers = 19;
    repeated string words = 20; map<string, Point> places = 21; map<int32, string> names = 22;
    oneof choice { string first = 23; Point second = 24; int32 third = 25; Point fourth = 26; }
    optional int32 maybe = 27; optional string maybe_text = 28; A child = 29; repeated A children = 30;
    repeated float floats = 31 [packed = false]; repeated Mood moods = 32;
    google.protobuf.Timestamp when = 33; string only_here = 34; optional bool certain = 35;
    Mood same_mood = 36; repeated uint32 counts = 37; google.protobuf.Int32Value wrapped = 38;
    repeated bytes blobs = 39; Point untouched = 40;
  }
  message B {
    repeated B children = 1; B child = 2; int64 i32 = 30; sfixed64 i64 = 3; int64 u32 = 4;
    fixed64 u64 = 5; sint64 s32 = 6; int64 s64 = 7; uint64 f32 = 8; uint64 f64 = 9; int32 sf32 = 10;
    sint64 sf64 = 11; double flt = 12; double dbl = 13; bool flag = 14; bytes text = 15;
    bytes raw = 16; Humour mood = 17; Spot point = 18; repeated Spot points = 19;
    repeated sint64 numbers = 20 [packed = false]; repeated string words = 21;
    map<string, Spot> places = 22; map<int32, string> names = 23;
    oneof choice { string first = 24; Spot second = 25; int64 third = 26; Point fourth = 27; }
    optional int64 maybe = 28; string maybe_text = 29; repeated double floats = 31;
    repeated Humour moods = 32; google.protobuf.Timestamp when = 33; string only_there = 34;
    bool certain = 35; Mood same_mood = 36; repeated int64 counts = 200;
    google.protobuf.Int32Value wrapped = 38; repeated bytes blobs = 39; Point untouched = 40;
  }
  message C { optional int32 i32 = 1; optional string text = 2; oneof o { int64 i64 = 3; bool flag = 4; } }
  message Key {}
  message Answer { B b = 1; A a = 2; repeated B bs = 3; C c = 4; }
  service Back { rpc GetA(Key) returns (A); }
)";

constexpr char kComposition[] = R"(
  step { id: "a" call: "test.Back/GetA" }
  out { to: "a" from: "a" } out { to: "b" from: "a" } out { to: "bs" from: "a.children" }
  out { to: "c" from: "a" })";

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

// Sets or adds a value by reflection.
struct Setter {
  pb::Message& message;
  const pb::FieldDescriptor& field;

#define FRONTDESK_TYPE(type, Name)                               \
  void operator()(type value) const {                            \
    const pb::Reflection& reflection = *message.GetReflection(); \
    if (field.is_repeated()) {                                   \
      reflection.Add##Name(&message, &field, value);             \
    } else {                                                     \
      reflection.Set##Name(&message, &field, value);             \
    }                                                            \
  }
  FRONTDESK_TYPE(int32_t, Int32)
  FRONTDESK_TYPE(int64_t, Int64)
  FRONTDESK_TYPE(uint32_t, UInt32)
  FRONTDESK_TYPE(uint64_t, UInt64)
  FRONTDESK_TYPE(double, Double)
  FRONTDESK_TYPE(float, Float)
  FRONTDESK_TYPE(bool, Bool)
  FRONTDESK_TYPE(std::string, String)
#undef FRONTDESK_TYPE
};

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

// --- the reference: by-name copy on protobuf's messages ---

void CopyByName(const pb::Message& from, pb::Message& to);

int MapMood(const pb::EnumDescriptor& from, const pb::EnumDescriptor& to, int number, bool& known) {
  known = true;
  if (&from == &to) return number;
  const pb::EnumValueDescriptor* value = from.FindValueByNumber(number);
  if (!(known = value != nullptr)) return 0;
  static constexpr std::pair<std::string_view, int> kHumours[] = {
      {"MOOD_NONE", 0}, {"MOOD_GOOD", 3}, {"MOOD_BAD", 4}};
  for (const auto& [name, humour] : kHumours) {
    if (name == value->name()) return humour;
  }
  known = false;
  return 0;
}

void CopyValue(const pb::Message& from, const pb::FieldDescriptor& source, int index,
               pb::Message& to, const pb::FieldDescriptor& target) {
  const pb::Reflection& get = *from.GetReflection();
  const Setter set{to, target};
  const bool many = source.is_repeated();
  const auto number = [&](auto value) {
    switch (target.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return set(static_cast<int32_t>(value));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return set(static_cast<int64_t>(value));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return set(static_cast<uint32_t>(value));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return set(static_cast<uint64_t>(value));
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return set(static_cast<double>(value));
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return set(static_cast<float>(value));
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return set(static_cast<bool>(value));
      default:
        return;
    }
  };
#define FRONTDESK_GET(Name) \
  (many ? get.GetRepeated##Name(from, &source, index) : get.Get##Name(from, &source))
  switch (source.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return number(FRONTDESK_GET(Int32));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return number(FRONTDESK_GET(Int64));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return number(FRONTDESK_GET(UInt32));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return number(FRONTDESK_GET(UInt64));
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return number(FRONTDESK_GET(Double));
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return number(FRONTDESK_GET(Float));
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return number(FRONTDESK_GET(Bool));
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return set(FRONTDESK_GET(String));
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      bool known;
      const int value =
          MapMood(*source.enum_type(), *target.enum_type(), FRONTDESK_GET(EnumValue), known);
      if (!known) return;
      if (many) return to.GetReflection()->AddEnumValue(&to, &target, value);
      return to.GetReflection()->SetEnumValue(&to, &target, value);
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return CopyByName(FRONTDESK_GET(Message),
                        many ? *to.GetReflection()->AddMessage(&to, &target)
                             : *to.GetReflection()->MutableMessage(&to, &target));
  }
#undef FRONTDESK_GET
}

void CopyByName(const pb::Message& from, pb::Message& to) {
  if (from.GetDescriptor() == to.GetDescriptor()) return to.CopyFrom(from);
  const pb::Reflection& get = *from.GetReflection();
  for (int i = 0; i < to.GetDescriptor()->field_count(); ++i) {
    const pb::FieldDescriptor& target = *to.GetDescriptor()->field(i);
    const pb::FieldDescriptor* source = from.GetDescriptor()->FindFieldByName(target.name());
    if (!source) continue;
    if (source->is_repeated()) {
      const int size = get.FieldSize(from, source);
      for (int j = 0; j < size; ++j) CopyValue(from, *source, j, to, target);
      continue;
    }
    // What has no presence always has a value, but does not decide a oneof with its default.
    const bool there =
        get.HasField(from, source) || (!source->has_presence() && !target.real_containing_oneof());
    if (there) CopyValue(from, *source, 0, to, target);
  }
}

std::string Expected(Composition& run, const pb::Message& a) {
  const auto answer = run.dynamic().New("test.Answer");
  const pb::Reflection& reflection = *answer->GetReflection();
  const auto field = [&](const char* name) {
    return answer->GetDescriptor()->FindFieldByName(name);
  };
  reflection.MutableMessage(answer.get(), field("a"))->CopyFrom(a);
  CopyByName(a, *reflection.MutableMessage(answer.get(), field("b")));
  CopyByName(a, *reflection.MutableMessage(answer.get(), field("c")));
  const pb::FieldDescriptor* children = a.GetDescriptor()->FindFieldByName("children");
  for (int i = 0; i < a.GetReflection()->FieldSize(a, children); ++i) {
    CopyByName(a.GetReflection()->GetRepeatedMessage(a, children, i),
               *reflection.AddMessage(answer.get(), field("bs")));
  }
  return testing::Serialize(*answer);
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
    const auto got = run.dynamic().New("test.Answer");
    ASSERT_TRUE(got->ParseFromString(*answer));
    const auto want = run.dynamic().New("test.Answer");
    ASSERT_TRUE(want->ParseFromString(Expected(run, a)));
    // What is spliced keeps unknown fields, what is converted does not.
    want->DiscardUnknownFields();
    got->DiscardUnknownFields();
    pb::util::MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    if (!differencer.Compare(*want, *got)) {
      ADD_FAILURE() << difference << "\nof " << a.ShortDebugString();
    }
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

}  // namespace
}  // namespace frontdesk::compose
