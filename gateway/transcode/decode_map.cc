// Maps: a JSON object whose names are typed keys.
#include <algorithm>

#include "gateway/contract/map_key.h"
#include "gateway/transcode/decoder.h"

namespace frontdesk::transcode::internal {

using contract::Field;
using contract::FieldType;

bool Decoder::Map(const Field& field) {
  if (in_.Peek() != '{') {
    value_at_ = in_.mark();
    return Bad("expected an object");
  }
  if (!in_.Enter()) return false;
  const size_t begin = out_.size();
  std::vector<MapEntry> entries;
  std::string_view key;
  for (bool first = true;; first = false) {
    const Step step = in_.Member(first, key);
    if (step == Step::kError) return false;
    if (step == Step::kEnd) break;
    if (!Entry(field, key, entries)) return false;
  }
  return SortEntries(begin, entries);
}

// Both parts of an entry are always written, defaults too, as protobuf does.
bool Decoder::Entry(const Field& field, std::string_view key, std::vector<MapEntry>& entries) {
  const Field& value_field = field.message->fields[1];
  Frame frame(*this, nullptr);
  frame.key = in_.raw_string();
  value_at_ = frame.key.data() - 1;
  if (!EnterMessage()) return false;
  MapEntry entry{.span = {.begin = out_.size()}};
  out_.Varint(Tag(field.number, WireType::kBytes));
  const size_t payload = out_.BeginLength();
  if (!MapKey(field.message->fields[0], key, entry)) return false;
  if (in_.Peek() == 'n' && value_field.message == nullptr &&
      !(value_field.enumeration != nullptr && value_field.enumeration->null_value)) {
    return Literal("null") && Bad("null is not a value of a map");
  }
  out_.Varint(Tag(2, WireTypeOf(value_field.type)));
  if (!SingularValue(value_field)) return false;
  --messages_;
  if (dropped_) {
    dropped_ = false;
    out_.Truncate(entry.span.begin);
    return true;
  }
  const size_t before = out_.size();
  out_.EndLength(payload);
  entry.key.begin += out_.size() - before;
  entry.key.end += out_.size() - before;
  entry.span.end = out_.size();
  entries.push_back(entry);
  return true;
}

bool Decoder::MapKey(const Field& key_field, std::string_view key, MapEntry& entry) {
  const WireType type = WireTypeOf(key_field.type);
  out_.Varint(Tag(1, type));
  const size_t begin = out_.size();
  if (!ScalarText(key_field, key)) return false;
  const std::string_view written = out_.From(begin);
  uint64_t value = 0;
  if (key_field.type == FieldType::kString) {
    entry.key = {out_.size() - key.size(), out_.size()};
  } else {
    PackedReader(written, type).Next(value);
  }
  entry.order = contract::MapKeyOrder(key_field.type, value);
  return true;
}

bool Decoder::SortEntries(size_t begin, std::vector<MapEntry>& entries) {
  const auto text = [&](const MapEntry& entry) {
    return out_.From(entry.key.begin).substr(0, entry.key.end - entry.key.begin);
  };
  const auto before = [&](const MapEntry& a, const MapEntry& b) {
    return a.order != b.order ? a.order < b.order : text(a) < text(b);
  };
  const auto not_before = [&](const MapEntry& a, const MapEntry& b) { return !before(a, b); };
  if (std::adjacent_find(entries.begin(), entries.end(), not_before) == entries.end()) return true;
  std::stable_sort(entries.begin(), entries.end(), before);
  std::vector<MapEntry> kept;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 == entries.size() || before(entries[i], entries[i + 1])) {
      kept.push_back(entries[i]);
    } else if (!options_.last_key_wins) {
      return Fail("DUPLICATE_KEY", "a key is given twice");
    }
  }
  Rearrange(begin, kept);
  return true;
}

}  // namespace frontdesk::transcode::internal
