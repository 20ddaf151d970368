#include "gateway/transcode/request.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/shorten.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/http/chars.h"
#include "gateway/transcode/caller_fields.h"
#include "gateway/transcode/overlay.h"
#include "gateway/transcode/patch_mask.h"
#include "gateway/transcode/percent.h"
#include "gateway/transcode/query.h"

namespace frontdesk::transcode {

using contract::Binding;
using contract::Field;
using contract::MessageTable;
using contract::MessageTables;
using contract::WellKnown;

namespace {

// The reserved names of google.api.HttpBody.
void AppendHttpBody(const RequestParts& parts, std::string& out) {
  Buffer buffer(out, parts.body.size() + parts.content_type.size() + 16);
  const auto put = [&](uint32_t number, std::string_view bytes) {
    if (bytes.empty()) return;
    buffer.Varint(Tag(number, WireType::kBytes));
    buffer.Varint(bytes.size());
    buffer.Raw(bytes);
  };
  put(1, parts.content_type);
  put(2, parts.body);
}

class RequestDecoder {
 public:
  RequestDecoder(const MessageTable& input, const Binding& binding, const RequestParts& parts,
                 const RequestOptions& options, const MessageTables& types,
                 std::optional<std::string>* mask)
      : input_(input),
        binding_(binding),
        parts_(parts),
        options_(options),
        types_(types),
        mask_(mask),
        overlay_(types),
        json_(options.json) {}

  absl::Status Run(std::string& out);

 private:
  absl::Status Captures();
  absl::Status Query();
  absl::Status OneParameter(const Parameter& parameter);
  absl::Status Body(std::string& out);
  absl::Status BodyField(std::string& out);
  absl::Status CheckJson();
  absl::Status CheckRaw();
  absl::Status Mask();

