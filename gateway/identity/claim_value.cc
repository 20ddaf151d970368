#include "gateway/identity/claim_value.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace frontdesk::identity {
namespace {

using contract::FieldType;
using Kind = JsonValue::Kind;

// Of a number, as a field of this width has it; nothing when it is too large for one.
std::optional<double> Floating(const JsonValue& claim, bool narrow) {
  double number = 0;
  if (claim.is(Kind::kInteger)) {
    number = static_cast<double>(claim.integer);
  } else if (claim.is(Kind::kNumber)) {
    const char* const end = claim.text.data() + claim.text.size();
    const auto [rest, error] = std::from_chars(claim.text.data(), end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (narrow && std::abs(number) > std::numeric_limits<float>::max()) return std::nullopt;
  return number;
}

template <class Number>
bool Holds(const JsonValue& claim) {
  return claim.is(Kind::kInteger) && claim.integer >= std::numeric_limits<Number>::min() &&
         claim.integer <= std::numeric_limits<Number>::max();
}

bool Fits(const JsonValue& claim, FieldType type) {
  switch (type) {
    case FieldType::kString:
      return claim.is(Kind::kText);
    case FieldType::kBool:
      return claim.is(Kind::kBool);
    case FieldType::kDouble:
    case FieldType::kFloat:
      return Floating(claim, type == FieldType::kFloat).has_value();
    case FieldType::kInt32:
    case FieldType::kSint32:
    case FieldType::kSfixed32:
      return Holds<int32_t>(claim);
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return Holds<uint32_t>(claim);
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      return claim.is(Kind::kInteger);
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return claim.is(Kind::kInteger) && claim.integer >= 0;
    default:
      return false;
  }
}

}  // namespace

const JsonValue* FindClaim(const Identity* who, std::string_view path, FieldType type) {
  const JsonValue* const claim = who == nullptr ? nullptr : who->Claim(path);
  return claim != nullptr && Fits(*claim, type) ? claim : nullptr;
}

bool HasClaim(const Identity* who, std::string_view path) {
  const JsonValue* const claim = who == nullptr ? nullptr : who->Claim(path);
  return claim != nullptr && !claim->is(Kind::kNull);
}

uint64_t ClaimBits(const JsonValue& claim, FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return claim.truth ? 1 : 0;
    case FieldType::kDouble:
      return std::bit_cast<uint64_t>(*Floating(claim, false));
    case FieldType::kFloat:
      return std::bit_cast<uint32_t>(static_cast<float>(*Floating(claim, true)));
    default:
      return static_cast<uint64_t>(claim.integer);
  }
}

}  // namespace frontdesk::identity
