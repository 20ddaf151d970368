#include "gateway/contract/field_rules.h"

#include <algorithm>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/number_rules.h"
#include "gateway/contract/rule_sink.h"
#include "gateway/contract/text_rules.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using Rules = frontdesk::v1::FieldRules;
using frontdesk::v1::MapRules;
using frontdesk::v1::RepeatedRules;

Rules::TypeCase TypeOfScalar(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
      return Rules::kDouble;
    case FieldType::kFloat:
      return Rules::kFloat;
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      return Rules::kInt64;
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return Rules::kUint64;
    case FieldType::kInt32:
    case FieldType::kSint32:
    case FieldType::kSfixed32:
      return Rules::kInt32;
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return Rules::kUint32;
    case FieldType::kBool:
      return Rules::kBool;
    case FieldType::kString:
      return Rules::kString;
    case FieldType::kBytes:
      return Rules::kBytes;
    case FieldType::kEnum:
      return Rules::kEnum;
    case FieldType::kMessage:
    case FieldType::kGroup:
      break;
  }
  return Rules::TYPE_NOT_SET;
}

// The field of a wrapper; null for all else.
const Field* WrappedBy(const Field& field) {
  if (field.message == nullptr || field.message->well_known < WellKnown::kDoubleValue ||
      field.message->well_known > WellKnown::kBytesValue) {
    return nullptr;
  }
  return &field.message->fields[0];
}

// The type of rules for one value of the field.
Rules::TypeCase TypeOfOne(const Field& field) {
  if (const Field* const wrapped = WrappedBy(field)) return TypeOfScalar(wrapped->type);
  if (field.message == nullptr) return TypeOfScalar(field.type);
  if (field.message->well_known == WellKnown::kDuration) return Rules::kDuration;
  if (field.message->well_known == WellKnown::kTimestamp) return Rules::kTimestamp;
  return Rules::TYPE_NOT_SET;
}

std::string NameOf(Rules::TypeCase type) {
  return Rules::descriptor()->FindFieldByNumber(type)->name();
}

// What the field is by type, as an end of a sentence.
std::string KindOf(const Field& field, bool whole) {
  if (whole && field.map) return "this is a map: say map.keys or map.values";
  if (whole && field.repeated) return "this is a list: say repeated.items";
  const Rules::TypeCase type = TypeOfOne(field);
  if (type != Rules::TYPE_NOT_SET) return Cat("the type asks for ", NameOf(type));
  return "a message has rules in its own fields";
}

class Compiler {
 public:
  Compiler(const AddWrong& add, FieldRules& rules) : add_(add), rules_(rules) {}

  void Field(const Rules& from) {
    rules_.required = from.required();
    rules_.ignore_always = from.ignore() == Rules::IGNORE_ALWAYS;
    const bool ignore_zero = from.ignore() == Rules::IGNORE_IF_ZERO_VALUE;
    if (from.required() && from.ignore() != Rules::IGNORE_UNSPECIFIED) {
      add_({Rules::kIgnoreFieldNumber}, "ignore", "contradicts `required`");
    }
    if (from.ByteSizeLong() == 0) add_({}, "", "says nothing");
    const contract::Field& field = *rules_.field;
    if (!field.repeated) return Element(from, field, {}, "", rules_.values);
    rules_.ignore_zero = ignore_zero;
    if (from.type_case() == Rules::TYPE_NOT_SET) return;
    if (field.map && from.type_case() == Rules::kMap) return Map(from.map());
    if (!field.map && from.type_case() == Rules::kRepeated) return Repeated(from.repeated());
    Mismatch(from, field, true, {}, "");
  }

 private:
  void Mismatch(const Rules& from, const contract::Field& field, bool whole,
                const std::vector<int>& path, const std::string& name) {
    const std::string type = NameOf(from.type_case());
    add_(path + std::vector<int>{from.type_case()}, Cat(name, type), KindOf(field, whole));
  }

  // Rules of each value in a list or map have no meaning where they speak of the whole.
  void Inner(const Rules& from, const contract::Field& field, const std::vector<int>& path,
             const std::string& name, ElementRules& rules) {
    if (from.has_required()) {
      add_(path + std::vector<int>{Rules::kRequiredFieldNumber}, name + "required",
           "is for fields; what is in a list or map is there");
    }
    if (from.ignore() == Rules::IGNORE_ALWAYS) {
      add_(path + std::vector<int>{Rules::kIgnoreFieldNumber}, name + "ignore",
           "is for fields where it is IGNORE_ALWAYS");
    }
    Element(from, field, path, name, rules);
  }

  void Element(const Rules& from, const contract::Field& field, const std::vector<int>& path,
               const std::string& name, ElementRules& rules) {
    rules.ignore_zero = from.ignore() == Rules::IGNORE_IF_ZERO_VALUE;
    rules.wrapped = WrappedBy(field);
    if (from.type_case() == Rules::TYPE_NOT_SET) return;
    if (from.type_case() != TypeOfOne(field)) return Mismatch(from, field, false, path, name);
    const std::string kind = NameOf(from.type_case());
    const std::vector<int> below = path + std::vector<int>{from.type_case()};
    RuleSink sink(kind, name + kind, below, add_, rules.rules);
    Typed(from, rules.wrapped != nullptr ? *rules.wrapped : field, sink);
    if (rules.rules.empty() && TypeSize(from) == 0) add_(below, name + kind, "says nothing");
  }

