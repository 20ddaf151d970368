#include "gateway/compose/condition.h"

#include <algorithm>
#include <optional>

#include "gateway/compose/scalar.h"
#include "gateway/contract/wire.h"
#include "gateway/identity/claim_value.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::FieldType;
using contract::PlanCondition;
using contract::Source;

bool IsText(const Field& field) {
  return field.type == FieldType::kString || field.type == FieldType::kBytes;
}

// The first slot of what the path begins with; nothing when that is a step without a reply.
std::optional<uint32_t> BaseOf(const Source& source, const Knowledge& known) {
  if (source.root != Source::Root::kStep) return known.request;
  const StepSlots& step = known.steps[source.step];
  return step.there ? std::optional(step.base) : std::nullopt;
}

bool Has(const Source& source, const Knowledge& known) {
  if (source.root == Source::Root::kCaller) {
    return source.claim.empty() ? !known.caller_sub.empty()
                                : identity::HasClaim(known.caller, source.claim);
  }
  const std::optional<uint32_t> base = BaseOf(source, known);
  if (!base) return false;
  if (!source.field) return true;
  const Field& field = *source.field;
  const Slots::Value* value = known.slots.First(*base + source.slot);
  if (field.repeated) {
    while (value && value->packed && value->bytes.empty()) value = known.slots.Next(*value);
    return value != nullptr;
  }
  if (!value || field.has_presence) return value != nullptr;
  return IsText(field) ? !value->bytes.empty() : DecodeScalar(field.type, value->bytes) != 0;
}

bool IsOneOf(const std::vector<std::string>& values, std::string_view text) {
  return std::find(values.begin(), values.end(), text) != values.end();
}

bool IsIn(const PlanCondition& condition, const Knowledge& known) {
  const Source& source = condition.source;
  if (!source.claim.empty()) {
    const identity::JsonValue* const claim =
        known.caller == nullptr ? nullptr : known.caller->Claim(source.claim);
    const std::optional<std::string> text = claim == nullptr ? std::nullopt : claim->ScalarText();
    return text && IsOneOf(condition.values, *text);
  }
  if (source.root == Source::Root::kCaller) {
    return !known.caller_sub.empty() && IsOneOf(condition.values, known.caller_sub);
  }
  const std::optional<uint32_t> base = BaseOf(source, known);
  if (!base) return false;
  const Field& field = *source.field;
  const Slots::Value* const value = known.slots.First(*base + source.slot);
  if (!value) {
    // Without presence it is its default, if the message around it is there.
    const bool around = source.within < 0 ||
                        known.slots.First(*base + static_cast<uint32_t>(source.within)) != nullptr;
    if (field.has_presence || !around) return false;
  }
  if (IsText(field)) return IsOneOf(condition.values, value ? value->bytes : std::string_view());
  const uint64_t number = value ? DecodeScalar(field.type, value->bytes) : 0;
  return std::any_of(condition.values.begin(), condition.values.end(),
                     [&](std::string_view one) { return DecodeScalar(field.type, one) == number; });
}

}  // namespace

bool Holds(const PlanCondition& condition, const Knowledge& known) {
  const auto holds = [&](const PlanCondition& child) { return Holds(child, known); };
  const auto& children = condition.children;
  switch (condition.kind) {
    case PlanCondition::Kind::kHas:
      return Has(condition.source, known);
    case PlanCondition::Kind::kIn:
      return IsIn(condition, known);
    case PlanCondition::Kind::kNot:
      return !Holds(children[0], known);
    case PlanCondition::Kind::kAnd:
      return std::all_of(children.begin(), children.end(), holds);
    case PlanCondition::Kind::kOr:
      return std::any_of(children.begin(), children.end(), holds);
  }
  return false;
}

}  // namespace frontdesk::compose
