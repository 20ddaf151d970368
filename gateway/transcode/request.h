// Path, query and body of a request become one canonical message.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/contract/contract.h"
#include "gateway/identity/identity.h"
#include "gateway/route/matcher.h"
#include "gateway/transcode/decode.h"

namespace frontdesk::transcode {

// What a client sent, as it came.
struct RequestParts {
  std::span<const route::Capture> captures;  // parallel to the template's variables
  std::string_view query;                    // without '?'
  std::string_view content_type;             // "" if there was none
  std::string_view body;
};

struct RequestOptions {
  ParseOptions json;
  bool ignore_unknown_parameters = false;
  // Multi-segment variables keep all reserved characters percent-encoded, not only %2F.
  bool keep_reserved_encoded = false;
  // Verified identity; "" when nobody is.
  std::string_view caller_sub;
  const identity::Identity* caller = nullptr;  // null where nothing but the sub is known
};

// Replaces `out` by the request message of a call through the binding. The path wins: a different
// value for one of its fields in query or body is refused, compared after conversion. Parameters
// are for fields that neither path nor body carries; with a body that is the whole message there
// are none. Fields with a caller source are refused from the client and filled from the caller. A
// PATCH whose body is a field gets its empty FieldMask filled from what was taken of the body.
// google.api.HttpBody takes the raw body and its content type. `mask`, if not null, is replaced by
// the read mask that the query has for the answer (IsReadMask(), in transcode/query.h), unread;
// without it a read mask is not expected, and `$fields` passed over.
//
// Fails as DecodeJson() does, and with INVALID_PATH, INVALID_QUERY, TOO_MANY_PARAMETERS,
// UNKNOWN_PARAMETER, DUPLICATE_PARAMETER, FIELD_CONFLICT, BODY_NOT_ALLOWED, INVALID_CONTENT_TYPE,
// UNSUPPORTED_MEDIA_TYPE (HTTP 415), CALLER_REQUIRED (UNAUTHENTICATED).
absl::Status DecodeRequest(const contract::MessageTable& input, const contract::Binding& binding,
                           const RequestParts& parts, const RequestOptions& options,
                           const contract::MessageTables& types, std::string& out,
                           std::optional<std::string>* mask = nullptr);

// The media type is JSON in UTF-8: application/json, or none at all.
bool IsJsonContent(std::string_view content_type);

}  // namespace frontdesk::transcode
