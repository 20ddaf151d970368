#include "gateway/transcode/encode.h"

#include <bit>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/transcode/encoder.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;
using contract::MessageTables;
using contract::WellKnown;

namespace internal {
bool Fits(const Field& field, WireType type) {
  const WireType own = WireTypeOf(field.type);
  return type == own ||
         (type == WireType::kBytes && field.repeated && own != WireType::kStartGroup);
}

bool IsUnknownValue(const Field& field, const WireField& wire) {
  return field.type == FieldType::kEnum && field.enumeration->closed &&
         wire.type == WireType::kVarint &&
         field.enumeration->NameOf(static_cast<int32_t>(wire.value)) == nullptr;
}

bool IsZero(const Field& field, const WireField& wire) {
  switch (field.type) {
    case FieldType::kString:
    case FieldType::kBytes:
      return wire.bytes.empty();
    case FieldType::kInt32:
    case FieldType::kUint32:
    case FieldType::kSint32:
    case FieldType::kEnum:
      return static_cast<uint32_t>(wire.value) == 0;
    default:
      return wire.value == 0;
  }
}

bool Encoder::Fail(std::string_view reason, std::string_view what) {
  if (status_.ok()) {
    status_ = Failure(absl::StatusCode::kInternal, reason, what, Origin::kUpstream).Http(502);
  }
  return false;
}

absl::Status Encoder::Finish(bool ok) {
  if (ok && out_.size() > options_.max_bytes) TooLarge();
  if (!status_.ok()) out_.Truncate(0);
  return status_;
}

absl::Status Encoder::WriteMessage(const MessageTable& table, std::string_view wire) {
  bool ok = Message(table, {&wire, 1});
  if (!ok) {
    // Untidy, or perhaps so: what looks wrong may be half of a value, or replaced later on.
    tidy_ = false;
    status_ = absl::OkStatus();
    depth_ = 0;
    mask_ = options_.mask;
    out_.Truncate(0);
    ok = Message(table, {&wire, 1});
  }
  return Finish(ok);
}

bool Encoder::Message(const MessageTable& table, Pieces pieces) {
  if (depth_ == options_.max_depth) {
    return Fail("MESSAGE_TOO_DEEP", "the message is nested too deeply");
  }
  ++depth_;
  bool ok = false;
  if (table.well_known != WellKnown::kNone) {
    ok = WellKnown(table, pieces);
  } else {
    bool first = true;
    out_.Char('{');
    ok = Fields(table, pieces, first);
    out_.Char('}');
  }
  --depth_;
  return ok;
}

bool Encoder::Fields(const MessageTable& table, Pieces pieces, bool& first) {
  if (out_.size() > options_.max_bytes) return TooLarge();
  const contract::ReadMask* const mask = mask_;
  const bool ok = tidy_ && pieces.size() == 1 ? TidyFields(table, pieces[0], first)
                                              : UntidyFields(table, pieces, first);
  mask_ = mask;
  return ok;
}

bool Encoder::TidyFields(const MessageTable& table, std::string_view bytes, bool& first) {
  WireReader reader(bytes);
  WireField wire;
  uint32_t next = 0;  // index of the first field that may still come
  uint64_t oneofs = 0;
  const contract::ReadMask* const mask = mask_;
  for (bool more = reader.Next(wire); more;) {
    const Field* const field = table.FindNumber(wire.number);
    if (field == nullptr || !Fits(*field, wire.type) || IsUnknownValue(*field, wire)) {
      more = reader.Next(wire);
      continue;
    }
    if (field->index < next) return false;  // untidy
    if (field->oneof >= 0) {
      const uint64_t bit = field->oneof < 64 ? uint64_t{1} << field->oneof : ~uint64_t{0};
      if ((oneofs & bit) != 0) return false;  // untidy
      oneofs |= bit;
    }
    if (options_.defaults) Defaults(table, next, field->index, mask, first);
    if (!Enter(mask, *field)) {
      next = field->index;  // more of it may come, and is of no more interest
      more = reader.Next(wire);
      continue;
    }
    next = field->index + 1;
    if (field->repeated) {
      if (!TidyRun(*field, reader, wire, more, first)) return false;
      continue;
    }
    if (field->has_presence || options_.defaults || !IsZero(*field, wire)) {
      Key(*field, first);
      // Most values are text: a call less for them.
      const bool ok = field->type == FieldType::kString ? Text(wire.bytes) : Value(*field, wire);
      if (!ok) return false;
    }
    more = reader.Next(wire);
  }
  if (!reader.ok()) return Malformed();
  if (options_.defaults) {
    Defaults(table, next, static_cast<uint32_t>(table.fields.size()), mask, first);
  }
  return true;
}

// The occurrences of a repeated field that stand next to each other.
bool Encoder::TidyRun(const Field& field, WireReader& reader, WireField& wire, bool& more,
                      bool& first) {
  bool open = false;
  Entries entries;
  do {
    if (field.map ? !AddEntry(field, wire.bytes, entries) : !Elements(field, wire, open, first)) {
      return false;
    }
    more = reader.Next(wire);
  } while (more && wire.number == field.number && Fits(field, wire.type));
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

// One element, or a packed run of them.
bool Encoder::Elements(const Field& field, const WireField& wire, bool& open, bool& first) {
  const auto element = [&](const WireField& one) {
    if (IsUnknownValue(field, one)) return true;
    if (open) {
      out_.Char(',');
    } else {
      Key(field, first);
      out_.Char('[');
      open = true;
    }
    return Value(field, one) && (out_.size() <= options_.max_bytes || TooLarge());
  };
  const WireType own = WireTypeOf(field.type);
  if (wire.type == own) return element(wire);
  PackedReader packed(wire.bytes, own);
  WireField one{.number = wire.number, .type = own};
  while (packed.Next(one.value)) {
    if (!element(one)) return false;
  }
  return packed.ok() || Malformed();
}

// Fields [begin, end) that are absent. Those without presence are no messages, so that mask_ does
// not matter to their values.
void Encoder::Defaults(const MessageTable& table, uint32_t begin, uint32_t end,
                       const contract::ReadMask* mask, bool& first) {
  for (uint32_t i = begin; i < end; ++i) {
    const Field& field = table.fields[i];
    if (field.has_presence || (mask != nullptr && mask->Find(field) == nullptr)) continue;
    Key(field, first);
    if (field.repeated) {
      out_.Raw(field.map ? "{}" : "[]");
    } else {
      Value(field, WireField{});
    }
  }
}

bool Encoder::Value(const Field& field, const WireField& wire) {
  const auto low = static_cast<uint32_t>(wire.value);
  switch (field.type) {
    case FieldType::kString:
      return Text(wire.bytes);
    case FieldType::kMessage:
      return Message(*field.message, {&wire.bytes, 1});
    case FieldType::kInt64:
    case FieldType::kSfixed64:
      out_.QuotedInteger(static_cast<int64_t>(wire.value));
      break;
    case FieldType::kUint64:
    case FieldType::kFixed64:
      out_.QuotedInteger(wire.value);
      break;
    case FieldType::kSint64:
      out_.QuotedInteger(UnZigZag(wire.value));
      break;
    case FieldType::kInt32:
    case FieldType::kSfixed32:
      out_.Integer(static_cast<int32_t>(low));
      break;
    case FieldType::kUint32:
    case FieldType::kFixed32:
      out_.Integer(low);
      break;
    case FieldType::kSint32:
      out_.Integer(static_cast<int32_t>(UnZigZag(low)));
      break;
    case FieldType::kBool:
      out_.Raw(wire.value != 0 ? "true" : "false");
      break;
    case FieldType::kDouble:
      out_.Double(std::bit_cast<double>(wire.value));
      break;
    case FieldType::kFloat:
      out_.Float(std::bit_cast<float>(low));
      break;
    case FieldType::kBytes:
      out_.Bytes(wire.bytes);
      break;
    case FieldType::kEnum: {
      const auto number = static_cast<int32_t>(low);
      if (field.enumeration->null_value && number == 0) {
        out_.Raw("null");
        break;
      }
      const std::string* const name =
          options_.enum_numbers ? nullptr : field.enumeration->NameOf(number);
      if (name == nullptr) {
        out_.Integer(number);
        break;
      }
      char* p = out_.Reserve(name->size() + 2);
      *p++ = '"';
      std::memcpy(p, name->data(), name->size());
      p += name->size();
      *p++ = '"';
      out_.Advance(p);
      break;
    }
    case FieldType::kGroup:
      return Malformed();
  }
  return true;
}

}  // namespace internal

absl::Status EncodeJson(const MessageTable& table, std::string_view wire,
                        const PrintOptions& options, const MessageTables& types, std::string& out) {
  return internal::Encoder(options, types, out, wire.size() * 3 + 64).WriteMessage(table, wire);
}

absl::Status EncodeFieldJson(const MessageTable& table, const Field& field, std::string_view wire,
                             const PrintOptions& options, const MessageTables& types,
                             std::string& out) {
  return internal::Encoder(options, types, out, wire.size() * 3 + 64)
      .WriteField(table, field, wire);
}

}  // namespace frontdesk::transcode
