// Rules held against wire bytes, against a slow check of the message that protobuf makes of them.
// Input: the wire of a message M. What must hold for any input: the same answer twice; and of what
// is well-formed the same violations as the slow check finds.
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/stubs/logging.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/shorten.h"
#include "gateway/contract/formats.h"
#include "gateway/contract/pattern.h"
#include "gateway/contract/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/policy/rules_of_one.h"

namespace frontdesk {
namespace {

namespace pb = google::protobuf;

constexpr char kMessages[] = R"(
enum E { ZERO = 0; ONE = 1; TWO = 2; }
message Leaf {
  string id = 1 [(frontdesk.v1.field).rules = { required: true string { max_len: 3 } }];
  sint32 number = 2 [(frontdesk.v1.field).rules.int32 = { gt: -2 lte: 5 not_in: [3] }];
  optional double real = 3 [(frontdesk.v1.field).rules.double = { gte: -1 lt: 1 finite: true }];
  M up = 4;
}
message M {
  string text = 1 [(frontdesk.v1.field).rules.string = { min_len: 1 max_bytes: 5 not_contains: "x" }];
  optional string name = 2 [(frontdesk.v1.field).rules.string = { pattern: "^[a-c]+$" }];
  bytes raw = 3 [(frontdesk.v1.field).rules = { ignore: IGNORE_IF_ZERO_VALUE bytes { min_len: 2 } }];
  repeated int64 list = 4 [(frontdesk.v1.field).rules.repeated = {
      min_items: 1 max_items: 3 unique: true items { int64 { gte: 0 } } }];
  repeated fixed32 fixed = 5 [(frontdesk.v1.field).rules.repeated.unique = true];
  repeated string texts = 6 [(frontdesk.v1.field).rules = {
      ignore: IGNORE_IF_ZERO_VALUE repeated { min_items: 2 unique: true } }];
  map<string, Leaf> leaves = 7 [(frontdesk.v1.field).rules.map = {
      max_pairs: 2 keys { string { min_len: 1 } } }];
  map<sint64, int32> numbers = 8 [(frontdesk.v1.field).rules.map.values = {
      ignore: IGNORE_IF_ZERO_VALUE int32 { gt: 7 } }];
  Leaf leaf = 9 [(frontdesk.v1.field).rules.required = true];
  repeated M more = 10;
  oneof way {
    option (frontdesk.v1.oneof).required = true;
    uint64 way_number = 11 [(frontdesk.v1.field).rules.uint64.lt = 9];
    Leaf way_leaf = 12;
    bool way_bool = 13;
  }
  E kind = 14 [(frontdesk.v1.field).rules.enum = { defined_only: true not_in: [2] }];
  repeated E kinds = 15 [(frontdesk.v1.field).rules.repeated.items.enum.in = 1];
  google.protobuf.Duration wait = 16 [(frontdesk.v1.field).rules.duration = { gt {} lte { seconds: 9 } }];
  google.protobuf.Timestamp at = 17 [(frontdesk.v1.field).rules.timestamp = { lt_now: true within { seconds: 90 } }];
  google.protobuf.StringValue wrapped = 18 [(frontdesk.v1.field).rules.string.max_len = 2];
  float real = 19 [(frontdesk.v1.field).rules.float = { gte: 0 }];
  double needed = 20 [(frontdesk.v1.field).rules.required = true];
  Leaf ignored = 21 [(frontdesk.v1.field).rules.ignore = IGNORE_ALWAYS];
  repeated double reals = 22 [(frontdesk.v1.field).rules.repeated.unique = true];
  bool flag = 23 [(frontdesk.v1.field).rules.bool.const = false];
}
)";

using Found = std::multiset<std::string>;
using v1::FieldRules;

// One value, as protobuf gives it.
struct Value {
  std::string text;
  long double number = 0;  // exact for every kind
  bool numeric = false;
};

class Slow {
 public:
  Found found;

