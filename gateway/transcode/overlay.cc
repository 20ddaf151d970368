#include "gateway/transcode/overlay.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/map_key.h"
#include "gateway/transcode/decode.h"
#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;

namespace {

bool Before(const FieldPath& a, const FieldPath& b) {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const Field* x, const Field* y) { return x->index < y->index; });
}

// The value part of a wire field, as DecodeText() writes it.
std::string_view ValuePart(std::string_view field) {
  uint64_t tag = 0;
  const char* const end = field.data() + field.size();
  const char* const value = ReadVarint(field.data(), end, tag);
  return {value, static_cast<size_t>(end - value)};
}

// In which the path's last field lies.
int Messages(const FieldPath& path) { return static_cast<int>(path.size()); }

absl::Status Wrong(std::string_view reason, std::string_view field, std::string_view what) {
  return Failure(absl::StatusCode::kInvalidArgument, reason, Cat(field, ": ", what))
      .Field(field, what);
}

}  // namespace

std::string PathText(const FieldPath& path) {
  std::string text;
  for (const Field* field : path) {
    if (!text.empty()) text.push_back('.');
    text.append(field->name);
  }
  return text;
}

absl::Status Overlay::Add(const FieldPath& path, std::string_view name, std::string_view text,
                          Source source) {
  Leaf leaf{.path = path, .begin = values_.size(), .source = source};
  absl::Status status = DecodeText(*path.back(), name, text, Messages(path), types_, values_);
  if (!status.ok()) return status;
  leaf.end = values_.size();
  leaves_.push_back(std::move(leaf));
  return absl::OkStatus();
}

absl::Status Overlay::AddEntry(const FieldPath& path, std::string_view name, std::string_view key,
                               std::string_view text) {
  const MessageTable& entry = *path.back()->message;
  std::string payload;
  for (const Field& part : entry.fields) {
    Buffer(payload, 0).Varint(Tag(part.number, WireTypeOf(part.type)));
    const std::string_view value = part.number == 1 ? key : text;
    absl::Status status = DecodeText(part, name, value, Messages(path) + 1, types_, payload);
    if (!status.ok()) return status;
  }
  AddWire(path, payload, Source::kQuery);
  return absl::OkStatus();
}

void Overlay::AddWire(const FieldPath& path, std::string_view value, Source source) {
  Leaf leaf{.path = path, .begin = values_.size(), .source = source};
  values_.append(value);
  leaf.end = values_.size();
  leaves_.push_back(std::move(leaf));
}

bool Overlay::HasFromPath(const FieldPath& path) const {
  return std::any_of(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) {
    return leaf.source != Source::kQuery && leaf.path == path;
  });
}

std::string_view Overlay::ValueOf(const Field* top) const {
  for (size_t i = leaves_.size(); i-- > 0;) {
    if (leaves_[i].path.front() == top) return Bytes(leaves_[i]);
  }
  return {};
}

void Overlay::Drop(const Field* top) {
  std::erase_if(leaves_, [top](const Leaf& leaf) { return leaf.path.front() == top; });
}

// Sorts the leaves and leaves one value of each singular field.
absl::Status Overlay::Settle() {
  if (leaves_.size() < 2) return absl::OkStatus();
  std::stable_sort(leaves_.begin(), leaves_.end(),
                   [](const Leaf& a, const Leaf& b) { return Before(a.path, b.path); });
  Leaves kept;
  for (Leaf& leaf : leaves_) {
    if (kept.empty() || leaf.path.back()->repeated || kept.back().path != leaf.path) {
      kept.push_back(std::move(leaf));
      continue;
    }
    if (kept.back().source == Source::kQuery && leaf.source == Source::kQuery) {
      return Wrong("DUPLICATE_PARAMETER", PathText(leaf.path), "given twice");
    }
    if (Bytes(kept.back()) != Bytes(leaf)) {
      Conflict(leaf.path);
      return status_;
    }
  }
  leaves_ = std::move(kept);
  return absl::OkStatus();
}

bool Overlay::Conflict(const FieldPath& path) {
  status_ = Wrong("FIELD_CONFLICT", PathText(path), "has another value elsewhere in the request");
  return false;
}

absl::Status Overlay::Apply(const MessageTable& table, std::string_view message, std::string& out) {
  status_ = Settle();
  if (!status_.ok()) return status_;
  Buffer buffer(out, message.size() + values_.size() + 16 * leaves_.size());
  if (!Merge(table, 0, leaves_.size(), 0, message, buffer)) buffer.Truncate(0);
  return status_;
}

