#include "gateway/contract/message_table.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

constexpr uint32_t kIndexedNumbers = 256;

WellKnown WellKnownOf(std::string_view name) {
  static const auto* const names = new absl::flat_hash_map<std::string_view, WellKnown>{
      {"google.protobuf.Any", WellKnown::kAny},
      {"google.protobuf.Timestamp", WellKnown::kTimestamp},
      {"google.protobuf.Duration", WellKnown::kDuration},
      {"google.protobuf.FieldMask", WellKnown::kFieldMask},
      {"google.protobuf.Struct", WellKnown::kStruct},
      {"google.protobuf.Value", WellKnown::kValue},
      {"google.protobuf.ListValue", WellKnown::kListValue},
      {"google.protobuf.Empty", WellKnown::kEmpty},
      {"google.protobuf.DoubleValue", WellKnown::kDoubleValue},
      {"google.protobuf.FloatValue", WellKnown::kFloatValue},
      {"google.protobuf.Int64Value", WellKnown::kInt64Value},
      {"google.protobuf.UInt64Value", WellKnown::kUint64Value},
      {"google.protobuf.Int32Value", WellKnown::kInt32Value},
      {"google.protobuf.UInt32Value", WellKnown::kUint32Value},
      {"google.protobuf.BoolValue", WellKnown::kBoolValue},
      {"google.protobuf.StringValue", WellKnown::kStringValue},
      {"google.protobuf.BytesValue", WellKnown::kBytesValue},
      {"google.api.HttpBody", WellKnown::kHttpBody}};
  const auto found = names->find(name);
  return found == names->end() ? WellKnown::kNone : found->second;
}

// `"name":`. A json_name may hold anything; identifiers need no escaping.
std::string QuotedKey(std::string_view name) {
  std::string key = "\"";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      key.append("\\u00");
      key.push_back(kHex[c >> 4]);
      key.push_back(kHex[c & 15]);
      continue;
    }
    if (c == '"' || c == '\\') key.push_back('\\');
    key.push_back(c);
  }
  return key.append("\":");
}

void FillNames(const pb::FieldDescriptor& from, Field& field) {
  field.name = from.name();
  field.json_name = from.json_name();
  field.json_key = QuotedKey(field.json_name);
  field.proto_key = QuotedKey(field.name);
  if (from.options().HasExtension(frontdesk::v1::field)) {
    field.caller_source = from.options().GetExtension(frontdesk::v1::field).from();
  }
}

void FillKind(const pb::FieldDescriptor& from, Field& field) {
  field.number = static_cast<uint32_t>(from.number());
  field.type = static_cast<FieldType>(from.type());
  field.repeated = from.is_repeated();
  field.packed = from.is_packed();
  field.map = from.is_map();
  field.has_presence = !from.is_repeated() && from.has_presence();
  field.required = from.is_required();
  if (const pb::OneofDescriptor* oneof = from.real_containing_oneof()) field.oneof = oneof->index();
  field.descriptor = &from;
}

// A name that two fields could claim belongs to the one whose json_name it is, then to the one
// whose name it is.
void IndexFields(MessageTable& table) {
  for (const Field& field : table.fields) {
    if (field.number < kIndexedNumbers) {
      if (table.by_number.size() <= field.number) table.by_number.resize(field.number + 1);
      table.by_number[field.number] = static_cast<uint16_t>(field.index + 1);
    }
    table.by_name.emplace(field.json_name, field.index);
  }
  for (const Field& field : table.fields) table.by_name.emplace(field.name, field.index);
  for (const Field& field : table.fields) {
    table.by_name.emplace(field.descriptor->camelcase_name(), field.index);
  }
}

}  // namespace

const std::string* EnumTable::NameOf(int32_t number) const {
  // Most enums count up from 0 without holes.
  const size_t guess = static_cast<size_t>(number);
  if (guess < by_number.size() && by_number[guess].first == number &&
      (guess == 0 || by_number[guess - 1].first != number)) {
    return &by_number[guess].second;
  }
  const auto found =
      std::lower_bound(by_number.begin(), by_number.end(), number,
                       [](const auto& entry, int32_t wanted) { return entry.first < wanted; });
  return found == by_number.end() || found->first != number ? nullptr : &found->second;
}

