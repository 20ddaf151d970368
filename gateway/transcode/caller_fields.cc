#include "gateway/transcode/caller_fields.h"

#include <algorithm>
#include <optional>
#include <string>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/caller_source.h"
#include "gateway/identity/claim_value.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;

namespace {

// Of what a field is filled from; nothing when the caller has no such thing.
std::optional<std::string> TextOf(const Field& field, const CallerValues& caller) {
  const std::string_view path = contract::ClaimOfSource(field.caller_source);
  if (path.empty()) return std::string(caller.sub);
  const identity::JsonValue* const claim = identity::FindClaim(caller.identity, path, field.type);
  return claim == nullptr ? std::nullopt : claim->ScalarText();
}

absl::Status AddBelow(const MessageTable& table, const CallerValues& caller, FieldPath& path,
                      Overlay& overlay) {
  for (const Field& field : table.fields) {
    const bool source = !field.caller_source.empty();
    const bool inside = field.message != nullptr && field.message->has_caller_source &&
                        !field.repeated && field.oneof < 0;
    if (!source && !inside) continue;
    if (source && caller.sub.empty()) {
      return Failure(absl::StatusCode::kUnauthenticated, "CALLER_REQUIRED",
                     Cat("a request without a caller has no ", field.caller_source));
    }
    // A message that contains itself would go on for ever.
    if (inside && std::any_of(path.begin(), path.end(), [&](const Field* outer) {
          return outer->message == field.message;
        })) {
      continue;
    }
    path.push_back(&field);
    absl::Status status;
    if (!source) {
      status = AddBelow(*field.message, caller, path, overlay);
    } else if (const std::optional<std::string> text = TextOf(field, caller)) {
      status = overlay.Add(path, PathText(path), *text, Overlay::Source::kCaller);
    }
    if (!status.ok()) return status;
    path.pop_back();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddCallerFields(const MessageTable& table, const CallerValues& caller,
                             Overlay& overlay) {
  FieldPath path;
  return AddBelow(table, caller, path, overlay);
}

}  // namespace frontdesk::transcode
