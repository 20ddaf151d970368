// The machine behind encode.h. Internal to the codec.
#pragma once

#include <span>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "gateway/transcode/encode.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/wire.h"

namespace frontdesk::transcode::internal {

// A message that stands on the wire several times is the concatenation of its payloads: the codec
// takes them as pieces instead of copying them together.
using Pieces = std::span<const std::string_view>;
using PieceList = absl::InlinedVector<std::string_view, 2>;

class Encoder {
 public:
  Encoder(const PrintOptions& options, const contract::MessageTables& types, std::string& out,
          size_t expect)
      : options_(options), types_(types), out_(out, expect), mask_(options.mask) {}

  // Writes a whole message, or a field's value. A tidy wire (fields ascending, singular ones once,
  // repeated ones together) goes in one pass. The first sign of disorder, or anything wrong, starts
  // everything over in the mode that sorts each message first, once: no wire costs more than twice.
  absl::Status WriteMessage(const contract::MessageTable& table, std::string_view wire);
  absl::Status WriteField(const contract::MessageTable& table, const contract::Field& field,
                          std::string_view wire);

 private:
  using Field = contract::Field;
  using MessageTable = contract::MessageTable;

  // A map's entry: `order` sorts keys that are numbers, `text` those that are strings.
  struct Entry {
    uint64_t order = 0;
    std::string_view text;
    std::string_view payload;
  };
  using Entries = absl::InlinedVector<Entry, 8>;

  // Where a field stands in an untidy message.
  struct Occurrence {
    uint32_t index;  // of the field
    uint32_t piece;
    const char* at;
  };
  using Occurrences = std::vector<Occurrence>;

  // All of these return false when it is over: failed, or to be started over.
  bool Message(const MessageTable& table, Pieces pieces);
  bool Fields(const MessageTable& table, Pieces pieces, bool& first);
  bool TidyFields(const MessageTable& table, std::string_view wire, bool& first);
  bool TidyRun(const Field& field, WireReader& reader, WireField& wire, bool& more, bool& first);
  bool Value(const Field& field, const WireField& wire);
  bool Elements(const Field& field, const WireField& wire, bool& open, bool& first);

  // encode_untidy.cc
  bool UntidyFields(const MessageTable& table, Pieces pieces, bool& first);
  bool Index(const MessageTable& table, Pieces pieces, Occurrences& found);
  bool Group(const Field& field, Pieces pieces, std::span<const Occurrence> group, bool& first);

  // encode_map.cc
  bool AddEntry(const Field& map, std::string_view payload, Entries& entries);
  bool WriteEntries(const Field& map, Entries& entries);
  bool EntryValue(const Field& map, const Entry& entry);

  // encode_well_known.cc
  bool WellKnown(const MessageTable& table, Pieces pieces);
  bool Time(const MessageTable& table, Pieces pieces, bool timestamp);
  bool Wrapper(const MessageTable& table, Pieces pieces);
  bool FieldMask(Pieces pieces);
  bool Any(Pieces pieces);
  bool Struct(const MessageTable& table, Pieces pieces);
  bool ListValue(const MessageTable& table, Pieces pieces);
  bool AnyValue(const MessageTable& table, Pieces pieces);

  void Key(const Field& field, bool& first) {
    const std::string& key = options_.proto_names ? field.proto_key : field.json_key;
    char* p = out_.Reserve(key.size() + 1);
    if (!first) *p++ = ',';
    first = false;
    std::memcpy(p, key.data(), key.size());
    out_.Advance(p + key.size());
  }
  // Whether a field of the message at hand is wanted. Then mask_ is what is wanted inside of it,
  // until the writer of the message's fields sets it back.
  bool Enter(const contract::ReadMask* mask, const Field& field) {
    if (mask == nullptr) return true;
    const contract::ReadMask::Entry* const entry = mask->Find(field);
    if (entry == nullptr) return false;
    mask_ = entry->inside.get();
    return true;
  }
  void Defaults(const MessageTable& table, uint32_t begin, uint32_t end,
                const contract::ReadMask* mask, bool& first);
  bool Text(std::string_view text) {
    return out_.String(text) || Fail("INVALID_UTF8", "a string is not UTF-8");
  }

  bool TooLarge() { return Fail("RESPONSE_TOO_LARGE", "the answer is too large"); }
  bool Malformed() { return Fail("MALFORMED_MESSAGE", "the bytes are not a protobuf message"); }
  bool Fail(std::string_view reason, std::string_view what);
  absl::Status Finish(bool ok);

  const PrintOptions& options_;
  const contract::MessageTables& types_;
  JsonWriter out_;
  bool tidy_ = true;
  int depth_ = 0;
  const contract::ReadMask* mask_;  // for the message that is written next; null: all of it
  absl::Status status_;
};

// The wire type is one in which the field may stand.
bool Fits(const contract::Field& field, WireType type);
// An enum value that a closed enum does not know counts as an unknown field.
bool IsUnknownValue(const contract::Field& field, const WireField& wire);
// The value that a field without presence has when it is absent.
bool IsZero(const contract::Field& field, const WireField& wire);

}  // namespace frontdesk::transcode::internal