  const MessageTable& input_;
  const Binding& binding_;
  const RequestParts& parts_;
  const RequestOptions& options_;
  const MessageTables& types_;
  std::optional<std::string>* const mask_;
  Overlay overlay_;
  ParseOptions json_;
  // What the path sets to no default.
  absl::InlinedVector<const std::vector<const Field*>*, 4> set_by_path_;
};

absl::Status RequestDecoder::Captures() {
  std::string value;
  for (size_t i = 0; i < parts_.captures.size() && i < binding_.captures.size(); ++i) {
    const route::Capture& capture = parts_.captures[i];
    const FieldPath path(binding_.captures[i].begin(), binding_.captures[i].end());
    const Keep keep = !capture.multi                   ? Keep::kNothing
                      : options_.keep_reserved_encoded ? Keep::kReserved
                                                       : Keep::kSlash;
    if (!DecodePathValue(capture.raw, keep, value)) {
      return Failure(absl::StatusCode::kInvalidArgument, "INVALID_PATH",
                     "a '%' in the path is not followed by two hexadecimal digits");
    }
    absl::Status status = overlay_.Add(path, PathText(path), value, Overlay::Source::kPath);
    if (!status.ok()) return status;
    if (!IsDefaultValue(*path.back(), overlay_.Last())) {
      set_by_path_.push_back(&binding_.captures[i]);
    }
  }
  json_.set_elsewhere = set_by_path_;
  return absl::OkStatus();
}

absl::Status RequestDecoder::Query() {
  if (mask_ != nullptr) mask_->reset();
  if (parts_.query.empty()) return absl::OkStatus();
  std::vector<Parameter> parameters;
  absl::Status status = ParseQuery(parts_.query, parameters);
  if (status.ok() && mask_ != nullptr) {
    absl::StatusOr<std::optional<std::string>> mask = TakeReadMask(input_, parameters);
    status = mask.status();
    if (status.ok()) *mask_ = *std::move(mask);
  }
  for (const Parameter& parameter : parameters) {
    if (!status.ok()) break;
    status = OneParameter(parameter);
  }
  return status;
}

absl::Status RequestDecoder::OneParameter(const Parameter& parameter) {
  if (parameter.name.starts_with('$')) return absl::OkStatus();
  const auto refuse = [&](std::string_view reason, std::string_view what) -> absl::Status {
    return Failure(absl::StatusCode::kInvalidArgument, reason,
                   Cat("query parameter \"", Shorten(parameter.name), "\": ", what))
        .Field(Shorten(parameter.name), what);
  };
  ParameterField field;
  if (!FindParameter(input_, parameter.name, field)) {
    if (options_.ignore_unknown_parameters || IsSystemName(parameter.name)) {
      return absl::OkStatus();
    }
    return refuse("UNKNOWN_PARAMETER", "no such field");
  }
  for (const Field* part : field.path) {
    if (!part->caller_source.empty()) {
      return refuse("FIELD_FROM_CALLER", "only the gateway fills this field");
    }
  }
  const bool in_body =
      binding_.body == Binding::Body::kWhole ||
      (binding_.body == Binding::Body::kField && field.path.front() == binding_.body_field);
  // What the path has set too is compared with it, wherever it stands.
  if (in_body && !overlay_.HasFromPath(field.path)) {
    if (options_.ignore_unknown_parameters) return absl::OkStatus();
    return refuse("UNKNOWN_PARAMETER", "the body carries this field");
  }
  if (field.entry) {
    return overlay_.AddEntry(field.path, parameter.name, field.key, parameter.value);
  }
  return overlay_.Add(field.path, parameter.name, parameter.value, Overlay::Source::kQuery);
}

absl::Status RequestDecoder::CheckJson() {
  if (IsJsonContent(parts_.content_type)) return absl::OkStatus();
  return Failure(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_MEDIA_TYPE",
                 "the body must be application/json in UTF-8")
      .Http(415);
}

absl::Status RequestDecoder::CheckRaw() {
  if (IsPrintable(parts_.content_type)) return absl::OkStatus();
  return Failure(absl::StatusCode::kInvalidArgument, "INVALID_CONTENT_TYPE",
                 "Content-Type holds more than printable ASCII");
}

absl::Status RequestDecoder::Body(std::string& out) {
  switch (binding_.body) {
    case Binding::Body::kNone:
      if (parts_.body.empty()) return absl::OkStatus();
      return Failure(absl::StatusCode::kInvalidArgument, "BODY_NOT_ALLOWED",
                     "this method takes no body");
    case Binding::Body::kWhole: {
      if (input_.well_known == WellKnown::kHttpBody) {
        absl::Status status = CheckRaw();
        if (status.ok()) AppendHttpBody(parts_, out);
        return status;
      }
      if (parts_.body.empty()) return absl::OkStatus();
      absl::Status status = CheckJson();
      return status.ok() ? DecodeJson(input_, parts_.body, json_, types_, out) : status;
    }
    case Binding::Body::kField:
      return BodyField(out);
  }
  return absl::OkStatus();
}

absl::Status RequestDecoder::BodyField(std::string& out) {
  const Field& field = *binding_.body_field;
  if (field.message != nullptr && field.message->well_known == WellKnown::kHttpBody) {
    absl::Status status = CheckRaw();
    if (!status.ok()) return status;
    std::string payload;
    AppendHttpBody(parts_, payload);
    if (payload.empty()) return absl::OkStatus();
    Buffer buffer(out, payload.size() + 2 * kMaxVarint);
    buffer.Varint(Tag(field.number, WireType::kBytes));
    buffer.Varint(payload.size());
    buffer.Raw(payload);
    return absl::OkStatus();
  }
  if (parts_.body.empty()) return absl::OkStatus();
  absl::Status status = CheckJson();
  return status.ok() ? DecodeFieldJson(field, parts_.body, json_, types_, out) : status;
}

absl::Status RequestDecoder::Mask() {
  const Field* const mask = PatchMaskField(input_, binding_);
  if (mask == nullptr || parts_.body.empty() || overlay_.ValueOf(mask).size() > 1) {
    return absl::OkStatus();
  }
  overlay_.Drop(mask);
  std::string value;
  bool any = false;
  if (!AppendPatchMask(*binding_.body_field, parts_.body, options_.json, value, any)) {
    return Failure(absl::StatusCode::kInvalidArgument, "MASK_TOO_LARGE",
                   Cat(mask->name, ": the names in the body are more than ", kMostPatchMask,
                       " bytes of mask"));
  }
  // A back end takes no mask for all that is set, or for everything there is.
  if (value.empty() && any) {
    return Failure(absl::StatusCode::kInvalidArgument, "NOTHING_TO_PATCH",
                   "nothing that is in the body is known");
  }
  if (value.empty()) return absl::OkStatus();
  std::string prefixed;
  Buffer(prefixed, kMaxVarint).Varint(value.size());
  overlay_.AddWire({mask}, prefixed + value, Overlay::Source::kQuery);
  return absl::OkStatus();
}

absl::Status RequestDecoder::Run(std::string& out) {
  out.clear();
  absl::Status status = Captures();
  if (status.ok()) status = Query();
  if (status.ok() && input_.has_caller_source) {
    status = AddCallerFields(input_, {options_.caller_sub, options_.caller}, overlay_);
  }
  if (!status.ok()) return status;
  const bool alone = overlay_.empty() && PatchMaskField(input_, binding_) == nullptr;
  std::string body;
  status = Body(alone ? out : body);
  if (!status.ok() || alone) return status;
  status = Mask();
  return status.ok() ? overlay_.Apply(input_, body, out) : status;
}

}  // namespace

bool IsJsonContent(std::string_view content_type) {
  const size_t semicolon = content_type.find(';');
  const std::string_view type = http::Trim(content_type.substr(0, semicolon));
  if (!type.empty() && !http::EqualsIgnoreCase(type, "application/json")) return false;
  std::string_view rest =
      semicolon == std::string_view::npos ? std::string_view() : content_type.substr(semicolon + 1);
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
    const size_t equals = piece.find('=');
    if (equals == std::string_view::npos ||
        !http::EqualsIgnoreCase(http::Trim(piece.substr(0, equals)), "charset")) {
      continue;
    }
    std::string_view charset = http::Trim(piece.substr(equals + 1));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
      charset = charset.substr(1, charset.size() - 2);
    }
    if (!http::EqualsIgnoreCase(charset, "utf-8") && !http::EqualsIgnoreCase(charset, "us-ascii"))
      return false;
  }
  return true;
}

absl::Status DecodeRequest(const MessageTable& input, const Binding& binding,
                           const RequestParts& parts, const RequestOptions& options,
                           const MessageTables& types, std::string& out,
                           std::optional<std::string>* mask) {
  return RequestDecoder(input, binding, parts, options, types, mask).Run(out);
}

}  // namespace frontdesk::transcode
