#include "codegen/openapi/constraints.h"

#include "codegen/common/comments.h"
#include "codegen/common/rules.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"

namespace frontdesk::codegen::openapi {
namespace {

using contract::EnumTable;
using contract::Field;
using frontdesk::v1::FieldRules;
using frontdesk::v1::StringRules;
using nlohmann::ordered_json;

const FieldRules& RulesOf(const Field& field) {
  return field.descriptor->options().GetExtension(frontdesk::v1::field).rules();
}

// JSON Schema has ECMAScript's expressions, which have most of RE2's words and a few that differ.
bool IsPortable(const std::string& pattern) {
  for (const char* word : {"(?i", "(?s", "(?m", "(?U", "(?-", "(?P", "\\A", "\\z", "\\Q", "\\C",
                           "\\p", "\\P", "\\a", "\\x{", "[[:", "\\pN"}) {
    if (pattern.find(word) != std::string::npos) return false;
  }
  return true;
}

template <class Values>
void Choice(const Values& in, const Values& not_in, ordered_json& schema) {
  for (const auto& value : in) schema["enum"].push_back(value);
  for (const auto& value : not_in) schema["not"]["enum"].push_back(value);
}

void Constrain(const StringRules& rules, ordered_json& schema) {
  if (rules.has_len()) schema["minLength"] = schema["maxLength"] = rules.len();
  if (rules.has_min_len()) schema["minLength"] = rules.min_len();
  if (rules.has_max_len()) schema["maxLength"] = rules.max_len();
  if (rules.has_pattern() && IsPortable(rules.pattern())) schema["pattern"] = rules.pattern();
  if (rules.email()) schema["format"] = "email";
  if (rules.hostname()) schema["format"] = "hostname";
  if (rules.ipv4()) schema["format"] = "ipv4";
  if (rules.ipv6()) schema["format"] = "ipv6";
  if (rules.uri()) schema["format"] = "uri";
  if (rules.uuid()) schema["format"] = "uuid";
  if (rules.has_const_()) schema["const"] = rules.const_();
  Choice(rules.in(), rules.not_in(), schema);
}

template <class Rules>
void ConstrainNumber(const Rules& rules, ordered_json& schema) {
  if (rules.has_gt()) schema["exclusiveMinimum"] = rules.gt();
  if (rules.has_gte()) schema["minimum"] = rules.gte();
  if (rules.has_lt()) schema["exclusiveMaximum"] = rules.lt();
  if (rules.has_lte()) schema["maximum"] = rules.lte();
  if (rules.has_const_()) schema["const"] = rules.const_();
  Choice(rules.in(), rules.not_in(), schema);
}

// What is bounded is written as a number; the three that are none would only be allowed on one
// side.
template <class Rules>
void ConstrainReal(const Rules& rules, const char* format, ordered_json& schema) {
  schema.clear();
  schema["type"] = "number";
  schema["format"] = format;
  ConstrainNumber(rules, schema);
}

void ConstrainEnum(const frontdesk::v1::EnumRules& rules, const EnumTable& table,
                   ordered_json& schema) {
  const auto add = [&](int32_t number, ordered_json& list) {
    if (const std::string* const name = table.NameOf(number)) list.push_back(*name);
  };
  if (rules.has_const_()) add(rules.const_(), schema["enum"]);
  for (const int32_t number : rules.in()) add(number, schema["enum"]);
  for (const int32_t number : rules.not_in()) add(number, schema["not"]["enum"]);
}

// One value of the field.
void ConstrainOne(const FieldRules& rules, const Field& field, ordered_json& schema) {
  if (rules.ignore() != FieldRules::IGNORE_UNSPECIFIED) return;
  switch (rules.type_case()) {
    case FieldRules::kString:
      return Constrain(rules.string(), schema);
    case FieldRules::kInt32:
      return ConstrainNumber(rules.int32(), schema);
    case FieldRules::kUint32:
      return ConstrainNumber(rules.uint32(), schema);
    case FieldRules::kFloat:
      return ConstrainReal(rules.float_(), "float", schema);
    case FieldRules::kDouble:
      return ConstrainReal(rules.double_(), "double", schema);
    case FieldRules::kBool:
      if (rules.bool_().has_const_()) schema["const"] = rules.bool_().const_();
      return;
    case FieldRules::kEnum:
      return ConstrainEnum(rules.enum_(), *field.enumeration, schema);
    default:
      return;  // JSON has them as strings with a meaning of their own
  }
}

void ConstrainMap(const frontdesk::v1::MapRules& rules, const Field& field, ordered_json& schema) {
  if (rules.has_min_pairs()) schema["minProperties"] = rules.min_pairs();
  if (rules.has_max_pairs()) schema["maxProperties"] = rules.max_pairs();
  if (rules.keys().has_string()) {
    ordered_json names = ordered_json::object();
    Constrain(rules.keys().string(), names);
    if (!names.empty()) schema["propertyNames"] = std::move(names);
  }
  ConstrainOne(rules.values(), field.message->fields[1], schema["additionalProperties"]);
}

void ConstrainList(const frontdesk::v1::RepeatedRules& rules, const Field& field,
                   ordered_json& schema) {
  if (rules.has_min_items()) schema["minItems"] = rules.min_items();
  if (rules.has_max_items()) schema["maxItems"] = rules.max_items();
  if (rules.unique()) schema["uniqueItems"] = true;
  ConstrainOne(rules.items(), field, schema["items"]);
}

// Whether Constrain() has words for the rule.
bool IsSaid(const FieldRules& rules, const std::string& id) {
  if (rules.ignore() != FieldRules::IGNORE_UNSPECIFIED ||
      rules.repeated().items().ignore() != FieldRules::IGNORE_UNSPECIFIED ||
      rules.map().values().ignore() != FieldRules::IGNORE_UNSPECIFIED ||
      rules.map().keys().ignore() != FieldRules::IGNORE_UNSPECIFIED) {
    return false;
  }
  for (const char* kind :
       {"int32.", "uint32.", "float.", "double.", "bool.", "enum.", "repeated."}) {
    if (id.starts_with(kind)) return true;
  }
  for (const char* word :
       {"string.len", "string.min_len", "string.max_len", "string.email", "string.hostname",
        "string.ipv4", "string.ipv6", "string.uri", "string.uuid", "string.const", "string.in",
        "string.not_in", "map.min_pairs", "map.max_pairs"}) {
    if (id == word) return true;
  }
  const StringRules& text = rules.has_repeated() ? rules.repeated().items().string()
                            : rules.has_map()    ? rules.map().values().string()
                                                 : rules.string();
  return id == "string.pattern" && IsPortable(text.pattern());
}

}  // namespace

void Constrain(const Field& field, ordered_json& schema) {
  const FieldRules& rules = RulesOf(field);
  if (!field.repeated) return ConstrainOne(rules, field, schema);
  if (rules.ignore() != FieldRules::IGNORE_UNSPECIFIED) return;
  if (rules.has_map()) ConstrainMap(rules.map(), field, schema);
  if (rules.has_repeated()) ConstrainList(rules.repeated(), field, schema);
  if (rules.required()) schema.emplace(field.map ? "minProperties" : "minItems", 1);
}

std::string DescriptionOf(const Field& field, bool request) {
  std::string text = CommentOf(*field.descriptor);
  if (!request) return text;
  const FieldRules& rules = RulesOf(field);
  std::string more = RulesText(field, [&](const std::string& id) { return !IsSaid(rules, id); });
  if (more.empty()) return text;
  more[0] = static_cast<char>(more[0] - 'a' + 'A');
  return Cat(text, text.empty() ? "" : "\n", more, '.');
}

}  // namespace frontdesk::codegen::openapi