// Walks leaves [begin, end), which share the first `depth` fields of their paths, and the fields of
// the message side by side.
bool Overlay::Merge(const MessageTable& table, size_t begin, size_t end, size_t depth,
                    std::string_view message, Buffer& out) {
  WireReader reader(message);
  WireField wire;
  absl::InlinedVector<const Field*, 4> oneofs(table.oneofs, nullptr);
  const char* at = reader.position();
  bool more = reader.Next(wire);
  while (begin < end || more) {
    const Field* const over = begin < end ? leaves_[begin].path[depth] : nullptr;
    const Field* const under = more ? table.FindNumber(wire.number) : nullptr;
    const bool take_over = over != nullptr && (!more || over->number <= wire.number);
    const Field* const field = take_over ? over : under;
    if (field->oneof >= 0) {
      const Field*& member = oneofs[static_cast<size_t>(field->oneof)];
      if (member != nullptr && member != field) {
        return Conflict(take_over ? leaves_[begin].path : FieldPath{field});
      }
      member = field;
    }
    const std::string_view raw(at, more ? static_cast<size_t>(reader.position() - at) : 0);
    if (!take_over) {
      out.Raw(raw);
    } else {
      const bool both = more && over->number == wire.number;
      size_t last = begin + 1;
      while (last < end && leaves_[last].path[depth] == over) ++last;
      if (both && leaves_[begin].path.size() == depth + 1) {
        if (Bytes(leaves_[begin]) != ValuePart(raw)) return Conflict(leaves_[begin].path);
      }
      if (!Write(begin, last, depth, both ? wire.bytes : std::string_view(), out)) return false;
      begin = last;
      if (!both) continue;
    }
    at = reader.position();
    more = reader.Next(wire);
  }
  return true;
}

// Leaves [begin, end) of one field; `below` is what the message has for it if it is a message that
// the leaves reach into.
bool Overlay::Write(size_t begin, size_t end, size_t depth, std::string_view below, Buffer& out) {
  const FieldPath& path = leaves_[begin].path;
  const Field& field = *path[depth];
  if (path.size() == depth + 1) return WriteField(field, begin, end, out);
  out.Varint(Tag(field.number, WireType::kBytes));
  const size_t length = out.BeginLength();
  if (!Merge(*field.message, begin, end, depth + 1, below, out)) return false;
  out.EndLength(length);
  return true;
}

bool Overlay::WriteField(const Field& field, size_t begin, size_t end, Buffer& out) {
  if (field.map) return WriteMap(field, begin, end, out);
  if (field.repeated && field.packed) {
    out.Varint(Tag(field.number, WireType::kBytes));
    const size_t length = out.BeginLength();
    for (size_t i = begin; i < end; ++i) out.Raw(Bytes(leaves_[i]));
    out.EndLength(length);
    return true;
  }
  for (size_t i = begin; i < end; ++i) {
    const std::string_view value = Bytes(leaves_[i]);
    if (!field.repeated && !field.has_presence && IsDefaultValue(field, value)) continue;
    out.Varint(Tag(field.number, WireTypeOf(field.type)));
    out.Raw(value);
  }
  return true;
}

bool Overlay::WriteMap(const Field& field, size_t begin, size_t end, Buffer& out) {
  const FieldType type = field.message->fields[0].type;
  const auto key = [&](const Leaf& leaf) {
    WireField wire;
    WireReader(Bytes(leaf)).Next(wire);
    return std::pair(contract::MapKeyOrder(type, wire.value), wire.bytes);
  };
  const auto first = leaves_.begin() + static_cast<ptrdiff_t>(begin);
  const auto last = leaves_.begin() + static_cast<ptrdiff_t>(end);
  std::sort(first, last, [&](const Leaf& a, const Leaf& b) { return key(a) < key(b); });
  for (auto leaf = first; leaf != last; ++leaf) {
    if (leaf != first && key(leaf[-1]) == key(*leaf)) {
      status_ = Wrong("DUPLICATE_PARAMETER", PathText(leaf->path), "a key is given twice");
      return false;
    }
    out.Varint(Tag(field.number, WireType::kBytes));
    out.Varint(Bytes(*leaf).size());
    out.Raw(Bytes(*leaf));
  }
  return true;
}

}  // namespace frontdesk::transcode
