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

bool IsOneOf(const std::vector<std::string>& values, std::string_view text) {
  return std::find(values.begin(), values.end(), text) != values.end();
}

// A kHas or kIn of the caller; `who` may be null.
bool HoldsOfCaller(const PlanCondition& condition, std::string_view sub,
                   const identity::Identity* who) {
  const std::string& path = condition.source.claim;
  if (condition.kind == PlanCondition::Kind::kHas) {
    return path.empty() ? !sub.empty() : identity::HasClaim(who, path);
  }
  if (path.empty()) return !sub.empty() && IsOneOf(condition.values, sub);
  const identity::JsonValue* const claim = who == nullptr ? nullptr : who->Claim(path);
  const std::optional<std::string> text = claim == nullptr ? std::nullopt : claim->ScalarText();
  return text && IsOneOf(condition.values, *text);
}

// The first slot of what the path begins with; nothing when that is a step without a reply.
std::optional<uint32_t> BaseOf(const Source& source, const Knowledge& known) {
  if (source.root != Source::Root::kStep) return known.request;
  const StepSlots& step = known.steps[source.step];
  return step.there ? std::optional(step.base) : std::nullopt;
}

bool Has(const Source& source, const Knowledge& known) {
  const std::optional<uint32_t> base = BaseOf(source, known);
  if (!base) return false;
  if (!source.field) return true;
  const Field& field = *source.field;
  const Slots::Value* value = known.slots.First(*base + source.slot);
  if (field.repeated) {
    while (value && value->packed && value->bytes.empty()) value = known.slots.Next(*value);
    return value != nullptr;
  }
  return HasValue(field, value);
}

bool IsIn(const PlanCondition& condition, const Knowledge& known) {
  const Source& source = condition.source;
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

void AddTrueOfCaller(const PlanCondition& condition, std::string_view sub,
                     const identity::Identity* who, std::string& text) {
  const bool leaf =
      condition.kind == PlanCondition::Kind::kHas || condition.kind == PlanCondition::Kind::kIn;
  if (leaf && condition.source.root == Source::Root::kCaller) {
    text += HoldsOfCaller(condition, sub, who) ? '1' : '0';
  }
  for (const PlanCondition& child : condition.children) AddTrueOfCaller(child, sub, who, text);
}

}  // namespace

bool HasValue(const Field& field, const Slots::Value* value) {
  if (!value || field.has_presence) return value != nullptr;
  return IsText(field) ? !value->bytes.empty() : DecodeScalar(field.type, value->bytes) != 0;
}

bool Holds(const PlanCondition& condition, const Knowledge& known) {
  const auto holds = [&](const PlanCondition& child) { return Holds(child, known); };
  const auto& children = condition.children;
  switch (condition.kind) {
    case PlanCondition::Kind::kHas:
    case PlanCondition::Kind::kIn:
      if (condition.source.root == Source::Root::kCaller) {
        return HoldsOfCaller(condition, known.caller_sub, known.caller);
      }
      return condition.kind == PlanCondition::Kind::kHas ? Has(condition.source, known)
                                                         : IsIn(condition, known);
    case PlanCondition::Kind::kNot:
      return !Holds(children[0], known);
    case PlanCondition::Kind::kAnd:
      return std::all_of(children.begin(), children.end(), holds);
    case PlanCondition::Kind::kOr:
      return std::any_of(children.begin(), children.end(), holds);
  }
  return false;
}

std::string TrueOfCaller(const contract::Plan& plan, std::string_view sub,
                         const identity::Identity* claims) {
  std::string text;
  for (const contract::PlanStep& step : plan.steps) {
    if (step.when) AddTrueOfCaller(*step.when, sub, claims, text);
  }
  return text;
}

}  // namespace frontdesk::compose
