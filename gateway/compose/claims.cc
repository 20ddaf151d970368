#include "gateway/compose/claims.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "gateway/identity/claim_value.h"

namespace frontdesk::compose {
namespace {

using contract::FieldType;

template <class Value>
constexpr FieldType TypeOf() {
  return std::is_same_v<Value, std::string> ? FieldType::kString
         : std::is_same_v<Value, bool>      ? FieldType::kBool
         : std::is_same_v<Value, float>     ? FieldType::kFloat
         : std::is_same_v<Value, double>    ? FieldType::kDouble
         : std::is_same_v<Value, int32_t>   ? FieldType::kInt32
         : std::is_same_v<Value, uint32_t>  ? FieldType::kUint32
         : std::is_same_v<Value, int64_t>   ? FieldType::kInt64
                                            : FieldType::kUint64;
}

template <class Value>
const identity::JsonValue* Find(const upstream::CallContext& context, std::string_view path) {
  return identity::FindClaim(context.identity.get(), path, TypeOf<Value>());
}

}  // namespace

bool HasClaim(const upstream::CallContext& context, std::string_view path) {
  return identity::HasClaim(context.identity.get(), path);
}

bool ClaimIsOneOf(const upstream::CallContext& context, std::string_view path,
                  std::initializer_list<std::string_view> values) {
  const identity::JsonValue* const claim =
      context.identity == nullptr ? nullptr : context.identity->Claim(path);
  const std::optional<std::string> text = claim == nullptr ? std::nullopt : claim->ScalarText();
  return text && std::find(values.begin(), values.end(), *text) != values.end();
}

template <class Value>
bool ClaimFits(const upstream::CallContext& context, std::string_view path) {
  return Find<Value>(context, path) != nullptr;
}

template <class Value>
Value ClaimAs(const upstream::CallContext& context, std::string_view path) {
  const identity::JsonValue* const claim = Find<Value>(context, path);
  if (claim == nullptr) return Value();
  if constexpr (std::is_same_v<Value, std::string>) {
    return claim->text;
  } else {
    const uint64_t bits = identity::ClaimBits(*claim, TypeOf<Value>());
    if constexpr (std::is_same_v<Value, double>) {
      return std::bit_cast<double>(bits);
    } else if constexpr (std::is_same_v<Value, float>) {
      return std::bit_cast<float>(static_cast<uint32_t>(bits));
    } else {
      return static_cast<Value>(bits);
    }
  }
}

#define FRONTDESK_CLAIM(Value)                                                            \
  template bool ClaimFits<Value>(const upstream::CallContext& context, std::string_view); \
  template Value ClaimAs<Value>(const upstream::CallContext& context, std::string_view)
FRONTDESK_CLAIM(std::string);
FRONTDESK_CLAIM(bool);
FRONTDESK_CLAIM(float);
FRONTDESK_CLAIM(double);
FRONTDESK_CLAIM(int32_t);
FRONTDESK_CLAIM(uint32_t);
FRONTDESK_CLAIM(int64_t);
FRONTDESK_CLAIM(uint64_t);
#undef FRONTDESK_CLAIM

}  // namespace frontdesk::compose
