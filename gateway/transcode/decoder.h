// The machine behind decode.h. Internal to the codec.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "gateway/base/json_reader.h"
#include "gateway/transcode/buffer.h"
#include "gateway/transcode/decode.h"
#include "gateway/transcode/number.h"
#include "gateway/transcode/wire.h"

namespace frontdesk::transcode::internal {

class Decoder {
 public:
  Decoder(std::string_view json, const ParseOptions& options, const contract::MessageTables& types,
          std::string& out)
      : options_(options),
        types_(types),
        in_(json, options.max_depth),
        out_(out, json.size()),
        look_ahead_left_(kLookAhead + 4 * json.size()) {}

  absl::Status ReadMessage(const contract::MessageTable& table);
  absl::Status ReadField(const contract::Field& field);
  absl::Status ReadText(const contract::Field& field, std::string_view name, std::string_view text,
                        int messages);

 private:
  using Field = contract::Field;
  using MessageTable = contract::MessageTable;
  using Step = JsonReader::Step;

  // Where the decoder is, for messages: a field, perhaps with an element or key. A linked list on
  // the call stack; when an error unwinds it, the innermost frame notes the path.
  struct Frame {
    Frame(Decoder& owner, const Field* its_field)
        : decoder(owner), parent(owner.frame_), field(its_field) {
      decoder.frame_ = this;
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() {
      if (!decoder.in_.error().empty()) decoder.NotePath();
      decoder.frame_ = parent;
    }
    Decoder& decoder;
    const Frame* const parent;
    const Field* const field;  // null for an element or key
    int64_t element = -1;
    std::string_view key;  // as it stands in the text
  };

  // Bytes [begin, end) of the output that belong together: a field, or an entry of a map.
  struct Span {
    size_t begin = 0;
    size_t end = 0;
  };
  struct Record {
    uint32_t index = 0;  // of the field; kDropped for one that a later one replaced
    Span span;
  };
  static constexpr uint32_t kDropped = UINT32_MAX;
  // Bytes that may be read twice to find the "@type" of Anys, beyond four times the text: without a
  // bound an Any within an Any, their types last, costs the square of the text.
  static constexpr size_t kLookAhead = 64 << 10;

  // Of an object that is open: where its part of each stack begins.
  struct Object {
    size_t records = 0;
    size_t fields_seen = 0;
    size_t oneofs_seen = 0;
    bool ordered = true;
  };

  // All of these return false after an error.
  // decode.cc: a message's payload, an object's members (behind the '{'), a field with its tag.
  bool Message(const MessageTable& table);
  bool Members(const MessageTable& table, bool in_any);
  bool KnownMember(const Field& field, Object& object);
  bool Again(const Field& field, Object& object);
  bool FieldValue(const Field& field);
  bool SingularValue(const Field& field);
  bool Repeated(const Field& field);
  bool Packed(const Field& field);
  void SortRecords(size_t records);
  bool EnterMessage();

  // decode_map.cc
  struct MapEntry {
    uint64_t order = 0;
    Span key;  // where a string key stands in the output
    Span span;
  };
  bool Map(const Field& field);
  bool Entry(const Field& field, std::string_view key, std::vector<MapEntry>& entries);
  bool MapKey(const Field& key_field, std::string_view key, MapEntry& entry);
  bool SortEntries(size_t begin, std::vector<MapEntry>& entries);

  // decode_scalar.cc: what follows the tag.
  bool Scalar(const Field& field);
  bool Number(const Field& field);
  bool NumberText(const Field& field, std::string_view text);
  bool RealText(const Field& field, std::string_view text);
  bool StringValue(const Field& field);
  bool BytesText(std::string_view text);
  bool EnumValue(const Field& field);
  bool EnumNumber(const Field& field, std::string_view text);
  bool EnumName(const Field& field, std::string_view text);
  bool ScalarText(const Field& field, std::string_view text);

  // decode_well_known.cc: a message's payload.
  bool WellKnown(const MessageTable& table);
  bool WellKnownText(const MessageTable& table, std::string_view text);
  bool Wrapper(const MessageTable& table);
  bool DropDefault(const Field& field, size_t tag, size_t value);
  bool IsSetElsewhere() const;
  bool Any();
  bool FindType(std::string_view& url);
  bool AnyMembers(const MessageTable& table);
  bool Value(const MessageTable& table);
  bool Literal(std::string_view word) { return in_.Literal(word); }

  // Puts the spans, in the order given, in the place of the bytes from `begin` on.
  template <class Spans>
  void Rearrange(size_t begin, const Spans& spans);

  std::string Path() const;
  void NotePath();
  // The value at hand is wrong.
  bool Bad(std::string_view what) { return Fail("INVALID_VALUE", what); }
  bool TooDeep() { return Fail("JSON_TOO_DEEP", "nested too deeply"); }
  bool Fail(std::string_view reason, std::string_view what, std::string_view member = {});
  absl::Status Finish(bool ok);

  const ParseOptions& options_;
  const contract::MessageTables& types_;
  JsonReader in_;
  Buffer out_;
  const char* value_at_ = nullptr;  // where the value at hand begins
  int messages_ = 1;                // that are open
  size_t look_ahead_left_;
  const Frame* frame_ = nullptr;
  std::string path_;            // where the reader's error is
  std::string_view text_name_;  // ReadText(): the name to report
  // An enum name was unknown and is to be ignored: the value just read counts as absent.
  bool dropped_ = false;
  absl::InlinedVector<Record, 32> records_;  // a stack: the fields of the objects that are open
  absl::InlinedVector<uint64_t, 16>
      seen_;  // a stack of bit sets: fields, then oneofs, of those objects
  std::string scratch_;
  absl::Status status_;
};

template <class Spans>
void Decoder::Rearrange(size_t begin, const Spans& spans) {
  scratch_.assign(out_.From(begin));
  out_.Truncate(begin);
  for (const auto& one : spans) {
    out_.Raw(
        std::string_view(scratch_).substr(one.span.begin - begin, one.span.end - one.span.begin));
  }
}

}  // namespace frontdesk::transcode::internal
