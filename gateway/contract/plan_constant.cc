#include "gateway/contract/plan_constant.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/wire.h"

namespace frontdesk::contract {
namespace {

using google::protobuf::util::FieldMaskUtil;
using google::protobuf::util::TimeUtil;

absl::Status Not(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(Absl(Cat(Quoted(text), " is not ", what)));
}

template <class Number>
bool Parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseFloating(std::string_view text, double& number) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") return number = std::numeric_limits<double>::quiet_NaN(), true;
  if (text == "Infinity") return number = kInfinity, true;
  if (text == "-Infinity") return number = -kInfinity, true;
  return Parse(text, number) && std::isfinite(number);  // "inf" and the like are not JSON
}

// A value without its tag. The wire's bits of an integer of `Number`, written by `write`.
template <class Number, class Write>
absl::StatusOr<std::string> Integer(std::string_view text, std::string_view type, Write write) {
  Number number;
  if (!Parse(text, number)) return Not(text, Cat("an ", type));
  std::string out;
  if (number != 0) write(out, number);
  return out;
}

absl::StatusOr<std::string> Floating(std::string_view text, bool is_float) {
  double number;
  if (!ParseFloating(text, number)) return Not(text, "a number");
  std::string out;
  if (std::bit_cast<uint64_t>(number) == 0) return out;
  if (!is_float) {
    AppendFixed64(out, std::bit_cast<uint64_t>(number));
    return out;
  }
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
    return Not(text, "in the range of a float");
  }
  AppendFixed32(out, std::bit_cast<uint32_t>(static_cast<float>(number)));
  return out;
}

absl::StatusOr<std::string> EnumValue(const EnumTable& type, std::string_view text) {
  int32_t number;
  if (!Parse(text, number)) {
    std::vector<std::string> names;
    bool found = false;
    for (const auto& [value, name] : type.by_number) {
      names.push_back(name);
      if (name != text || found) continue;
      found = true;
      number = value;
    }
    if (!found) return Not(text, Cat("a value of ", type.full_name, DidYouMean(text, names)));
  } else if (type.closed && !type.NameOf(number)) {
    return Not(text, Cat("a value of ", type.full_name));
  }
  std::string out;
  // A negative number takes ten bytes, as protobuf sign-extends it.
  if (number != 0) AppendVarint(out, static_cast<uint64_t>(int64_t{number}));
  return out;
}

absl::StatusOr<std::string> Bytes(std::string_view text) {
  std::string out;
  if (absl::Base64Unescape(Absl(text), &out)) return out;
  if (absl::WebSafeBase64Unescape(Absl(text), &out)) return out;
  return Not(text, "base64");
}

absl::StatusOr<std::string> Scalar(const Field& field, std::string_view text);

absl::StatusOr<std::string> Message(const MessageTable& type, std::string_view text) {
  switch (type.well_known) {
    case WellKnown::kTimestamp: {
      google::protobuf::Timestamp value;
      if (!TimeUtil::FromString(std::string(text), &value)) {
        return Not(text, "a timestamp such as 2024-05-01T12:00:00Z");
      }
      return value.SerializeAsString();
    }
    case WellKnown::kDuration: {
      google::protobuf::Duration value;
      if (!TimeUtil::FromString(std::string(text), &value)) {
        return Not(text, "a duration such as 1.5s");
      }
      return value.SerializeAsString();
    }
    case WellKnown::kFieldMask: {
      google::protobuf::FieldMask value;
      if (!FieldMaskUtil::FromJsonString(std::string(text), &value)) {
        return Not(text, "a field mask such as id,displayName");
      }
      return value.SerializeAsString();
    }
    case WellKnown::kDoubleValue:
    case WellKnown::kFloatValue:
    case WellKnown::kInt64Value:
    case WellKnown::kUint64Value:
    case WellKnown::kInt32Value:
    case WellKnown::kUint32Value:
    case WellKnown::kBoolValue:
    case WellKnown::kStringValue:
    case WellKnown::kBytesValue:
      return EncodeConstant(*type.FindNumber(1), text);
    case WellKnown::kNone:
    case WellKnown::kAny:
    case WellKnown::kStruct:
    case WellKnown::kValue:
    case WellKnown::kListValue:
    case WellKnown::kEmpty:
    case WellKnown::kHttpBody:
      break;
  }
  return absl::InvalidArgumentError(
      Absl(Cat(type.full_name, " has no constants: bind its fields one by one")));
}

