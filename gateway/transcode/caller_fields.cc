#include "gateway/transcode/caller_fields.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;

namespace {

absl::Status AddBelow(const MessageTable& table, std::string_view caller_sub, FieldPath& path,
                      Overlay& overlay) {
  for (const Field& field : table.fields) {
    const bool source = !field.caller_source.empty();
    const bool inside = field.message != nullptr && field.message->has_caller_source &&
                        !field.repeated && field.oneof < 0;
    if (!source && !inside) continue;
    if (source && (field.caller_source != "caller.sub" || caller_sub.empty())) {
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
    absl::Status status =
        source ? overlay.Add(path, PathText(path), caller_sub, Overlay::Source::kCaller)
               : AddBelow(*field.message, caller_sub, path, overlay);
    if (!status.ok()) return status;
    path.pop_back();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddCallerFields(const MessageTable& table, std::string_view caller_sub,
                             Overlay& overlay) {
  FieldPath path;
  return AddBelow(table, caller_sub, path, overlay);
}

}  // namespace frontdesk::transcode
