// A method's reply as the body of an answer.
#include "gateway/base/failure.h"
#include "gateway/base/words.h"
#include "gateway/contract/wire.h"
#include "gateway/transcode/encode.h"
#include "gateway/transcode/render.h"
#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;
using contract::WellKnown;

namespace {

absl::Status Wrong(std::string_view reason, std::string_view what) {
  return Failure(absl::StatusCode::kInternal, reason, what, Origin::kUpstream).Http(502);
}

absl::Status Malformed() {
  return Wrong("MALFORMED_MESSAGE", "the bytes are not a protobuf message");
}

// A header of the answer must not be able to end its line, nor be read in several ways.
absl::Status CheckContentType(std::string_view text) {
  if (!contract::IsValidUtf8(text)) return Wrong("INVALID_UTF8", "a string is not UTF-8");
  if (IsPrintable(text)) return absl::OkStatus();
  return Wrong("MALFORMED_MESSAGE", "a content type holds more than printable ASCII");
}

struct RawBody {
  std::string_view content_type;
  std::string_view data;
};

bool ReadHttpBody(std::string_view wire, RawBody& body) {
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.type != WireType::kBytes) continue;
    if (field.number == 1) body.content_type = field.bytes;
    if (field.number == 2) body.data = field.bytes;
  }
  return reader.ok();
}

// google.api.HttpBody: its bytes are the answer.
absl::Status EncodeHttpBody(const Field* response_field, std::string_view wire, Rendered& out) {
  RawBody body;
  if (response_field == nullptr) {
    if (!ReadHttpBody(wire, body)) return Malformed();
  } else {
    // Of a field that occurs several times the parts are merged, as for any message.
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      if (field.number != response_field->number || field.type != WireType::kBytes) continue;
      if (!ReadHttpBody(field.bytes, body)) return Malformed();
    }
    if (!reader.ok()) return Malformed();
  }
  absl::Status type = CheckContentType(body.content_type);
  if (!type.ok()) return type;
  out.body.assign(body.data);
  out.head.headers.emplace_back(
      "Content-Type", body.content_type.empty() ? "application/octet-stream" : body.content_type);
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodeResponse(const MessageTable& output, const Field* response_field,
                            std::string_view wire, const PrintOptions& options,
                            const contract::MessageTables& types, Rendered& out) {
  const MessageTable* const shown = response_field == nullptr ? &output : response_field->message;
  if (shown != nullptr && shown->well_known == WellKnown::kHttpBody &&
      (response_field == nullptr || !response_field->repeated)) {
    return EncodeHttpBody(response_field, wire, out);
  }
  out.body.clear();
  absl::Status status =
      response_field == nullptr
          ? EncodeJson(output, wire, options, types, out.body)
          : EncodeFieldJson(output, *response_field, wire, options, types, out.body);
  if (status.ok()) out.head.headers.emplace_back("Content-Type", "application/json");
  return status;
}

}  // namespace frontdesk::transcode
