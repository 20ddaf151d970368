#include "gateway/compose/assemble.h"

#include <array>

#include "gateway/compose/map_entries.h"
#include "gateway/compose/scalar.h"
#include "gateway/contract/wire.h"
#include "gateway/identity/claim_value.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::FieldType;
using contract::Source;
using contract::WireType;
using Kind = contract::Write::Kind;
using Default = contract::Write::Default;

bool IsPacked(const contract::Write& write) {
  return write.kind == Kind::kScalar && write.target->packed;
}

}  // namespace

size_t Assembler::Begin(const Field& field) {
  contract::AppendTag(out_, field.number, WireType::kBytes);
  out_.push_back('\0');  // most lengths take one byte
  return out_.size();
}

void Assembler::End(size_t begin) {
  size_t length = out_.size() - begin;
  if (length < 0x80) {
    out_[begin - 1] = static_cast<char>(length);
    return;
  }
  std::array<char, 10> bytes;
  size_t size = 0;
  for (; length >= 0x80; length >>= 7) bytes[size++] = static_cast<char>(length | 0x80);
  bytes[size++] = static_cast<char>(length);
  out_.replace(begin - 1, 1, bytes.data(), size);
}

void Assembler::Write(const std::vector<contract::Write>& writes, uint32_t self) {
  for (const contract::Write& write : writes) {
    switch (write.kind) {
      case Kind::kConstant:
        out_ += write.constant;
        break;
      case Kind::kNested:
        WriteNested(write, self);
        break;
      case Kind::kScalar:
      case Kind::kText:
      case Kind::kSplice:
      case Kind::kConvert:
        WriteFromSource(write, self);
        break;
    }
  }
}

void Assembler::WriteNested(const contract::Write& write, uint32_t self) {
  const size_t before = out_.size();
  const size_t begin = Begin(*write.target);
  Write(write.children, self);
  if (out_.size() == begin) {
    out_.resize(before);
  } else {
    End(begin);
  }
}

void Assembler::WriteFromSource(const contract::Write& write, uint32_t self) {
  const Source& source = write.source;
  uint32_t base = self;
  switch (source.root) {
    case Source::Root::kRequest:
      base = known_.request;
      break;
    case Source::Root::kCaller:
      return WriteCaller(write);
    case Source::Root::kStep: {
      const StepSlots& step = known_.steps[source.step];
      if (!step.there) return;
      if (source.list) return WriteEachReply(write, step);
      base = step.base;
      break;
    }
    case Source::Root::kElement:
    case Source::Root::kSelf:
      break;
  }
  const Slots::Value* values = known_.slots.First(base + source.slot);
  if (!write.target->repeated) {
    if (!values && write.on_default == Default::kWrite) {
      const bool around =
          source.within < 0 || known_.slots.First(base + static_cast<uint32_t>(source.within));
      if (around) WriteDefault(write);
      return;
    }
    return WriteSingle(write, values);
  }
  if (GoesByKey(write)) return WriteEntries(write, base + source.slot);
  if (!IsPacked(write)) return WriteList(write, values);
  if (!values) return;
  const size_t before = out_.size();
  const size_t begin = Begin(*write.target);
  WriteList(write, values);
  if (out_.size() == begin) {
    out_.resize(before);
  } else {
    End(begin);
  }
}

void Assembler::WriteCaller(const contract::Write& write) {
  if (write.source.claim.empty()) {
    if (!known_.caller_sub.empty()) WriteText(write, known_.caller_sub);
    return;
  }
  const FieldType type = write.target->type;
  const identity::JsonValue* const claim =
      identity::FindClaim(known_.caller, write.source.claim, type);
  if (claim == nullptr) return;
  const bool drop = write.on_default == Default::kDrop;
  if (write.kind == Kind::kText) {
    if (!drop || !claim->text.empty()) WriteText(write, claim->text);
    return;
  }
  const uint64_t bits = identity::ClaimBits(*claim, type);
  if (drop && bits == 0) return;
  contract::AppendTag(out_, write.target->number, contract::WireTypeOf(type));
  EncodeScalar(type, type, bits, out_);
}

// One value per reply, so that the answer's lists keep in step; of a list, all of it.
void Assembler::WriteEachReply(const contract::Write& write, const StepSlots& step) {
  const bool many = write.source.field && write.source.field->repeated;
  const size_t before = out_.size();
  const size_t begin = IsPacked(write) ? Begin(*write.target) : before;
  for (uint32_t base : step.elements) {
    const Slots::Value* values = known_.slots.First(base + write.source.slot);
    if (many && GoesByKey(write)) {
      WriteEntries(write, base + write.source.slot);
    } else if (!many && (write.kind == Kind::kSplice || write.kind == Kind::kConvert)) {
      WriteMessage(write, values, false);
    } else if (many || values) {
      WriteList(write, values);
    } else {
      WriteDefault(write);
    }
  }
  if (!IsPacked(write)) return;
  if (out_.size() == begin) {
    out_.resize(before);
  } else {
    End(begin);
  }
}

