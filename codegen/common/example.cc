#include "codegen/common/example.h"

#include <algorithm>
#include <set>
#include <vector>

namespace frontdesk::codegen {
namespace {

using contract::Field;
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

  ordered_json Message(const MessageTable& table) {
    ordered_json object = ordered_json::object();
    open_.push_back(&table);
    std::set<int32_t> oneofs;
    for (const Field& field : table.fields) {
      // A list or map that is always there can be empty.
      const bool empty = field.repeated && IsAlwaysThere(field, face_);
      if (!IsShown(field, face_) || (!Fits(field) && !empty)) continue;
      if (field.oneof >= 0 && !oneofs.insert(field.oneof).second) continue;
      object[NameOf(field, face_)] = Value(field);
    }
    open_.pop_back();
    return object;
  }

  ordered_json Value(const Field& field) {
    if (field.map) {
      const Field& key = field.message->fields[0];
      const bool fits = Fits(field.message->fields[1]);
      ordered_json map = ordered_json::object();
      if (fits) map[KeyText(key)] = Single(field.message->fields[1], field.name);
      return map;
    }
    if (!field.repeated) return Single(field, field.name);
    ordered_json list = ordered_json::array();
    if (Fits(field)) list.push_back(Single(field, field.name));
    return list;
  }

 private:
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
        return IsPlain(*field.message) ? Message(*field.message)
                                       : OfWellKnown(*field.message, name);
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

ordered_json ExampleOf(const MessageTable& table, Face face) {
  if (IsPlain(table)) return Writer(face).Message(table);
  // The JSON of a well-known message does not depend on what holds it.
  Field holder;
  holder.type = FieldType::kMessage;
  holder.message = &table;
  holder.name = "value";
  return Writer(face).Value(holder);
}

ordered_json ExampleOf(const Field& field, Face face) { return Writer(face).Value(field); }

std::string ExampleText(const Field& field) {
  Field single = field;
  single.repeated = false;
  if (field.map) single = field.message->fields[1];
  const ordered_json value = Writer(kRequestFace).Value(single);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace frontdesk::codegen
