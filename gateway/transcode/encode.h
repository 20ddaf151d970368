// Protobuf wire bytes to ProtoJSON text, by table, in one pass where the wire is tidy.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/contract/message_table.h"
#include "gateway/contract/read_mask.h"

namespace frontdesk::transcode {

struct Rendered;  // transcode/render.h

struct PrintOptions {
  bool defaults = false;      // print fields without presence even when they hold their default
  bool proto_names = false;   // names as in the .proto instead of lowerCamelCase
  bool enum_numbers = false;  // numbers instead of names
  // Longest answer in bytes; a longer one fails with reason RESPONSE_TOO_LARGE.
  size_t max_bytes = size_t{1} << 30;
  int max_depth = 100;  // of nested messages
  // What is wanted of the message, or of the message that the field is or holds; null for all of
  // it. The rest is passed over as it is read: no more than its framing is looked at.
  const contract::ReadMask* mask = nullptr;
};

// Appends the message's JSON to `out`: fields by number, maps by key, so that equal messages give
// equal bytes. The wire may be untidy (fields in any order, doubled, split, packed or not, unknown
// ones); what counts is the message it stands for. `types` resolves Any; a type that it does not
// know is written as {"@type": ..., "value": "<base64>"}.
//
// Fails, with `out` as it was, when the bytes are not that message: reasons MALFORMED_MESSAGE,
// INVALID_UTF8, INVALID_VALUE (such as a Timestamp out of range), MESSAGE_TOO_DEEP; all of origin
// kUpstream and with HTTP status 502.
absl::Status EncodeJson(const contract::MessageTable& table, std::string_view wire,
                        const PrintOptions& options, const contract::MessageTables& types,
                        std::string& out);

// The same for one field of the message: an array for a repeated one, an object for a map, null for
// an absent one that has presence.
absl::Status EncodeFieldJson(const contract::MessageTable& table, const contract::Field& field,
                             std::string_view wire, const PrintOptions& options,
                             const contract::MessageTables& types, std::string& out);

// The body of an answer and its Content-Type: the message's JSON, that of one of its fields if
// `response_field` is not null, or the raw bytes of a google.api.HttpBody. Appends the header to
// out.head. Fails as EncodeJson().
absl::Status EncodeResponse(const contract::MessageTable& output,
                            const contract::Field* response_field, std::string_view wire,
                            const PrintOptions& options, const contract::MessageTables& types,
                            Rendered& out);

}  // namespace frontdesk::transcode
