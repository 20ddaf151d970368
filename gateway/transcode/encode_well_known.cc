// Messages whose JSON is not an object of their fields.
#include <bit>
#include <cmath>

#include "gateway/base/text.h"
#include "gateway/transcode/encoder.h"
#include "gateway/transcode/field_mask.h"
#include "gateway/transcode/timestamp.h"

namespace frontdesk::transcode::internal {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;

namespace {

// Calls `take(wire)` for every field of all pieces; false when the bytes are malformed.
template <class Take>
bool ForEachField(Pieces pieces, Take take) {
  for (const std::string_view piece : pieces) {
    WireReader reader(piece);
    for (WireField wire; reader.Next(wire);) take(wire);
    if (!reader.ok()) return false;
  }
  return true;
}

}  // namespace

bool Encoder::WellKnown(const MessageTable& table, Pieces pieces) {
  switch (table.well_known) {
    case contract::WellKnown::kAny:
      return Any(pieces);
    case contract::WellKnown::kTimestamp:
      return Time(table, pieces, true);
    case contract::WellKnown::kDuration:
      return Time(table, pieces, false);
    case contract::WellKnown::kFieldMask:
      return FieldMask(pieces);
    case contract::WellKnown::kStruct:
      return Struct(table, pieces);
    case contract::WellKnown::kValue:
      return AnyValue(table, pieces);
    case contract::WellKnown::kListValue:
      return ListValue(table, pieces);
    case contract::WellKnown::kNone:
    case contract::WellKnown::kEmpty:
    case contract::WellKnown::kHttpBody: {
      bool first = true;
      out_.Char('{');
      const bool ok = Fields(table, pieces, first);
      out_.Char('}');
      return ok;
    }
    default:
      return Wrapper(table, pieces);
  }
}

bool Encoder::Time(const MessageTable& table, Pieces pieces, bool timestamp) {
  SecondsNanos time;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.type != WireType::kVarint) return;
    if (wire.number == 1) time.seconds = static_cast<int64_t>(wire.value);
    if (wire.number == 2) time.nanos = static_cast<int32_t>(wire.value);
  });
  if (!ok) return Malformed();
  if (timestamp ? !IsValidTimestamp(time) : !IsValidDuration(time)) {
    return Fail("INVALID_VALUE", Cat("a ", table.full_name, " is out of range"));
  }
  char* p = out_.Reserve(kMaxTimeText + 2);
  *p++ = '"';
  p = timestamp ? WriteTimestamp(p, time) : WriteDuration(p, time);
  *p++ = '"';
  out_.Advance(p);
  return true;
}

bool Encoder::Wrapper(const MessageTable& table, Pieces pieces) {
  const Field& field = table.fields[0];
  WireField last;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.number == 1 && Fits(field, wire.type)) last = wire;
  });
  return ok ? Value(field, last) : Malformed();
}

bool Encoder::FieldMask(Pieces pieces) {
  std::string paths;
  bool fits = true;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.number != 1 || wire.type != WireType::kBytes) return;
    if (!paths.empty()) paths.push_back(',');
    fits &= FieldMaskPathToJson(wire.bytes, paths);
  });
  if (!ok) return Malformed();
  if (!fits) return Fail("INVALID_VALUE", "a path of a FieldMask has no lowerCamelCase form");
  return Text(paths);
}

bool Encoder::Any(Pieces pieces) {
  std::string_view url;
  std::string_view value;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.type != WireType::kBytes) return;
    if (wire.number == 1) url = wire.bytes;
    if (wire.number == 2) value = wire.bytes;
  });
  if (!ok) return Malformed();
  if (url.empty() && value.empty()) return out_.Raw("{}"), true;
  out_.Raw("{\"@type\":");
  if (!Text(url)) return false;
  const MessageTable* const table = types_.Find(url.substr(url.rfind('/') + 1));
  bool done = true;
  if (table == nullptr) {
    out_.Raw(",\"value\":");
    out_.Bytes(value);
  } else if (table->well_known != contract::WellKnown::kNone &&
             table->well_known != contract::WellKnown::kEmpty &&
             table->well_known != contract::WellKnown::kHttpBody) {
    out_.Raw(",\"value\":");
    done = Message(*table, {&value, 1});
  } else {
    bool first = false;
    done = Fields(*table, {&value, 1}, first);
  }
  out_.Char('}');
  return done;
}

bool Encoder::Struct(const MessageTable& table, Pieces pieces) {
  const Field& map = table.fields[0];
  Entries entries;
  bool fine = true;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.number == 1 && wire.type == WireType::kBytes) {
      fine = fine && AddEntry(map, wire.bytes, entries);
    }
  });
  if (!ok) return Malformed();
  return fine && WriteEntries(map, entries);
}

bool Encoder::ListValue(const MessageTable& table, Pieces pieces) {
  const MessageTable& element = *table.fields[0].message;
  bool first = true;
  bool fine = true;
  out_.Char('[');
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    if (wire.number != 1 || wire.type != WireType::kBytes || !fine) return;
    if (!first) out_.Char(',');
    first = false;
    fine = Message(element, {&wire.bytes, 1});
  });
  if (!ok) return Malformed();
  out_.Char(']');
  return fine;
}

// google.protobuf.Value: a oneof whose last member counts; messages of that member are merged as
// long as no other member stands between them.
bool Encoder::AnyValue(const MessageTable& table, Pieces pieces) {
  WireField last;
  PieceList payloads;
  const bool ok = ForEachField(pieces, [&](const WireField& wire) {
    const Field* const field = table.FindNumber(wire.number);
    if (field == nullptr || !Fits(*field, wire.type)) return;
    if (wire.number != last.number) payloads.clear();
    last = wire;
    if (field->message != nullptr) payloads.push_back(wire.bytes);
  });
  if (!ok) return Malformed();
  // A Value without a kind is not valid; null is what its readers make of it.
  if (last.number == 0) return out_.Raw("null"), true;
  const Field& field = *table.FindNumber(last.number);
  if (field.message != nullptr) return Message(*field.message, payloads);
  if (field.type == FieldType::kDouble && !std::isfinite(std::bit_cast<double>(last.value))) {
    return Fail("INVALID_VALUE", "a number in a Value is not finite");
  }
  return Value(field, last);
}

}  // namespace frontdesk::transcode::internal