  void Message(const pb::Message& message, const std::string& above) {
    const pb::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      const FieldRules& rules = field.options().GetExtension(v1::field).rules();
      if (rules.ignore() == FieldRules::IGNORE_ALWAYS) continue;
      Field(message, field, rules, Cat(above, field.name()));
    }
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor& oneof = *type.oneof_decl(i);
      if (!oneof.options().GetExtension(v1::oneof).required()) continue;
      if (!message.GetReflection()->HasOneof(message, &oneof)) {
        Break(Cat(above, oneof.name()), "required");
      }
    }
  }

 private:
  void Break(const std::string& path, const std::string& rule) {
    found.insert(Cat(Shorten(path, 512), ' ', rule));
  }
  void Need(bool keeps, const std::string& path, const std::string& rule) {
    if (!keeps) Break(path, rule);
  }

  static Value Of(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
    const pb::Reflection& r = *message.GetReflection();
    const bool list = index >= 0;
    Value value;
    value.numeric = true;
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        value.number =
            list ? r.GetRepeatedInt32(message, &field, index) : r.GetInt32(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_INT64:
        value.number =
            list ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        value.number =
            list ? r.GetRepeatedUInt32(message, &field, index) : r.GetUInt32(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        value.number =
            list ? r.GetRepeatedUInt64(message, &field, index) : r.GetUInt64(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        value.number =
            list ? r.GetRepeatedDouble(message, &field, index) : r.GetDouble(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        value.number =
            list ? r.GetRepeatedFloat(message, &field, index) : r.GetFloat(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        value.number =
            list ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        value.number =
            list ? r.GetRepeatedEnumValue(message, &field, index) : r.GetEnumValue(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_STRING:
        value.numeric = false;
        value.text =
            list ? r.GetRepeatedString(message, &field, index) : r.GetString(message, &field);
        break;
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return value;
  }

  void Field(const pb::Message& message, const pb::FieldDescriptor& field, const FieldRules& rules,
             const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.is_map()) return Map(message, field, rules, path);
    if (field.is_repeated()) return List(message, field, rules, path);
    const bool set = reflection.HasField(message, &field);
    if (rules.required() && !set) return Break(path, "required");
    if (field.has_presence() && !set) return;
    if (field.message_type() != nullptr) {
      return Inside(reflection.GetMessage(message, &field), rules, path);
    }
    One(Of(message, field, -1), field, rules, path);
  }

  void Inside(const pb::Message& message, const FieldRules& rules, const std::string& path) {
    const std::string& type = message.GetDescriptor()->full_name();
    const auto part = [&](int number) {
      return Of(message, *message.GetDescriptor()->FindFieldByNumber(number), -1).number;
    };
    if (type == "google.protobuf.StringValue") {
      One(Of(message, *message.GetDescriptor()->field(0), -1), *message.GetDescriptor()->field(0),
          rules, path);
    } else if (type == "google.protobuf.Duration") {
      const __int128 nanos =
          static_cast<__int128>(part(1)) * 1'000'000'000 + static_cast<__int128>(part(2));
      Need(nanos > 0, path, "duration.gt");
      Need(nanos <= 9'000'000'000, path, "duration.lte");
    } else if (type == "google.protobuf.Timestamp") {
      const __int128 nanos =
          static_cast<__int128>(part(1)) * 1'000'000'000 + static_cast<__int128>(part(2));
      const __int128 now = policy::FixedNow().time_since_epoch() / std::chrono::nanoseconds(1);
      Need(nanos < now, path, "timestamp.lt_now");
      Need(nanos >= now - 90'000'000'000 && nanos <= now + 90'000'000'000, path,
           "timestamp.within");
    } else {
      Message(message, path + '.');
    }
  }

  void List(const pb::Message& message, const pb::FieldDescriptor& field, const FieldRules& rules,
            const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    const auto& list = rules.repeated();
    bool doubled = false;
    for (int i = 0; i < size; ++i) {
      const std::string item = Cat(path, '[', i, ']');
      if (field.message_type() != nullptr) {
        Inside(reflection.GetRepeatedMessage(message, &field, i), list.items(), item);
        continue;
      }
      const Value value = Of(message, field, i);
      One(value, field, list.items(), item);
      for (int k = 0; k < i; ++k) {
        const Value other = Of(message, field, k);
        doubled |= value.number == other.number && value.text == other.text;
      }
    }
    if (size == 0 && rules.ignore() == FieldRules::IGNORE_IF_ZERO_VALUE) return;
    const auto count = static_cast<uint64_t>(size);
    Need(!list.has_min_items() || count >= list.min_items(), path, "repeated.min_items");
    Need(!list.has_max_items() || count <= list.max_items(), path, "repeated.max_items");
    Need(!list.unique() || !doubled, path, "repeated.unique");
  }

  void Map(const pb::Message& message, const pb::FieldDescriptor& field, const FieldRules& rules,
           const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    const pb::FieldDescriptor& key = *field.message_type()->field(0);
    const pb::FieldDescriptor& mapped = *field.message_type()->field(1);
    uint64_t count = 0;
    for (int i = 0; i < size; ++i) {
      const pb::Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      const Value name = Of(entry, key, -1);
      // A dynamic message keeps all entries that it has read; of one key the last is meant.
      bool last = true;
      for (int k = i + 1; k < size; ++k) {
        const Value other = Of(reflection.GetRepeatedMessage(message, &field, k), key, -1);
        last &= other.text != name.text || other.number != name.number;
      }
      if (!last) continue;
      ++count;
      const std::string at =
          Cat(path, name.numeric ? Cat('[', static_cast<int64_t>(name.number), ']')
                                 : Cat("[\"", Shorten(name.text), "\"]"));
      One(name, key, rules.map().keys(), at);
      if (mapped.message_type() != nullptr) {
        Inside(entry.GetReflection()->GetMessage(entry, &mapped), rules.map().values(), at);
      } else {
        One(Of(entry, mapped, -1), mapped, rules.map().values(), at);
      }
    }
    Need(!rules.map().has_max_pairs() || count <= rules.map().max_pairs(), path, "map.max_pairs");
  }

  template <class Rules>
  void Ordered(const Rules& rules, long double number, const std::string& path,
               const std::string& kind) {
    const auto bound = [](auto value) { return static_cast<long double>(value); };
    if (rules.has_gt()) Need(number > bound(rules.gt()), path, kind + ".gt");
    if (rules.has_gte()) Need(number >= bound(rules.gte()), path, kind + ".gte");
    if (rules.has_lt()) Need(number < bound(rules.lt()), path, kind + ".lt");
    if (rules.has_lte()) Need(number <= bound(rules.lte()), path, kind + ".lte");
    bool out = true;
    for (const auto other : rules.not_in()) out &= number != bound(other);
    Need(out, path, kind + ".not_in");
  }

  void One(const Value& value, const pb::FieldDescriptor& field, const FieldRules& rules,
           const std::string& path) {
    const bool zero = value.numeric ? value.number == 0 : value.text.empty();
    if (rules.ignore() == FieldRules::IGNORE_IF_ZERO_VALUE && zero) return;
    switch (rules.type_case()) {
      case FieldRules::kInt32:
        return Ordered(rules.int32(), value.number, path, "int32");
      case FieldRules::kInt64:
        return Ordered(rules.int64(), value.number, path, "int64");
      case FieldRules::kUint64:
        return Ordered(rules.uint64(), value.number, path, "uint64");
      case FieldRules::kFloat:
        return Ordered(rules.float_(), value.number, path, "float");
      case FieldRules::kDouble:
        Ordered(rules.double_(), value.number, path, "double");
        return Need(!rules.double_().finite() || std::isfinite(value.number), path,
                    "double.finite");
      case FieldRules::kBool:
        return Need((value.number != 0) == rules.bool_().const_(), path, "bool.const");
      case FieldRules::kEnum:
        return Enum(static_cast<int>(value.number), field, rules.enum_(), path);
      case FieldRules::kString:
        return String(value.text, rules.string(), path);
      case FieldRules::kBytes:
        return Need(value.text.size() >= rules.bytes().min_len(), path, "bytes.min_len");
      default:
        return;
    }
  }

  void Enum(int number, const pb::FieldDescriptor& field, const v1::EnumRules& rules,
            const std::string& path) {
    const bool known = field.enum_type()->FindValueByNumber(number) != nullptr;
    Need(!rules.defined_only() || known, path, "enum.defined_only");
    const auto& none = rules.not_in();
    Need(std::find(none.begin(), none.end(), number) == none.end(), path, "enum.not_in");
    const auto& one = rules.in();
    Need(one.empty() || std::find(one.begin(), one.end(), number) != one.end(), path, "enum.in");
  }

  void String(const std::string& text, const v1::StringRules& rules, const std::string& path) {
    uint64_t characters = 0;
    for (const char c : text) characters += (c & 0xC0) != 0x80;
    Need(!rules.has_min_len() || characters >= rules.min_len(), path, "string.min_len");
    Need(!rules.has_max_len() || characters <= rules.max_len(), path, "string.max_len");
    Need(!rules.has_max_bytes() || text.size() <= rules.max_bytes(), path, "string.max_bytes");
    Need(!rules.has_not_contains() || text.find(rules.not_contains()) == std::string::npos, path,
         "string.not_contains");
    if (!rules.has_pattern()) return;
    // "^[a-c]+$", the only one here.
    const bool matches = !text.empty() && text.find_first_not_of("abc") == std::string::npos;
    Need(matches, path, "string.pattern");
  }
};

Found FoundBy(const absl::Status& status) {
  google::rpc::BadRequest bad;
  FUZZ_CHECK(bad.ParseFromString(FieldViolationsOf(status)));
  Found found;
  for (const auto& one : bad.field_violations()) {
    found.insert(Cat(one.field(), ' ', one.reason()));
  }
  return found;
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  static google::protobuf::LogSilencer silencer;  // what protobuf finds wrong is not news
  static const auto* const one = new policy::RulesOfOne(kMessages);
  static auto* const factory = new pb::DynamicMessageFactory;
  const std::string_view wire = fuzz::Text(data, size);
  policy::Violations violations;
  policy::ValidateMessage(*one->rules(), wire, policy::FixedNow, violations);
  const absl::Status status = violations.ToStatus();
  const absl::Status again = one->StatusOfWire(wire);
  FUZZ_CHECK(again.message() == status.message());
  FUZZ_CHECK(FieldViolationsOf(again) == FieldViolationsOf(status));
  if (violations.full() || !contract::IsWellFormed(one->table(), wire)) return 0;
  const std::unique_ptr<pb::Message> message(factory->GetPrototype(one->table().descriptor)->New());
  FUZZ_CHECK(message->ParsePartialFromArray(wire.data(), static_cast<int>(wire.size())));
  Slow slow;
  slow.Message(*message, "");
  if (slow.found == FoundBy(status)) return 0;
  for (const std::string& each : slow.found) std::fprintf(stderr, "slow: %s\n", each.c_str());
  for (const std::string& each : FoundBy(status)) std::fprintf(stderr, "fast: %s\n", each.c_str());
  FUZZ_CHECK(!"the same violations");
  return 0;
}
