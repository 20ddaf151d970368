// What splicing and conversion by field name must give, made with protobuf's own messages.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/support/composition.h"

namespace frontdesk::compose {

namespace pb = google::protobuf;

// A reply of type A goes into the answer as it is, and by name as B, its children as Bs, and as C.
inline constexpr char kMessages[] = R"(
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

inline constexpr char kComposition[] = R"(
  step { id: "a" call: "test.Back/GetA" }
  out { to: "a" from: "a" } out { to: "b" from: "a" } out { to: "bs" from: "a.children" }
  out { to: "c" from: "a" })";

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

inline void CopyByName(const pb::Message& from, pb::Message& to);

inline int MapMood(const pb::EnumDescriptor& from, const pb::EnumDescriptor& to, int number,
                   bool& known) {
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

inline void CopyValue(const pb::Message& from, const pb::FieldDescriptor& source, int index,
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

inline void CopyByName(const pb::Message& from, pb::Message& to) {
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

inline std::string Expected(testing::Composition& run, const pb::Message& a) {
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

// The difference between the message that is wanted and what came, or "". Maps have no order; what
// is spliced keeps unknown fields and what is converted does not, so they do not count.
inline std::string Difference(testing::Composition& run, std::string_view want,
                              std::string_view got) {
  const auto parsed = run.dynamic().New("test.Answer");
  if (!parsed->ParseFromString(std::string(got))) return "not a message";
  const auto wanted = run.dynamic().New("test.Answer");
  if (!wanted->ParseFromString(std::string(want))) return "nothing is wanted";
  wanted->DiscardUnknownFields();
  parsed->DiscardUnknownFields();
  if (testing::Serialize(*wanted) == testing::Serialize(*parsed)) return "";  // with its NaNs
  pb::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  return differencer.Compare(*wanted, *parsed) ? "" : difference;
}

}  // namespace frontdesk::compose
