#include "gateway/transcode/patch_mask.h"

#include <algorithm>
#include <vector>

#include "gateway/base/json_reader.h"
#include "gateway/base/text.h"
#include "gateway/transcode/buffer.h"
#include "gateway/transcode/number.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::MessageTable;
using contract::WellKnown;

namespace {

// Reads what the decoder has read before it without an error.
class MaskWriter {
 public:
  MaskWriter(std::string_view json, const ParseOptions& options, std::string& mask)
      : in_(json, options.max_depth),
        last_key_wins_(options.last_key_wins),
        mask_(mask, json.size()) {}

  bool too_large() const { return mask_.size() > kMostPatchMask; }

  // The object at hand; `prefix` is "" or ends with a dot. False when it has no members at all, not
  // even unknown ones.
  bool Object(const MessageTable& table, const std::string& prefix) {
    bool any = false;
    std::vector<Written> written;
    std::string_view key;
    if (in_.Peek() != '{' || !in_.Enter()) return false;
    for (; !too_large() && in_.Member(!any, key) == JsonReader::Step::kItem; any = true) {
      const Field* const field = table.FindName(key);
      if (field == nullptr) {
        in_.Skip();
        continue;
      }
      if (last_key_wins_) TakeBack(*field, written);
      const size_t begin = mask_.size();
      Value(*field, prefix + field->name);
      if (last_key_wins_) written.push_back({field, begin, mask_.size()});
    }
    return any;
  }

 private:
  // The paths of a member: bytes [begin, end) of the mask.
  struct Written {
    const Field* field;
    size_t begin;
    size_t end;
  };

  // The value of a name that was there before takes the place of the earlier one.
  void TakeBack(const Field& field, std::vector<Written>& written) {
    auto one = std::find_if(written.begin(), written.end(),
                            [&](const Written& member) { return member.field == &field; });
    if (one == written.end()) return;
    const size_t size = one->end - one->begin;
    mask_.Remove(one->begin, size);
    for (one = written.erase(one); one != written.end(); ++one) {
      one->begin -= size;
      one->end -= size;
    }
  }

  void Value(const Field& field, const std::string& path) {
    const bool inside = field.message != nullptr && !field.repeated &&
                        field.message->well_known == WellKnown::kNone && in_.Peek() == '{';
    if (inside ? !Object(*field.message, path + '.') : Leaf(field)) Add(path);
  }

  // False for a value of an enum that the decoder did not know and so ignored.
  bool Leaf(const Field& field) {
    const char first = in_.Peek();
    if (field.enumeration == nullptr || field.repeated || first == 'n') return in_.Skip();
    const contract::EnumTable& known = *field.enumeration;
    std::string_view text;
    if (first == '"') return in_.String(text) && known.by_name.contains(Absl(text));
    Integer number;
    if (!in_.Number(text) || !ParseInteger(text, number)) return false;
    const uint64_t value = number.negative ? ~number.magnitude + 1 : number.magnitude;
    return !known.closed || known.NameOf(static_cast<int32_t>(value)) != nullptr;
  }

  void Add(std::string_view path) {
    mask_.Varint(Tag(1, WireType::kBytes));
    mask_.Varint(path.size());
    mask_.Raw(path);
  }

  JsonReader in_;
  const bool last_key_wins_;
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

bool AppendPatchMask(const Field& field, std::string_view json, const ParseOptions& options,
                     std::string& mask, bool& any) {
  MaskWriter writer(json, options, mask);
  any = writer.Object(*field.message, "");
  return !writer.too_large();
}

}  // namespace frontdesk::transcode