// The value without tag and length; "" for the default.
absl::StatusOr<std::string> Scalar(const Field& field, std::string_view text) {
  const auto varint = [](std::string& out, auto number) {
    AppendVarint(out, static_cast<uint64_t>(static_cast<int64_t>(number)));
  };
  const auto unsigned_varint = [](std::string& out, auto number) { AppendVarint(out, number); };
  const auto zigzag = [](std::string& out, auto number) { AppendVarint(out, ZigZag(number)); };
  const auto fixed32 = [](std::string& out, auto number) {
    AppendFixed32(out, static_cast<uint32_t>(number));
  };
  const auto fixed64 = [](std::string& out, auto number) {
    AppendFixed64(out, static_cast<uint64_t>(number));
  };
  switch (field.type) {
    case FieldType::kDouble:
      return Floating(text, false);
    case FieldType::kFloat:
      return Floating(text, true);
    case FieldType::kInt64:
      return Integer<int64_t>(text, "int64", varint);
    case FieldType::kUint64:
      return Integer<uint64_t>(text, "uint64", unsigned_varint);
    case FieldType::kInt32:
      return Integer<int32_t>(text, "int32", varint);
    case FieldType::kFixed64:
      return Integer<uint64_t>(text, "uint64", fixed64);
    case FieldType::kFixed32:
      return Integer<uint32_t>(text, "uint32", fixed32);
    case FieldType::kUint32:
      return Integer<uint32_t>(text, "uint32", unsigned_varint);
    case FieldType::kSfixed32:
      return Integer<int32_t>(text, "int32", fixed32);
    case FieldType::kSfixed64:
      return Integer<int64_t>(text, "int64", fixed64);
    case FieldType::kSint32:
      return Integer<int32_t>(text, "int32", zigzag);
    case FieldType::kSint64:
      return Integer<int64_t>(text, "int64", zigzag);
    case FieldType::kBool:
      if (text == "true") return std::string(1, '\1');
      if (text == "false") return std::string();
      return Not(text, "true or false");
    case FieldType::kEnum:
      return EnumValue(*field.enumeration, text);
    case FieldType::kString:
      if (!IsValidUtf8(text)) return Not(text, "UTF-8");
      return std::string(text);
    case FieldType::kBytes:
      return Bytes(text);
    case FieldType::kMessage:
      return Message(*field.message, text);
    case FieldType::kGroup:
      break;
  }
  return Not(text, "possible: groups are not supported");
}

// The bytes of the default, where Scalar() says "".
std::string DefaultBytes(WireType type) {
  switch (type) {
    case WireType::kVarint:
      return std::string(1, '\0');
    case WireType::kFixed32:
      return std::string(4, '\0');
    case WireType::kFixed64:
      return std::string(8, '\0');
    case WireType::kBytes:
    case WireType::kStartGroup:
    case WireType::kEndGroup:
      break;
  }
  return std::string();
}

}  // namespace

absl::StatusOr<std::string> EncodeConstantValue(const Field& field, std::string_view text) {
  absl::StatusOr<std::string> value = Scalar(field, text);
  if (value.ok() && value->empty()) *value = DefaultBytes(WireTypeOf(field.type));
  return value;
}

absl::StatusOr<std::string> EncodeConstant(const Field& field, std::string_view text) {
  if (field.map) return Not(text, "a way to fill a map");
  absl::StatusOr<std::string> value = Scalar(field, text);
  if (!value.ok()) return value;
  std::string out;
  if (value->empty()) {
    if (!field.has_presence && !field.repeated) return out;
    *value = DefaultBytes(WireTypeOf(field.type));
  }
  const bool packed = field.repeated && field.packed;
  const WireType type = packed ? WireType::kBytes : WireTypeOf(field.type);
  AppendTag(out, field.number, type);
  if (type == WireType::kBytes) AppendVarint(out, value->size());
  out += *value;
  return out;
}

}  // namespace frontdesk::contract
