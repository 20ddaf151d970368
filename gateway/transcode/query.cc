#include "gateway/transcode/query.h"

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/wire.h"
#include "gateway/transcode/decode.h"
#include "gateway/transcode/percent.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;
using contract::WellKnown;

namespace {

constexpr std::string_view kFields = "$fields";

}  // namespace

absl::Status ParseQuery(std::string_view query, std::vector<Parameter>& parameters) {
  size_t count = 0;
  while (!query.empty()) {
    const std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    if (piece.empty()) continue;
    if (++count > kMaxParameters) {
      return Failure(absl::StatusCode::kInvalidArgument, "TOO_MANY_PARAMETERS",
                     Cat("more than ", kMaxParameters, " query parameters"));
    }
    const size_t equals = piece.find('=');
    Parameter parameter;
    if (!DecodeQueryText(piece.substr(0, equals), parameter.name) ||
        (equals != std::string_view::npos &&
         !DecodeQueryText(piece.substr(equals + 1), parameter.value))) {
      return Failure(absl::StatusCode::kInvalidArgument, "INVALID_QUERY",
                     "a '%' in the query is not followed by two hexadecimal digits");
    }
    if (!contract::IsValidUtf8(parameter.name)) {
      return Failure(absl::StatusCode::kInvalidArgument, "INVALID_QUERY",
                     "the name of a query parameter is not UTF-8");
    }
    if (parameter.name.starts_with('$') && parameter.name != kFields) continue;
    parameters.push_back(std::move(parameter));
  }
  return absl::OkStatus();
}

bool IsSystemName(std::string_view name) {
  return name == "key" || name == "alt" || name == "prettyPrint";
}

bool FindParameter(const MessageTable& table, std::string_view name, ParameterField& field) {
  const MessageTable* message = &table;
  const size_t bracket = name.find('[');
  if (bracket != std::string_view::npos) {
    if (name.back() != ']') return false;
    field.entry = true;
    field.key = name.substr(bracket + 1, name.size() - bracket - 2);
    name = name.substr(0, bracket);
  }
  while (true) {
    const size_t dot = name.find('.');
    const Field* const found = message->FindName(name.substr(0, dot));
    if (found == nullptr) return false;
    field.path.push_back(found);
    if (dot == std::string_view::npos) break;
    // Only into singular messages, and not into those whose JSON is not an object of their fields.
    if (found->message == nullptr || found->repeated || HasTextForm(*found) ||
        found->message->well_known == WellKnown::kAny) {
      return false;
    }
    message = found->message;
    name.remove_prefix(dot + 1);
  }
  const Field& last = *field.path.back();
  return field.entry ? last.map && HasTextForm(last.message->fields[1]) : HasTextForm(last);
}

bool IsReadMask(const MessageTable& input, std::string_view name) {
  ParameterField field;
  return name == kFields || (name == kFields.substr(1) && !FindParameter(input, name, field));
}

absl::StatusOr<std::optional<std::string>> TakeReadMask(const MessageTable& input,
                                                        std::vector<Parameter>& parameters) {
  std::optional<std::string> mask;
  bool twice = false;
  std::erase_if(parameters, [&](Parameter& parameter) {
    if (!IsReadMask(input, parameter.name)) return false;
    twice |= mask.has_value();
    mask = std::move(parameter.value);
    return true;
  });
  if (!twice) return mask;
  return Failure(absl::StatusCode::kInvalidArgument, "DUPLICATE_PARAMETER", "fields: given twice")
      .Field("fields", "given twice");
}

}  // namespace frontdesk::transcode
