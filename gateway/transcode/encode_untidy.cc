// Messages whose fields do not stand in order: collect where they are, sort, then write.
#include <algorithm>
#include <tuple>

#include "gateway/transcode/encoder.h"

namespace frontdesk::transcode::internal {

using contract::Field;
using contract::MessageTable;

namespace {

// The member of a oneof that was set last, and since when: an earlier value of the same member is
// gone if another one was set in between.
struct Winner {
  uint32_t index = UINT32_MAX;
  size_t since = 0;
};

}  // namespace

bool Encoder::Index(const MessageTable& table, Pieces pieces, Occurrences& found) {
  std::vector<Winner> winners(table.oneofs);
  for (uint32_t piece = 0; piece < pieces.size(); ++piece) {
    WireReader reader(pieces[piece]);
    const char* at = reader.position();
    for (WireField wire; reader.Next(wire); at = reader.position()) {
      const Field* const field = table.FindNumber(wire.number);
      if (field == nullptr || !Fits(*field, wire.type)) continue;
      if (!field->repeated && IsUnknownValue(*field, wire)) continue;
      if (field->oneof >= 0) {
        Winner& winner = winners[static_cast<size_t>(field->oneof)];
        if (winner.index != field->index) winner = {field->index, found.size()};
      }
      found.push_back({field->index, piece, at});
    }
    if (!reader.ok()) return Malformed();
  }
  size_t position = 0;
  std::erase_if(found, [&](const Occurrence& one) {
    const size_t here = position++;
    const int32_t oneof = table.fields[one.index].oneof;
    if (oneof < 0) return false;
    const Winner& winner = winners[static_cast<size_t>(oneof)];
    return winner.index != one.index || here < winner.since;
  });
  return true;
}

bool Encoder::UntidyFields(const MessageTable& table, Pieces pieces, bool& first) {
  Occurrences found;
  if (!Index(table, pieces, found)) return false;
  std::sort(found.begin(), found.end(), [](const Occurrence& a, const Occurrence& b) {
    return std::tie(a.index, a.piece, a.at) < std::tie(b.index, b.piece, b.at);
  });
  const contract::ReadMask* const mask = mask_;
  uint32_t next = 0;
  for (size_t begin = 0, end = 0; begin < found.size(); begin = end) {
    const Field& field = table.fields[found[begin].index];
    while (end < found.size() && found[end].index == field.index) ++end;
    if (options_.defaults) Defaults(table, next, field.index, mask, first);
    next = field.index + 1;
    if (!Enter(mask, field)) continue;
    if (!Group(field, pieces, std::span(found).subspan(begin, end - begin), first)) return false;
  }
  if (options_.defaults) {
    Defaults(table, next, static_cast<uint32_t>(table.fields.size()), mask, first);
  }
  return true;
}

// All occurrences of one field, in the order in which they came.
bool Encoder::Group(const Field& field, Pieces pieces, std::span<const Occurrence> group,
                    bool& first) {
  const auto read = [&](const Occurrence& one) {
    const std::string_view piece = pieces[one.piece];
    WireField wire;
    WireReader(piece.substr(static_cast<size_t>(one.at - piece.data()))).Next(wire);
    return wire;
  };
  if (!field.repeated) {
    if (field.message != nullptr) {
      PieceList payloads;
      for (const Occurrence& one : group) payloads.push_back(read(one).bytes);
      Key(field, first);
      return Message(*field.message, payloads);
    }
    const WireField wire = read(group.back());
    if (!field.has_presence && !options_.defaults && IsZero(field, wire)) return true;
    Key(field, first);
    return Value(field, wire);
  }
  bool open = false;
  Entries entries;
  for (const Occurrence& one : group) {
    const WireField wire = read(one);
    if (field.map ? !AddEntry(field, wire.bytes, entries) : !Elements(field, wire, open, first)) {
      return false;
    }
  }
  if (!entries.empty()) {
    Key(field, first);
    return WriteEntries(field, entries);
  }
  if (open) {
    out_.Char(']');
  } else if (options_.defaults) {
    Key(field, first);
    out_.Raw(field.map ? "{}" : "[]");
  }
  return true;
}

// One field of a message, by itself: what response_body names. The mask goes for what is inside.
absl::Status Encoder::WriteField(const MessageTable& table, const Field& field,
                                 std::string_view wire) {
  tidy_ = false;
  const Pieces pieces(&wire, 1);
  Occurrences found;
  bool ok = Index(table, pieces, found);
  std::erase_if(found, [&](const Occurrence& one) { return one.index != field.index; });
  const size_t before = out_.size();
  bool first = true;
  if (ok && !found.empty()) ok = Group(field, pieces, found, first);
  if (ok && first) {
    // Nothing was written: the field is absent, or empty.
    if (field.has_presence) {
      out_.Raw("null");
    } else if (field.repeated) {
      out_.Raw(field.map ? "{}" : "[]");
    } else {
      ok = Value(field, WireField{});
    }
  } else if (ok) {
    out_.Remove(before, options_.proto_names ? field.proto_key.size() : field.json_key.size());
  }
  return Finish(ok);
}

}  // namespace frontdesk::transcode::internal
