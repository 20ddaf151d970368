// Scalars: from JSON tokens, and from text as path and query have it.
#include <bit>
#include <limits>

#include "gateway/base/text.h"
#include "gateway/transcode/base64.h"
#include "gateway/transcode/decoder.h"

namespace frontdesk::transcode::internal {

using contract::EnumTable;
using contract::Field;
using contract::FieldType;

namespace {

// The value in two's complement, if it lies within [-low, high].
bool InRange(const Integer& integer, uint64_t low, uint64_t high, uint64_t& value) {
  if (integer.magnitude > (integer.negative ? low : high)) return false;
  value = integer.negative ? ~integer.magnitude + 1 : integer.magnitude;
  return true;
}

constexpr uint64_t kMax32 = std::numeric_limits<int32_t>::max();
constexpr uint64_t kMax64 = std::numeric_limits<int64_t>::max();

}  // namespace

bool Decoder::Scalar(const Field& field) {
  const char c = in_.Peek();
  value_at_ = in_.mark();
  switch (field.type) {
    case FieldType::kBool:
      if (c != 't' && c != 'f') return Bad("expected true or false");
      if (!Literal(c == 't' ? "true" : "false")) return false;
      out_.Char(c == 't' ? 1 : 0);
      return true;
    case FieldType::kString:
      return StringValue(field);
    case FieldType::kBytes: {
      std::string_view text;
      if (c != '"') return Bad("expected a string");
      return in_.String(text) && BytesText(text);
    }
    case FieldType::kEnum:
      return EnumValue(field);
    default:
      return Number(field);
  }
}

bool Decoder::Number(const Field& field) {
  const char c = in_.Peek();
  std::string_view text;
  if (c == '"') {
    if (!in_.String(text)) return false;
    if (field.type == FieldType::kDouble || field.type == FieldType::kFloat) {
      return RealText(field, text);
    }
    return IsJsonNumber(text) ? NumberText(field, text) : Bad("expected a number");
  }
  if (c != '-' && (c < '0' || c > '9')) return Bad("expected a number");
  return in_.Number(text) && NumberText(field, text);
}

// As Number(), plus the names of values that JSON has no number for.
bool Decoder::RealText(const Field& field, std::string_view text) {
  double value = 0;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    value = -std::numeric_limits<double>::infinity();
  } else {
    return IsJsonNumber(text) ? NumberText(field, text) : Bad("expected a number");
  }
  if (field.type == FieldType::kFloat) {
    out_.Fixed(static_cast<float>(value));
  } else {
    out_.Fixed(value);
  }
  return true;
}

bool Decoder::NumberText(const Field& field, std::string_view text) {
  const auto varint = [&](uint64_t bits) {
    out_.Varint(bits);
    return true;
  };
  const auto fixed = [&](auto bits) {
    out_.Fixed(bits);
    return true;
  };
  if (field.type == FieldType::kDouble) {
    double real = 0;
    return ParseDouble(text, real) ? fixed(real) : Bad("out of range");
  }
  if (field.type == FieldType::kFloat) {
    float real = 0;
    return ParseFloat(text, real) ? fixed(real) : Bad("out of range");
  }
  Integer integer;
  if (!ParseInteger(text, integer)) return Bad("expected an integer within range");
  uint64_t value = 0;
  const auto in_range = [&](uint64_t low, uint64_t high) {
    return InRange(integer, low, high, value) || Bad("out of range");
  };
  switch (field.type) {
    case FieldType::kInt32:
      return in_range(kMax32 + 1, kMax32) && varint(value);
    case FieldType::kInt64:
      return in_range(kMax64 + 1, kMax64) && varint(value);
    case FieldType::kUint32:
      return in_range(0, UINT32_MAX) && varint(value);
    case FieldType::kUint64:
      return in_range(0, UINT64_MAX) && varint(value);
    case FieldType::kSint32:
      return in_range(kMax32 + 1, kMax32) && varint(ZigZag(static_cast<int64_t>(value)));
    case FieldType::kSint64:
      return in_range(kMax64 + 1, kMax64) && varint(ZigZag(static_cast<int64_t>(value)));
    case FieldType::kFixed32:
      return in_range(0, UINT32_MAX) && fixed(static_cast<uint32_t>(value));
    case FieldType::kSfixed32:
      return in_range(kMax32 + 1, kMax32) && fixed(static_cast<uint32_t>(value));
    case FieldType::kFixed64:
      return in_range(0, UINT64_MAX) && fixed(value);
    default:
      return in_range(kMax64 + 1, kMax64) && fixed(value);
  }
}

bool Decoder::StringValue(const Field&) {
  std::string_view text;
  if (in_.Peek() != '"') return Bad("expected a string");
  if (!in_.String(text)) return false;
  out_.Varint(text.size());
  out_.Raw(text);
  return true;
}

bool Decoder::BytesText(std::string_view text) {
  const size_t begin = out_.BeginLength();
  char* const end = DecodeBase64(text, out_.Reserve(Base64DecodedMax(text.size())));
  if (end == nullptr) return Bad("not base64");
  out_.Advance(end);
  out_.EndLength(begin);
  return true;
}

bool Decoder::EnumValue(const Field& field) {
  const char c = in_.Peek();
  std::string_view text;
  if (c == '"') return in_.String(text) && EnumName(field, text);
  if (c == 'n' && field.enumeration->null_value) {
    out_.Char(0);
    return Literal("null");
  }
  if (c != '-' && (c < '0' || c > '9')) return Bad("expected a name or a number");
  return in_.Number(text) && EnumNumber(field, text);
}

bool Decoder::EnumNumber(const Field& field, std::string_view text) {
  Integer integer;
  uint64_t value = 0;
  if (!ParseInteger(text, integer) || !InRange(integer, kMax32 + 1, kMax32, value)) {
    return Bad("expected an integer within range");
  }
  const EnumTable& table = *field.enumeration;
  if (table.closed && table.NameOf(static_cast<int32_t>(value)) == nullptr) {
    if (!options_.ignore_unknown) return Bad("no value of this enum has that number");
    dropped_ = true;
  }
  out_.Varint(value);
  return true;
}

bool Decoder::EnumName(const Field& field, std::string_view text) {
  const auto found = field.enumeration->by_name.find(Absl(text));
  if (found == field.enumeration->by_name.end()) {
    if (!options_.ignore_unknown) return Bad("no value of this enum has that name");
    dropped_ = true;
    return true;
  }
  out_.Varint(static_cast<uint64_t>(int64_t{found->second}));
  return true;
}

bool Decoder::ScalarText(const Field& field, std::string_view text) {
  switch (field.type) {
    case FieldType::kString:
      if (!contract::IsValidUtf8(text)) return Fail("INVALID_UTF8", "not UTF-8");
      out_.Varint(text.size());
      out_.Raw(text);
      return true;
    case FieldType::kBytes:
      return BytesText(text);
    case FieldType::kBool:
      if (text != "true" && text != "false") return Bad("expected true or false");
      out_.Char(text == "true" ? 1 : 0);
      return true;
    case FieldType::kEnum:
      return IsJsonNumber(text) ? EnumNumber(field, text) : EnumName(field, text);
    case FieldType::kDouble:
    case FieldType::kFloat:
      return RealText(field, text);
    default:
      return IsJsonNumber(text) ? NumberText(field, text) : Bad("expected a number");
  }
}

}  // namespace frontdesk::transcode::internal
