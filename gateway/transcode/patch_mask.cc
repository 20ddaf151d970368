#include "gateway/transcode/patch_mask.h"

#include "gateway/base/json_reader.h"
#include "gateway/transcode/buffer.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;
using contract::WellKnown;

namespace {

class MaskWriter {
 public:
  MaskWriter(std::string_view json, int max_depth, std::string& mask)
      : in_(json, max_depth), mask_(mask, json.size()) {}

  bool too_large() const { return mask_.size() > kMostPatchMask; }

  // The object at hand; `prefix` is "" or ends with a dot. False when it has no member that counts.
  bool Object(const MessageTable& table, const std::string& prefix) {
    bool any = false;
    std::string_view key;
    if (too_large() || in_.Peek() != '{' || !in_.Enter()) return false;
    for (bool first = true; in_.Member(first, key) == JsonReader::Step::kItem; first = false) {
      const Field* const field = table.FindName(key);
      if (field == nullptr) {
        if (!in_.Skip()) return any;
        continue;
      }
      any = true;
      if (too_large()) return any;
      const std::string path = prefix + field->name;
      const bool inside = field->message != nullptr && !field->repeated &&
                          field->message->well_known == WellKnown::kNone && in_.Peek() == '{';
      if (!inside) {
        if (!in_.Skip()) return any;
        Add(path);
      } else if (!Object(*field->message, path + '.')) {
        Add(path);
      }
    }
    return any;
  }

 private:
  void Add(std::string_view path) {
    mask_.Varint(Tag(1, WireType::kBytes));
    mask_.Varint(path.size());
    mask_.Raw(path);
  }

  JsonReader in_;
  Buffer mask_;
};

}  // namespace

const Field* PatchMaskField(const MessageTable& input, const contract::Binding& binding) {
  if (binding.http_method != "PATCH" || binding.body != contract::Binding::Body::kField) {
    return nullptr;
  }
  const Field& body = *binding.body_field;
  if (body.message == nullptr || body.repeated || body.message->well_known != WellKnown::kNone) {
    return nullptr;
  }
  const Field* mask = nullptr;
  for (const Field& field : input.fields) {
    if (field.message == nullptr || field.message->well_known != WellKnown::kFieldMask) continue;
    if (mask != nullptr || field.repeated) return nullptr;
    mask = &field;
  }
  return mask;
}

bool AppendPatchMask(const Field& field, std::string_view json, int max_depth, std::string& mask) {
  MaskWriter writer(json, max_depth, mask);
  writer.Object(*field.message, "");
  return !writer.too_large();
}

}  // namespace frontdesk::transcode
