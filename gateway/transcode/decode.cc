#include "gateway/transcode/decode.h"

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/shorten.h"
#include "gateway/base/text.h"
#include "gateway/transcode/decoder.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;
using contract::MessageTables;
using contract::WellKnown;

namespace internal {
namespace {

// null is a value of google.protobuf.Value and NullValue, and absence everywhere else.
bool TakesNull(const Field& field) {
  return (field.message != nullptr && field.message->well_known == WellKnown::kValue) ||
         (field.enumeration != nullptr && field.enumeration->null_value);
}

}  // namespace

absl::Status Decoder::Finish(bool ok) {
  if (!ok && status_.ok()) {
    Failure failure(absl::StatusCode::kInvalidArgument, in_.reason(),
                    Cat(in_.Where(in_.mark()), ": ", in_.error()));
    if (!path_.empty()) failure.Field(path_, in_.error());
    status_ = failure;
  }
  if (!ok) out_.Truncate(0);
  return status_;
}

absl::Status Decoder::ReadMessage(const MessageTable& table) {
  if (in_.Peek() == 'n' && table.well_known != WellKnown::kValue) {
    return Finish(Literal("null") && Bad("null is not a message"));
  }
  return Finish(Message(table) && in_.End());
}

absl::Status Decoder::ReadField(const Field& field) {
  const Frame frame(*this, &field);
  const bool null = in_.Peek() == 'n' && (field.repeated || !TakesNull(field));
  value_at_ = in_.mark();
  if (null) return Finish(Literal("null") && Bad("null is not a value of this field"));
  return Finish(FieldValue(field) && in_.End());
}

void Decoder::NotePath() {
  if (path_.empty()) path_ = Path();
}

std::string Decoder::Path() const {
  if (!text_name_.empty()) return Shorten(text_name_);
  std::string path;
  for (const Frame* frame = frame_; frame != nullptr; frame = frame->parent) {
    if (!path.empty() && path.front() != '[') path.insert(0, 1, '.');
    if (frame->field != nullptr) {
      path.insert(0, frame->field->name);
    } else if (frame->element >= 0) {
      path.insert(0, Cat('[', frame->element, ']'));
    } else if (frame->key.data() != nullptr) {
      path.insert(0, Cat("[\"", Shorten(frame->key), "\"]"));
    }
  }
  return Shorten(path);
}

bool Decoder::Fail(std::string_view reason, std::string_view what, std::string_view member) {
  if (!status_.ok() || !in_.error().empty()) return false;
  std::string path = Path();
  if (!member.empty()) path += Cat(path.empty() ? "" : ".", Shorten(member));
  const std::string where =
      text_name_.empty() ? Cat(in_.Where(value_at_ != nullptr ? value_at_ : in_.mark()), ": ") : "";
  Failure failure(absl::StatusCode::kInvalidArgument, reason,
                  Cat(where, path, path.empty() ? "" : ": ", what));
  if (!path.empty()) failure.Field(path, what);
  status_ = failure;
  return false;
}

bool Decoder::Message(const MessageTable& table) {
  if (table.well_known != WellKnown::kNone) return WellKnown(table);
  if (in_.Peek() != '{') {
    value_at_ = in_.mark();
    return Bad("expected an object");
  }
  return in_.Enter() && Members(table, false);
}

bool Decoder::Members(const MessageTable& table, bool in_any) {
  Object object{.records = records_.size(), .fields_seen = seen_.size()};
  object.oneofs_seen = object.fields_seen + (table.fields.size() + 63) / 64;
  seen_.resize(object.oneofs_seen + (table.oneofs + 63) / 64);
  bool has_type = false;
  size_t guess = 0;  // clients mostly send fields in the order in which they are declared
  std::string_view key;
  for (bool first = true;; first = false) {
    const Field* field = guess < table.fields.size() ? &table.fields[guess] : nullptr;
    const Step step =
        in_.Member(first, key, field == nullptr ? std::string_view() : field->json_key);
    if (step == Step::kError) return false;
    if (step == Step::kEnd) break;
    value_at_ = in_.raw_string().data() - 1;
    if (step != Step::kExpected) field = table.FindName(key);
    if (in_any && step != Step::kExpected && key == "@type") {
      if (has_type) return Fail("DUPLICATE_KEY", "given twice", key);
      has_type = true;
      if (!in_.Skip()) return false;
      continue;
    }
    if (field == nullptr) {
      if (!options_.ignore_unknown) return Fail("UNKNOWN_FIELD", "no such field", key);
      if (!in_.Skip()) return false;
      continue;
    }
    guess = field->index + 1;
    const Frame frame(*this, field);
    if (!KnownMember(*field, object)) return false;
  }
  if (!object.ordered) SortRecords(object.records);
  records_.resize(object.records);
  seen_.resize(object.fields_seen);
  return true;
}

bool Decoder::KnownMember(const Field& field, Object& object) {
  if (!field.caller_source.empty()) {
    return Fail("FIELD_FROM_CALLER", "only the gateway fills this field");
  }
  const size_t word = object.fields_seen + field.index / 64;
  const uint64_t bit = uint64_t{1} << field.index % 64;
  if ((seen_[word] & bit) != 0 && !Again(field, object)) return false;
  seen_[word] |= bit;
  const size_t begin = out_.size();
  if (!FieldValue(field)) return false;
  if (out_.size() == begin) return true;
  if (field.oneof >= 0) {
    const auto oneof = static_cast<size_t>(field.oneof);
    uint64_t& members = seen_[object.oneofs_seen + oneof / 64];
    const uint64_t member = uint64_t{1} << oneof % 64;
    if ((members & member) != 0) {
      return Fail("FIELD_CONFLICT", "another member of the same oneof is given");
    }
    members |= member;
  }
  object.ordered &= records_.size() == object.records || records_.back().index < field.index;
  records_.push_back({field.index, {begin, out_.size()}});
  return true;
}

// The name was there before, in this spelling or the other one.
bool Decoder::Again(const Field& field, Object& object) {
  if (!options_.last_key_wins) return Fail("DUPLICATE_KEY", "given twice");
  for (size_t i = object.records; i < records_.size(); ++i) {
    if (records_[i].index != field.index) continue;
    records_[i].index = kDropped;
    object.ordered = false;
    if (field.oneof >= 0) {
      const auto oneof = static_cast<size_t>(field.oneof);
      seen_[object.oneofs_seen + oneof / 64] &= ~(uint64_t{1} << oneof % 64);
    }
  }
  return true;
}

void Decoder::SortRecords(size_t first) {
  const auto begin = records_.begin() + static_cast<ptrdiff_t>(first);
  const size_t start = begin->span.begin;
  std::sort(begin, records_.end(),
            [](const Record& a, const Record& b) { return a.index < b.index; });
  while (records_.size() > first && records_.back().index == kDropped) records_.pop_back();
  Rearrange(start, std::span(records_).subspan(first));
}

// The field with its tag; nothing when it is null or the default of a field without presence.
bool Decoder::FieldValue(const Field& field) {
  const char c = in_.Peek();
  if (c == 'n' && (field.repeated || !TakesNull(field))) return Literal("null");
  if (field.map) return Map(field);
  if (field.repeated)
    return IsPackable(field.type) && field.packed ? Packed(field) : Repeated(field);
  const size_t tag = out_.size();
  out_.Varint(Tag(field.number, WireTypeOf(field.type)));
  const size_t value = out_.size();
  if (!SingularValue(field)) return false;
  return field.has_presence && !dropped_ ? true : DropDefault(field, tag, value);
}

bool Decoder::DropDefault(const Field& field, size_t tag, size_t value) {
  if (!dropped_ && !IsDefaultValue(field, out_.From(value))) return true;
  out_.Truncate(tag);
  if (std::exchange(dropped_, false) || options_.set_elsewhere.empty()) return true;
  return !IsSetElsewhere() || Fail("FIELD_CONFLICT", "has another value elsewhere in the request");
}

bool Decoder::IsSetElsewhere() const {
  return std::any_of(options_.set_elsewhere.begin(), options_.set_elsewhere.end(),
                     [&](const std::vector<const Field*>* path) {
                       const Frame* frame = frame_;
                       for (size_t i = path->size(); i-- > 0; frame = frame->parent) {
                         if (frame == nullptr || frame->field != (*path)[i]) return false;
                       }
                       return frame == nullptr;
                     });
}

// Its caller counts down again, unless it fails.
bool Decoder::EnterMessage() {
  if (messages_ >= options_.max_messages) return TooDeep();
  ++messages_;
  return true;
}

bool Decoder::SingularValue(const Field& field) {
  if (field.message == nullptr) return Scalar(field);
  if (field.type == FieldType::kGroup) return Bad("groups are not supported");
  if (!EnterMessage()) return false;
  const size_t begin = out_.BeginLength();
  if (!Message(*field.message)) return false;
  out_.EndLength(begin);
  --messages_;
  return true;
}

bool Decoder::Repeated(const Field& field) {
  if (in_.Peek() != '[') {
    value_at_ = in_.mark();
    return Bad("expected an array");
  }
  if (!in_.Enter()) return false;
  Frame frame(*this, nullptr);
  for (bool first = true;; first = false) {
    const Step step = in_.Element(first);
    if (step != Step::kItem) return step == Step::kEnd;
    ++frame.element;
    if (in_.Peek() == 'n' && !TakesNull(field)) {
      value_at_ = in_.mark();
      return Literal("null") && Bad("null is not an element");
    }
    const size_t begin = out_.size();
    out_.Varint(Tag(field.number, WireTypeOf(field.type)));
    if (!SingularValue(field)) return false;
    if (dropped_) out_.Truncate(begin);
    dropped_ = false;
  }
}

bool Decoder::Packed(const Field& field) {
  if (in_.Peek() != '[') {
    value_at_ = in_.mark();
    return Bad("expected an array");
  }
  if (!in_.Enter()) return false;
  Frame frame(*this, nullptr);
  const size_t tag = out_.size();
  out_.Varint(Tag(field.number, WireType::kBytes));
  const size_t begin = out_.BeginLength();
  for (bool first = true;; first = false) {
    const Step step = in_.Element(first);
    if (step == Step::kError) return false;
    if (step == Step::kEnd) break;
    ++frame.element;
    if (in_.Peek() == 'n' && !TakesNull(field)) {
      value_at_ = in_.mark();
      return Literal("null") && Bad("null is not an element");
    }
    const size_t before = out_.size();
    if (!Scalar(field)) return false;
    if (dropped_) out_.Truncate(before);
    dropped_ = false;
  }
  if (out_.size() == begin) {
    out_.Truncate(tag);
  } else {
    out_.EndLength(begin);
  }
  return true;
}

}  // namespace internal

absl::Status DecodeJson(const MessageTable& table, std::string_view json,
                        const ParseOptions& options, const MessageTables& types, std::string& out) {
  return internal::Decoder(json, options, types, out).ReadMessage(table);
}

absl::Status DecodeFieldJson(const Field& field, std::string_view json, const ParseOptions& options,
                             const MessageTables& types, std::string& out) {
  return internal::Decoder(json, options, types, out).ReadField(field);
}

absl::Status DecodeText(const Field& field, std::string_view name, std::string_view text,
                        int messages, const MessageTables& types, std::string& out) {
  const ParseOptions options;
  return internal::Decoder(text, options, types, out).ReadText(field, name, text, messages);
}

}  // namespace frontdesk::transcode
