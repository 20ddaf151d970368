#include "codegen/common/example.h"

#include <algorithm>
#include <set>
#include <vector>

#include "codegen/common/ruled_values.h"
#include "codegen/common/rules.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/field_rules.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {
namespace {

using contract::Field;
using contract::FieldRules;
using contract::FieldType;
using contract::MessageTable;
using contract::WellKnown;
using nlohmann::ordered_json;

// Deep enough to show a list of messages with messages in them.
constexpr size_t kMaxDepth = 4;

// order_id -> "order-id"
std::string Word(const std::string& name) {
  std::string word = name;
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

// The first that is not the default, since the default is what absence means.
ordered_json EnumValue(const contract::EnumTable& table, bool number) {
  if (table.null_value) return nullptr;
  const auto& values = table.by_number;
  const auto other = std::find_if(values.begin(), values.end(), [&](const auto& value) {
    return value.first != table.default_number;
  });
  const auto& chosen = other == values.end() ? values.front() : *other;
  return number ? ordered_json(chosen.first) : ordered_json(chosen.second);
}

class Writer {
 public:
  explicit Writer(Face face) : face_(face) {}

  std::optional<ordered_json> Message(const MessageTable& table) {
    open_.push_back(&table);
    std::optional<ordered_json> object = Object(table);
    open_.pop_back();
    return object;
  }

  // Nothing where it would break the field's rules.
  std::optional<ordered_json> Value(const Field& field) {
    const FieldRules rules = RulesOf(field);
    if (field.map) return Map(field, rules);
    if (field.repeated) return List(field, rules);
    // Without presence a zero is as good as nothing.
    const bool non_zero = rules.required && !field.has_presence;
    const Asked asked{PolicyOf(field), rules.values.rules, non_zero};
    return First(Values(field, field.name, asked, 1));
  }

 private:
  // Few enough to be read.
  static constexpr size_t kMostElements = 10;

  static const frontdesk::v1::FieldRules& PolicyOf(const Field& field) {
    static const frontdesk::v1::FieldRules kNone;
    if (field.descriptor == nullptr) return kNone;
    return field.descriptor->options().GetExtension(frontdesk::v1::field).rules();
  }

  // Answers have none.
  FieldRules RulesOf(const Field& field) const {
    FieldRules rules;
    rules.field = &field;
    if (!face_.request || field.descriptor == nullptr) return rules;
    FieldRules own = contract::CompileRulesOf(field);
    // What may be empty as well is shown as it is when it is not.
    return own.ignore_always ? std::move(rules) : std::move(own);
  }

  static std::optional<ordered_json> First(std::vector<ordered_json> values) {
    if (values.empty()) return std::nullopt;
    return std::move(values[0]);
  }

  std::optional<ordered_json> Object(const MessageTable& table) {
    ordered_json object = ordered_json::object();
    std::set<int32_t> oneofs;
    for (const Field& field : table.fields) {
      if (!IsShown(field, face_) || (field.oneof >= 0 && oneofs.contains(field.oneof))) continue;
      // A list or map that is always there can be empty.
      const bool empty = field.repeated && IsAlwaysThere(field, face_);
      std::optional<ordered_json> value;
      if (Fits(field) || empty) value = Value(field);
      if (!value) {
        if (face_.request && IsNeeded(field)) return std::nullopt;
        continue;
      }
      if (field.oneof >= 0) oneofs.insert(field.oneof);
      object[NameOf(field, face_)] = *std::move(value);
    }
    for (int i = 0; face_.request && i < table.descriptor->real_oneof_decl_count(); ++i) {
      if (IsNeeded(*table.descriptor->oneof_decl(i)) && !oneofs.contains(i)) return std::nullopt;
    }
    return object;
  }

  // How many elements there are to be: one if the rules allow it.
  static std::optional<size_t> HowMany(const FieldRules& rules) {
    for (size_t i = 0; i <= kMostElements; ++i) {
      const size_t count = i == 0 ? 1 : i == 1 ? 0 : i;
      if (count == 0 && rules.required) continue;
      contract::RuleValue value;
      value.natural = count;
      const bool kept = std::all_of(rules.sizes.begin(), rules.sizes.end(),
                                    [&](const auto& rule) { return rule.keeps(value); });
      if (kept) return count;
    }
    return std::nullopt;
  }

  static bool MayBeEmpty(const FieldRules& rules) {
    return !rules.required &&
           std::all_of(rules.sizes.begin(), rules.sizes.end(),
                       [](const auto& rule) { return rule.keeps(contract::RuleValue()); });
  }

  std::optional<ordered_json> List(const Field& field, const FieldRules& rules) {
    const std::optional<size_t> count = HowMany(rules);
    ordered_json list = ordered_json::array();
    std::vector<ordered_json> values;
    if (count.value_or(0) > 0 && Fits(field)) {
      const Asked asked{PolicyOf(field).repeated().items(), rules.values.rules};
      values = Values(field, field.name, asked, *count);
    }
    if (!count || (*count > 0 && (values.empty() || (rules.unique && values.size() < *count)))) {
      return MayBeEmpty(rules) ? std::optional(list) : std::nullopt;
    }
    for (size_t i = 0; i < *count; ++i) list.push_back(values[i % values.size()]);
    return list;
  }

  std::optional<ordered_json> Map(const Field& field, const FieldRules& rules) {
    const Field& key = field.message->fields[0];
    const Field& value = field.message->fields[1];
    const std::optional<size_t> count = HowMany(rules);
    ordered_json map = ordered_json::object();
    std::vector<ordered_json> keys, values;
    if (count.value_or(0) > 0 && Fits(value)) {
      const auto& from = PolicyOf(field).map();
      keys = Keys(key, Asked{from.keys(), rules.keys.rules}, *count);
      values = Values(value, field.name, Asked{from.values(), rules.values.rules}, 1);
    }
    if (!count || keys.size() < *count || (*count > 0 && values.empty())) {
      return MayBeEmpty(rules) ? std::optional(map) : std::nullopt;
    }
    for (size_t i = 0; i < *count; ++i) {
      map[keys[i].is_string() ? keys[i].get<std::string>() : keys[i].dump()] = values[0];
    }
    return map;
  }

  static std::vector<ordered_json> Keys(const Field& key, const Asked& asked, size_t count) {
    if (asked.rules.empty() && count <= 1) return {KeyText(key)};
    return RuledValues(key, "key", asked, count, false);
  }

  // Up to `count` values that keep the rules; of messages and what has no rules, one.
  std::vector<ordered_json> Values(const Field& field, const std::string& name, const Asked& asked,
                                   size_t count) {
    const bool message = field.message != nullptr && IsPlain(*field.message);
    if (message) {
      std::optional<ordered_json> value = Message(*field.message);
      return value ? std::vector{*std::move(value)} : std::vector<ordered_json>();
    }
    const bool is_wrapper = field.message != nullptr &&
                            field.message->well_known >= WellKnown::kDoubleValue &&
                            field.message->well_known <= WellKnown::kBytesValue;
    const Field& type = is_wrapper ? field.message->fields[0] : field;
    const bool any = !asked.rules.empty() || asked.non_zero || count > 1;
    const bool known = type.message == nullptr ||
                       type.message->well_known == WellKnown::kDuration ||
                       type.message->well_known == WellKnown::kTimestamp;
    if (!any || !known || (type.enumeration != nullptr && type.enumeration->null_value)) {
      return {Single(field, name)};
    }
    return RuledValues(type, Word(name), asked, count, face_.enum_numbers);
  }

  // A message within itself, and one too deep, is left out.
  bool Fits(const Field& field) const {
    const MessageTable* message = field.message;
    if (field.map) message = message->fields[1].message;
    if (message == nullptr || !IsPlain(*message)) return true;
    return open_.size() < kMaxDepth &&
           std::find(open_.begin(), open_.end(), message) == open_.end();
  }

  static std::string KeyText(const Field& key) {
    switch (key.type) {
      case FieldType::kString:
        return "key";
      case FieldType::kBool:
        return "true";
      default:
        return "1";
    }
  }

  ordered_json Single(const Field& field, const std::string& name) {
    switch (field.type) {
      case FieldType::kDouble:
      case FieldType::kFloat:
        return 1.5;
      case FieldType::kInt64:
      case FieldType::kUint64:
      case FieldType::kFixed64:
      case FieldType::kSfixed64:
      case FieldType::kSint64:
        return "1";
      case FieldType::kBool:
        return true;
      case FieldType::kString:
        return Word(name);
      case FieldType::kBytes:
        return "Ynl0ZXM=";
      case FieldType::kEnum:
        return EnumValue(*field.enumeration, face_.enum_numbers);
      case FieldType::kMessage:
      case FieldType::kGroup:
        return OfWellKnown(*field.message, name);
      default:
        return 1;
    }
  }

  ordered_json OfWellKnown(const MessageTable& table, const std::string& name) {
    switch (table.well_known) {
      case WellKnown::kAny:
        return {{"@type", "type.googleapis.com/google.protobuf.Duration"}, {"value", "1.500s"}};
      case WellKnown::kTimestamp:
        return "2026-01-02T03:04:05Z";
      case WellKnown::kDuration:
        return "1.500s";
      case WellKnown::kFieldMask:
        return "name";
      case WellKnown::kStruct:
        return {{"key", "value"}};
      case WellKnown::kValue:
        return "value";
      case WellKnown::kListValue:
        return ordered_json::array({"value"});
      case WellKnown::kEmpty:
        return ordered_json::object();
      default:
        return Single(table.fields[0], name);  // a wrapper is its value
    }
  }

  const Face face_;
  std::vector<const MessageTable*> open_;
};

}  // namespace

std::optional<ordered_json> ExampleOf(const MessageTable& table, Face face) {
  if (IsPlain(table)) return Writer(face).Message(table);
  // The JSON of a well-known message does not depend on what holds it.
  Field holder;
  holder.type = FieldType::kMessage;
  holder.message = &table;
  holder.name = "value";
  return Writer(face).Value(holder);
}

std::optional<ordered_json> ExampleOf(const Field& field, Face face) {
  return Writer(face).Value(field);
}

std::vector<std::pair<std::string, std::string>> ExampleTexts(const Field& field) {
  const auto text = [](const ordered_json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const std::optional<ordered_json> value = Writer(kRequestFace).Value(field);
  std::vector<std::pair<std::string, std::string>> texts;
  if (value && field.repeated) {
    for (const auto& [key, each] : value->items()) texts.emplace_back(key, text(each));
  } else if (value) {
    texts.emplace_back("", text(*value));
  }
  if (!texts.empty()) return texts;
  Field single = field.map ? field.message->fields[1] : field;
  single.repeated = false;
  return {{"key", text(*Writer({}).Value(single))}};
}

std::string ExampleText(const Field& field) { return ExampleTexts(field)[0].second; }

}  // namespace frontdesk::codegen