// Whether it matters in which order a map's entries come: for a list, and for a map with other
// keys, of which some may be equal.
bool Assembler::GoesByKey(const contract::Write& write) const {
  if (write.kind != Kind::kConvert || !write.source.field || !write.source.field->map) return false;
  return !write.target->map || !known_.plan.conversions[write.conversion].by_name;
}

void Assembler::WriteEntries(const contract::Write& write, uint32_t slot) {
  const contract::MessageTable& type = *write.source.field->message;
  const std::string absent = DefaultEntry(type);
  const contract::Conversion& conversion = known_.plan.conversions[write.conversion];
  Slots& slots = known_.slots;
  for (const std::string_view entry : EntriesByKey(type, slots, slot)) {
    const Slots::Mark mark = slots.Here();
    WriteConverted(write, ReadEntry(conversion.reader, absent, entry, slots));
    slots.Rewind(mark);
  }
}

void Assembler::WriteConverted(const contract::Write& write, uint32_t base) {
  const size_t begin = Begin(*write.target);
  Write(known_.plan.conversions[write.conversion].writes, base);
  End(begin);
}

void Assembler::WriteList(const contract::Write& write, const Slots::Value* values) {
  for (const Slots::Value* value = values; value;) {
    // By index: converting opens slots, and their array may move.
    const uint32_t next = value->next;
    switch (write.kind) {
      case Kind::kScalar:
        WriteRun(write, *value);
        break;
      case Kind::kText:
        WriteText(write, value->bytes);
        break;
      case Kind::kSplice:
      case Kind::kConvert:
        WriteMessage(write, value, true);
        break;
      case Kind::kConstant:
      case Kind::kNested:
        break;
    }
    value = known_.slots.At(next);
  }
}

void Assembler::WriteSingle(const contract::Write& write, const Slots::Value* values) {
  if (!values) return;
  switch (write.kind) {
    case Kind::kScalar:
      return WriteScalar(write, values->bytes, true);
    case Kind::kText:
      if (values->bytes.empty() && write.on_default == Default::kDrop) return;
      return WriteText(write, values->bytes);
    case Kind::kSplice:
    case Kind::kConvert:
      return WriteMessage(write, values, false);
    case Kind::kConstant:
    case Kind::kNested:
      break;
  }
}

void Assembler::WriteRun(const contract::Write& write, const Slots::Value& value) {
  const bool tag = !IsPacked(write);
  if (!value.packed) return WriteScalar(write, value.bytes, tag);
  const char* position = value.bytes.data();
  const char* const end = position + value.bytes.size();
  const WireType type = contract::WireTypeOf(write.source.field->type);
  while (position != end) {
    const char* const begin = position;
    if (type == WireType::kVarint) {
      uint64_t ignored;
      contract::ReadVarint(position, end, ignored);
    } else {
      position += type == WireType::kFixed64 ? 8 : 4;
    }
    WriteScalar(write, {begin, static_cast<size_t>(position - begin)}, tag);
  }
}

void Assembler::WriteScalar(const contract::Write& write, std::string_view bytes, bool tag) {
  const FieldType from = write.source.field->type;
  const FieldType to = write.target->type;
  uint64_t value = DecodeScalar(from, bytes);
  if (to == FieldType::kEnum && !MapEnumNumber(write.enum_map, *write.target->enumeration, value)) {
    return;
  }
  if (value == 0 && write.on_default == Default::kDrop) return;
  if (tag) contract::AppendTag(out_, write.target->number, contract::WireTypeOf(to));
  EncodeScalar(from, to, value, out_);
}

void Assembler::WriteText(const contract::Write& write, std::string_view text) {
  contract::AppendTag(out_, write.target->number, WireType::kBytes);
  contract::AppendVarint(out_, text.size());
  out_ += text;
}

void Assembler::WriteDefault(const contract::Write& write) {
  if (write.kind == Kind::kText) return WriteText(write, {});
  // Eight zero bytes are the default of every wire type.
  static constexpr char kZero[8] = {};
  WriteScalar(write, {kZero, sizeof kZero}, !IsPacked(write));
}

void Assembler::WriteMessage(const contract::Write& write, const Slots::Value* values,
                             bool only_first) {
  Slots& slots = known_.slots;
  if (write.kind == Kind::kSplice) {
    size_t length = 0;
    for (const Slots::Value* piece = values; piece; piece = slots.Next(*piece)) {
      length += piece->bytes.size();
      if (only_first) break;
    }
    contract::AppendTag(out_, write.target->number, WireType::kBytes);
    contract::AppendVarint(out_, length);
    for (const Slots::Value* piece = values; piece; piece = slots.Next(*piece)) {
      out_ += piece->bytes;
      if (only_first) break;
    }
    return;
  }
  const contract::Conversion& conversion = known_.plan.conversions[write.conversion];
  const Slots::Mark mark = slots.Here();
  const uint32_t base = slots.Open(conversion.reader);
  for (const Slots::Value* piece = values; piece;) {
    const uint32_t next = only_first ? 0 : piece->next;  // reading may move `piece`
    const std::string_view bytes = piece->bytes;
    slots.Read(conversion.reader, bytes, base);
    piece = slots.At(next);
  }
  WriteConverted(write, base);
  slots.Rewind(mark);
}

}  // namespace frontdesk::compose
