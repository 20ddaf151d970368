// Messages as flat tables, built once from descriptors: what transcoding, binding and splicing run
// on. No protobuf Message exists on the request path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class FieldDescriptor;
}  // namespace google::protobuf

namespace frontdesk::contract {

struct MessageTable;

// Numbers are those of FieldDescriptorProto.Type.
enum class FieldType : uint8_t {
  kDouble = 1, kFloat = 2, kInt64 = 3, kUint64 = 4, kInt32 = 5, kFixed64 = 6, kFixed32 = 7,
  kBool = 8, kString = 9, kGroup = 10, kMessage = 11, kBytes = 12, kUint32 = 13, kEnum = 14,
  kSfixed32 = 15, kSfixed64 = 16, kSint32 = 17, kSint64 = 18,
};

// Messages whose JSON is not an object of their fields.
enum class WellKnown : uint8_t {
  kNone, kAny, kTimestamp, kDuration, kFieldMask, kStruct, kValue, kListValue, kEmpty,
  kDoubleValue, kFloatValue, kInt64Value, kUint64Value, kInt32Value, kUint32Value, kBoolValue,
  kStringValue, kBytesValue, kHttpBody,
};

struct EnumTable {
  std::string full_name;
  bool closed = false;      // proto2: unknown numbers are unknown fields
  bool null_value = false;  // google.protobuf.NullValue
  int32_t default_number = 0;
  // By number, aliases after their first name; and by name.
  std::vector<std::pair<int32_t, std::string>> by_number;
  absl::flat_hash_map<std::string, int32_t> by_name;

  // First name of the number, or null.
  const std::string* NameOf(int32_t number) const;
  const google::protobuf::EnumDescriptor* descriptor = nullptr;
};

struct Field {
  uint32_t number = 0;
  FieldType type = FieldType::kInt32;
  bool repeated = false;   // a map too
  bool packed = false;     // written packed
  bool map = false;        // message is the entry: field 1 the key, field 2 the value
  bool has_presence = false;
  bool required = false;   // proto2
  int32_t oneof = -1;      // index in the message, -1 for none; proto3 optional has none
  uint32_t index = 0;      // position in MessageTable::fields
  std::string name;        // as in the .proto
  std::string json_name;
  std::string json_key;        // "\"jsonName\":" escaped, ready to append
  std::string proto_key;       // "\"proto_name\":"
  const MessageTable* message = nullptr;  // kMessage, kGroup
  const EnumTable* enumeration = nullptr;  // kEnum
  std::string caller_source;   // FieldPolicy.from, such as "caller.sub"; "" for an ordinary field
  const google::protobuf::FieldDescriptor* descriptor = nullptr;
};

struct MessageTable {
  std::string full_name;
  WellKnown well_known = WellKnown::kNone;
  bool map_entry = false;
  uint32_t oneofs = 0;        // real ones
  std::vector<Field> fields;  // ascending by number
  // Some field here or below can be filled only from the caller.
  bool has_caller_source = false;
  const google::protobuf::Descriptor* descriptor = nullptr;

  const Field* FindNumber(uint32_t number) const {
    if (number >= by_number.size()) return FindLargeNumber(number);
    const uint16_t position = by_number[number];
    return position == 0 ? nullptr : &fields[position - 1u];
  }
  // By json_name, lowerCamelCase or the name in the .proto.
  const Field* FindName(std::string_view name) const;

  // Index: `by_number[n]` is the position + 1 for small numbers, 0 for none.
  std::vector<uint16_t> by_number;
  absl::flat_hash_map<std::string, uint32_t> by_name;

 private:
  const Field* FindLargeNumber(uint32_t number) const;
};

// All tables of a contract, built on demand from descriptors, with stable addresses. Building is
// single-threaded; afterwards const and shared.
class MessageTables {
 public:
  MessageTables();
  MessageTables(const MessageTables&) = delete;
  MessageTables& operator=(const MessageTables&) = delete;
  ~MessageTables();

  // The table of a message and of everything it can contain.
  const MessageTable* Add(const google::protobuf::Descriptor* descriptor);
  // For Any: only what was added. Null if unknown.
  const MessageTable* Find(std::string_view full_name) const;

 private:
  const EnumTable* AddEnum(const google::protobuf::EnumDescriptor* descriptor);
  // The table of a message, perhaps still empty: new ones are queued for Fill().
  MessageTable* Intern(const google::protobuf::Descriptor* descriptor,
                       std::vector<MessageTable*>& unfilled);
  void Fill(MessageTable& table, std::vector<MessageTable*>& unfilled);

  absl::flat_hash_map<std::string, std::unique_ptr<MessageTable>> messages_;
  absl::flat_hash_map<std::string, std::unique_ptr<EnumTable>> enums_;
};

}  // namespace frontdesk::contract