  static size_t TypeSize(const Rules& from) {
    const pb::FieldDescriptor* const type =
        Rules::descriptor()->FindFieldByNumber(from.type_case());
    return from.GetReflection()->GetMessage(from, type).ByteSizeLong();
  }

  void Typed(const Rules& from, const contract::Field& field, RuleSink& sink) {
    switch (from.type_case()) {
      case Rules::kFloat:
        return AddNumberRules(from.float_(), sink);
      case Rules::kDouble:
        return AddNumberRules(from.double_(), sink);
      case Rules::kInt32:
        return AddNumberRules(from.int32(), sink);
      case Rules::kInt64:
        return AddNumberRules(from.int64(), sink);
      case Rules::kUint32:
        return AddNumberRules(from.uint32(), sink);
      case Rules::kUint64:
        return AddNumberRules(from.uint64(), sink);
      case Rules::kBool:
        return AddBoolRules(from.bool_(), sink);
      case Rules::kString:
        return AddStringRules(from.string(), sink);
      case Rules::kBytes:
        return AddBytesRules(from.bytes(), sink);
      case Rules::kEnum:
        return AddEnumRules(from.enum_(), *field.enumeration, sink);
      case Rules::kDuration:
        return AddTimeRules(from.duration(), sink);
      case Rules::kTimestamp:
        return AddTimeRules(from.timestamp(), sink);
      case Rules::kRepeated:
      case Rules::kMap:
      case Rules::TYPE_NOT_SET:
        return;  // of no single value
    }
  }

  static uint64_t HowMany(const RuleValue& value) { return value.natural; }

  void Repeated(const RepeatedRules& from) {
    const std::vector<int> path = {Rules::kRepeated};
    RuleSink sink("repeated", "repeated", path, add_, rules_.sizes);
    AddSizes(
        {},
        {"min_items", RepeatedRules::kMinItemsFieldNumber, from.has_min_items(), from.min_items()},
        {"max_items", RepeatedRules::kMaxItemsFieldNumber, from.has_max_items(), from.max_items()},
        {HowMany}, "item", sink);
    rules_.unique = from.unique();
    if (from.unique() && rules_.field->message != nullptr) {
      sink.Wrong({RepeatedRules::kUniqueFieldNumber}, "unique", "is not for messages");
    }
    if (from.ByteSizeLong() == 0) add_(path, "repeated", "says nothing");
    if (!from.has_items()) return;
    Inner(from.items(), *rules_.field, path + std::vector<int>{RepeatedRules::kItemsFieldNumber},
          "repeated.items.", rules_.values);
  }

  void Map(const MapRules& from) {
    const std::vector<int> path = {Rules::kMap};
    RuleSink sink("map", "map", path, add_, rules_.sizes);
    AddSizes({},
             {"min_pairs", MapRules::kMinPairsFieldNumber, from.has_min_pairs(), from.min_pairs()},
             {"max_pairs", MapRules::kMaxPairsFieldNumber, from.has_max_pairs(), from.max_pairs()},
             {HowMany}, "pair", sink);
    if (from.ByteSizeLong() == 0) add_(path, "map", "says nothing");
    const std::vector<contract::Field>& entry = rules_.field->message->fields;
    if (from.has_keys()) {
      Inner(from.keys(), entry[0], path + std::vector<int>{MapRules::kKeysFieldNumber}, "map.keys.",
            rules_.keys);
    }
    if (from.has_values()) {
      Inner(from.values(), entry[1], path + std::vector<int>{MapRules::kValuesFieldNumber},
            "map.values.", rules_.values);
    }
  }

  const AddWrong& add_;
  FieldRules& rules_;
};

bool DefaultBreaksAny(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const Rule& rule) { return !rule.keeps(RuleValue()); });
}

}  // namespace

void CompileFieldRules(const Rules& from, const AddWrong& add, FieldRules& rules) {
  Compiler(add, rules).Field(from);
}

FieldRules CompileRulesOf(const Field& field) {
  FieldRules rules;
  rules.field = &field;
  const frontdesk::v1::FieldPolicy& policy =
      field.descriptor->options().GetExtension(frontdesk::v1::field);
  if (policy.has_rules()) {
    CompileFieldRules(
        policy.rules(), [](const auto&, auto, auto) {}, rules);
  }
  return rules;
}

bool IsNeeded(const Field& field) {
  const FieldRules rules = CompileRulesOf(field);
  if (rules.ignore_always) return false;
  if (rules.required) return true;
  if (field.has_presence) return false;
  if (field.repeated) return !rules.ignore_zero && DefaultBreaksAny(rules.sizes);
  return !rules.values.ignore_zero && DefaultBreaksAny(rules.values.rules);
}

}  // namespace frontdesk::contract
