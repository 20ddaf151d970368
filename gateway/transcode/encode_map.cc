// Maps: entries sorted by key, of equal keys the last.
#include <algorithm>

#include "gateway/contract/map_key.h"
#include "gateway/transcode/encoder.h"

namespace frontdesk::transcode::internal {

using contract::Field;
using contract::FieldType;

bool Encoder::AddEntry(const Field& map, std::string_view payload, Entries& entries) {
  const Field& key = map.message->fields[0];
  const Field& value = map.message->fields[1];
  Entry entry{.order = contract::MapKeyOrder(key.type, 0), .payload = payload};
  bool unknown = false;
  WireReader reader(payload);
  for (WireField wire; reader.Next(wire);) {
    if (wire.number == 1 && Fits(key, wire.type)) {
      // The reader leaves alone what the type of the wire does not have.
      if (wire.type == WireType::kBytes) {
        entry.text = wire.bytes;
      } else {
        entry.order = contract::MapKeyOrder(key.type, wire.value);
      }
    } else if (wire.number == 2 && IsUnknownValue(value, wire)) {
      unknown = true;
    }
  }
  if (!reader.ok()) return Malformed();
  if (!unknown) entries.push_back(entry);
  return true;
}

bool Encoder::WriteEntries(const Field& map, Entries& entries) {
  const FieldType type = map.message->fields[0].type;
  const auto before = [](const Entry& a, const Entry& b) {
    return a.order != b.order ? a.order < b.order : a.text < b.text;
  };
  // Most writers sort already, or have few entries.
  if (!std::is_sorted(entries.begin(), entries.end(), before)) {
    std::stable_sort(entries.begin(), entries.end(), before);
  }
  out_.Char('{');
  bool first = true;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (i + 1 < entries.size() && !before(entry, entries[i + 1])) continue;
    if (!first) out_.Char(',');
    first = false;
    if (type == FieldType::kString) {
      if (!Text(entry.text)) return false;
    } else if (type == FieldType::kBool) {
      out_.Raw(entry.order != 0 ? "\"true\"" : "\"false\"");
    } else if (contract::IsSignedKey(type)) {
      out_.QuotedInteger(static_cast<int64_t>(entry.order ^ contract::kMapKeySign));
    } else {
      out_.QuotedInteger(entry.order);
    }
    out_.Char(':');
    if (!EntryValue(map, entry)) return false;
  }
  out_.Char('}');
  return out_.size() <= options_.max_bytes || TooLarge();
}

bool Encoder::EntryValue(const Field& map, const Entry& entry) {
  const Field& field = map.message->fields[1];
  WireField last;
  PieceList pieces;
  WireReader reader(entry.payload);
  for (WireField wire; reader.Next(wire);) {
    if (wire.number != 2 || !Fits(field, wire.type)) continue;
    last = wire;
    if (field.message != nullptr) pieces.push_back(wire.bytes);
  }
  return field.message != nullptr ? Message(*field.message, pieces) : Value(field, last);
}

}  // namespace frontdesk::transcode::internal
