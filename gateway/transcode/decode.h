// ProtoJSON text to protobuf wire bytes, by table, in one strict pass.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/contract/message_table.h"
#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

struct ParseOptions {
  bool ignore_unknown = false;  // skip unknown fields and unknown enum names
  bool last_key_wins = false;   // of a name given twice in one object, instead of failing
  int max_depth = 100;          // of nested arrays and objects
  // Of nested messages, the outermost and entries of maps included: one object of a Struct is
  // three. Common parsers stop at 100. What an Any holds is bytes to them and counts anew.
  int max_messages = contract::kMaxWireDepth;
  // Fields, as paths from the outermost message, that are set elsewhere to no default: an explicit
  // default here contradicts that, and would not be seen in the bytes.
  std::span<const std::vector<const contract::Field*>* const> set_elsewhere = {};
};

// Appends the message in canonical form to `out`: fields ascending, defaults of fields without
// presence dropped, maps by key, minimal varints: what protobuf's deterministic serialisation
// gives.
//
// Fails, with `out` as it was, with INVALID_ARGUMENT and one of the reasons JSON_SYNTAX,
// JSON_TOO_DEEP, INVALID_UTF8, UNKNOWN_FIELD, INVALID_VALUE, DUPLICATE_KEY, FIELD_CONFLICT (two
// members of a oneof), FIELD_FROM_CALLER. The message tells line and column; a wrong field is named
// as a field violation.
absl::Status DecodeJson(const contract::MessageTable& table, std::string_view json,
                        const ParseOptions& options, const contract::MessageTables& types,
                        std::string& out);

// The same for the value of one field; appends the field with its tag, or nothing.
absl::Status DecodeFieldJson(const contract::Field& field, std::string_view json,
                             const ParseOptions& options, const contract::MessageTables& types,
                             std::string& out);

// The value of a path variable or query parameter, read as a ProtoJSON string would be: appends
// what follows the field's tag (varint, fixed, or length and payload), a default too. A repeated
// field takes one element. Messages: the well-known ones that are written as one JSON string or
// scalar, and Struct, Value and ListValue as JSON text. Reasons as above, the field named by
// `name`. The field lies in `messages` nested messages.
absl::Status DecodeText(const contract::Field& field, std::string_view name, std::string_view text,
                        int messages, const contract::MessageTables& types, std::string& out);

// False for messages that DecodeText() has no form for.
bool HasTextForm(const contract::Field& field);

// A serialised value of the field, as DecodeText() gives it, is what absence means.
inline bool IsDefaultValue(const contract::Field& field, std::string_view value) {
  switch (WireTypeOf(field.type)) {
    case WireType::kFixed64:
    case WireType::kFixed32:
      return value.find_first_not_of('\0') == std::string_view::npos;
    default:
      return value.size() == 1 && value[0] == '\0';
  }
}

}  // namespace frontdesk::transcode
