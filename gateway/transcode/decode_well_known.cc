// Messages whose JSON is not an object of their fields.
#include <utility>

#include "gateway/base/text.h"
#include "gateway/transcode/decoder.h"
#include "gateway/transcode/field_mask.h"
#include "gateway/transcode/timestamp.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;

namespace {

// Names of types are short; what a client makes of this goes on to back ends and logs.
constexpr size_t kMaxTypeUrl = 512;

}  // namespace

bool HasTextForm(const Field& field) {
  if (field.message == nullptr) return true;
  switch (field.message->well_known) {
    case contract::WellKnown::kNone:
    case contract::WellKnown::kAny:
    case contract::WellKnown::kEmpty:
    case contract::WellKnown::kHttpBody:
      return false;
    default:
      return !field.map;
  }
}

namespace internal {

bool Decoder::WellKnown(const MessageTable& table) {
  const char c = in_.Peek();
  value_at_ = in_.mark();
  switch (table.well_known) {
    case contract::WellKnown::kTimestamp:
    case contract::WellKnown::kDuration:
    case contract::WellKnown::kFieldMask: {
      std::string_view text;
      if (c != '"') return Bad("expected a string");
      return in_.String(text) && WellKnownText(table, text);
    }
    case contract::WellKnown::kStruct:
      return Map(table.fields[0]);
    case contract::WellKnown::kListValue:
      return Repeated(table.fields[0]);
    case contract::WellKnown::kValue:
      return Value(table);
    case contract::WellKnown::kAny:
      return Any();
    case contract::WellKnown::kNone:
    case contract::WellKnown::kEmpty:
    case contract::WellKnown::kHttpBody:
      if (c != '{') return Bad("expected an object");
      return in_.Enter() && Members(table, false);
    default:
      return Wrapper(table);
  }
}

bool Decoder::WellKnownText(const MessageTable& table, std::string_view text) {
  if (table.well_known == contract::WellKnown::kFieldMask) {
    if (!contract::IsValidUtf8(text)) return Fail("INVALID_UTF8", "not UTF-8");
    std::string path;
    for (bool more = !text.empty(); more;) {
      const std::string_view one = text.substr(0, text.find(','));
      more = one.size() < text.size();
      text.remove_prefix(one.size() + (more ? 1 : 0));
      path.clear();
      if (!FieldMaskPathFromJson(one, path)) {
        return Bad("expected lowerCamelCase paths separated by commas");
      }
      out_.Varint(Tag(1, WireType::kBytes));
      out_.Varint(path.size());
      out_.Raw(path);
    }
    return true;
  }
  SecondsNanos time;
  const bool timestamp = table.well_known == contract::WellKnown::kTimestamp;
  if (timestamp ? !ParseTimestamp(text, time) : !ParseDuration(text, time)) {
    return Bad(timestamp ? "expected a timestamp such as \"2024-02-29T12:00:00Z\""
                         : "expected a duration such as \"1.5s\"");
  }
  if (time.seconds != 0) {
    out_.Varint(Tag(1, WireType::kVarint));
    out_.Varint(static_cast<uint64_t>(time.seconds));
  }
  if (time.nanos != 0) {
    out_.Varint(Tag(2, WireType::kVarint));
    out_.Varint(static_cast<uint64_t>(int64_t{time.nanos}));
  }
  return true;
}

bool Decoder::Wrapper(const MessageTable& table) {
  const Field& field = table.fields[0];
  const size_t tag = out_.size();
  out_.Varint(Tag(1, WireTypeOf(field.type)));
  const size_t value = out_.size();
  return Scalar(field) && DropDefault(field, tag, value);
}

bool Decoder::Value(const MessageTable& table) {
  const auto member = [&](uint32_t number) -> const Field& { return *table.FindNumber(number); };
  const auto put = [&](uint32_t number) {
    out_.Varint(Tag(number, WireTypeOf(member(number).type)));
    return SingularValue(member(number));
  };
  switch (in_.Peek()) {
    case 'n':
      return put(1);
    case '"':
      return put(3);
    case 't':
    case 'f':
      return put(4);
    case '{':
      return put(5);
    case '[':
      return put(6);
    default:
      return put(2);
  }
}

// The members' order is free, but the type must be known to read them: look ahead for it.
bool Decoder::FindType(std::string_view& url) {
  const char* const from = in_.mark();
  std::string_view key;
  for (bool first = true;; first = false) {
    const Step step = in_.Member(first, key);
    if (step == Step::kError) return false;
    if (step == Step::kEnd) return first || Bad("\"@type\" is missing");
    if (key == "@type") break;
    if (!in_.Skip()) return false;
  }
  value_at_ = in_.mark();
  const auto ahead = static_cast<size_t>(in_.mark() - from);
  if (ahead > look_ahead_left_) return Bad("\"@type\" must come first here");
  look_ahead_left_ -= ahead;
  if (in_.Peek() != '"') return Bad("\"@type\" must be a string");
  if (!in_.String(url)) return false;
  return url.size() <= kMaxTypeUrl || Bad("\"@type\" is too long");
}

bool Decoder::Any() {
  if (in_.Peek() != '{') return Bad("expected an object");
  if (!in_.Enter()) return false;
  const char* const members = in_.mark();
  std::string_view url;
  if (!FindType(url)) return false;
  if (url.data() == nullptr) return true;  // {}
  const size_t slash = url.rfind('/');
  const MessageTable* const table =
      slash == std::string_view::npos ? nullptr : types_.Find(url.substr(slash + 1));
  if (table == nullptr) return Bad("\"@type\" names no known type");
  out_.Varint(Tag(1, WireType::kBytes));
  out_.Varint(url.size());
  out_.Raw(url);
  in_.Return(members);
  const size_t tag = out_.size();
  out_.Varint(Tag(2, WireType::kBytes));
  const size_t begin = out_.BeginLength();
  const int outside = std::exchange(messages_, 1);
  if (!AnyMembers(*table)) return false;
  messages_ = outside;
  if (out_.size() == begin) {
    out_.Truncate(tag);
  } else {
    out_.EndLength(begin);
  }
  return true;
}

bool Decoder::AnyMembers(const MessageTable& table) {
  if (table.well_known == contract::WellKnown::kNone ||
      table.well_known == contract::WellKnown::kHttpBody) {
    return Members(table, true);
  }
  bool has_type = false;
  bool has_value = false;
  std::string_view key;
  for (bool first = true;; first = false) {
    const Step step = in_.Member(first, key);
    if (step == Step::kError) return false;
    if (step == Step::kEnd) {
      return has_value || table.well_known == contract::WellKnown::kEmpty ||
             Bad("\"value\" is missing");
    }
    value_at_ = in_.raw_string().data() - 1;
    bool& seen = key == "@type" ? has_type : has_value;
    if (key != "@type" && key != "value") {
      if (!options_.ignore_unknown) return Fail("UNKNOWN_FIELD", "no such field", key);
      if (!in_.Skip()) return false;
      continue;
    }
    if (seen) return Fail("DUPLICATE_KEY", "given twice", key);
    seen = true;
    if (key == "@type" ? !in_.Skip() : !Message(table)) return false;
  }
}

absl::Status Decoder::ReadText(const Field& field, std::string_view name, std::string_view text,
                               int messages) {
  text_name_ = name;
  messages_ = messages + (field.message == nullptr ? 0 : 1);
  if (messages_ > options_.max_messages) return Finish(TooDeep());
  if (field.message == nullptr) return Finish(ScalarText(field, text));
  const size_t begin = out_.BeginLength();
  const MessageTable& table = *field.message;
  bool ok = false;
  switch (table.well_known) {
    case contract::WellKnown::kTimestamp:
    case contract::WellKnown::kDuration:
    case contract::WellKnown::kFieldMask:
      ok = WellKnownText(table, text);
      break;
    case contract::WellKnown::kStruct:
    case contract::WellKnown::kValue:
    case contract::WellKnown::kListValue:
      ok = Message(table) && in_.End();
      break;
    default: {
      const Field& inner = table.fields[0];
      const size_t tag = out_.size();
      out_.Varint(Tag(1, WireTypeOf(inner.type)));
      const size_t value = out_.size();
      ok = HasTextForm(field) ? ScalarText(inner, text) && DropDefault(inner, tag, value)
                              : Bad("this field can't be given as text");
    }
  }
  if (ok) out_.EndLength(begin);
  return Finish(ok);
}

}  // namespace internal
}  // namespace frontdesk::transcode