const Field* MessageTable::FindLargeNumber(uint32_t number) const {
  if (number < kIndexedNumbers) return nullptr;
  const auto found =
      std::lower_bound(fields.begin(), fields.end(), number,
                       [](const Field& field, uint32_t wanted) { return field.number < wanted; });
  return found == fields.end() || found->number != number ? nullptr : &*found;
}

const Field* MessageTable::FindName(std::string_view name) const {
  const auto found = by_name.find(Absl(name));
  return found == by_name.end() ? nullptr : &fields[found->second];
}

MessageTables::MessageTables() = default;
MessageTables::~MessageTables() = default;

const EnumTable* MessageTables::AddEnum(const pb::EnumDescriptor* descriptor) {
  std::unique_ptr<EnumTable>& slot = enums_[descriptor->full_name()];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<EnumTable>();
  slot->full_name = descriptor->full_name();
  slot->closed = descriptor->file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3;
  slot->null_value = slot->full_name == "google.protobuf.NullValue";
  slot->default_number = descriptor->value(0)->number();
  slot->descriptor = descriptor;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *descriptor->value(i);
    slot->by_number.emplace_back(value.number(), value.name());
    slot->by_name.emplace(value.name(), value.number());
  }
  std::stable_sort(slot->by_number.begin(), slot->by_number.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return slot.get();
}

// Fields name tables that are filled later: messages may contain each other.
void MessageTables::Fill(MessageTable& table, std::vector<MessageTable*>& unfilled) {
  const pb::Descriptor& descriptor = *table.descriptor;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    Field& field = table.fields.emplace_back();
    FillKind(*descriptor.field(i), field);
    FillNames(*descriptor.field(i), field);
  }
  std::sort(table.fields.begin(), table.fields.end(),
            [](const Field& a, const Field& b) { return a.number < b.number; });
  for (uint32_t i = 0; i < table.fields.size(); ++i) {
    Field& field = table.fields[i];
    field.index = i;
    if (const auto* message = field.descriptor->message_type()) {
      field.message = Intern(message, unfilled);
    }
    if (const auto* enumeration = field.descriptor->enum_type()) {
      field.enumeration = AddEnum(enumeration);
    }
    table.has_caller_source |= !field.caller_source.empty();
  }
  IndexFields(table);
}

MessageTable* MessageTables::Intern(const pb::Descriptor* descriptor,
                                    std::vector<MessageTable*>& unfilled) {
  std::unique_ptr<MessageTable>& slot = messages_[descriptor->full_name()];
  if (slot == nullptr) {
    slot = std::make_unique<MessageTable>();
    slot->full_name = descriptor->full_name();
    slot->well_known = WellKnownOf(slot->full_name);
    slot->map_entry = descriptor->options().map_entry();
    slot->oneofs = static_cast<uint32_t>(descriptor->real_oneof_decl_count());
    slot->descriptor = descriptor;
    unfilled.push_back(slot.get());
  }
  return slot.get();
}

const MessageTable* MessageTables::Add(const pb::Descriptor* descriptor) {
  std::vector<MessageTable*> unfilled;
  const MessageTable* const added = Intern(descriptor, unfilled);
  if (unfilled.empty()) return added;
  for (size_t i = 0; i < unfilled.size(); ++i) Fill(*unfilled[i], unfilled);
  // What is below a message counts for it too, through cycles as well: repeat until it settles.
  for (bool changed = true; changed;) {
    changed = false;
    for (MessageTable* table : unfilled) {
      if (table->has_caller_source) continue;
      table->has_caller_source =
          std::any_of(table->fields.begin(), table->fields.end(), [](const Field& field) {
            return field.message != nullptr && field.message->has_caller_source;
          });
      changed |= table->has_caller_source;
    }
  }
  return added;
}

const MessageTable* MessageTables::Find(std::string_view full_name) const {
  const auto found = messages_.find(Absl(full_name));
  return found == messages_.end() ? nullptr : found->second.get();
}

}  // namespace frontdesk::contract
