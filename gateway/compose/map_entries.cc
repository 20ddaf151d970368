#include "gateway/compose/map_entries.h"

#include <algorithm>
#include <tuple>

#include "gateway/contract/map_key.h"
#include "gateway/contract/wire.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;
using contract::WireType;

struct Entry {
  uint64_t order = 0;     // of keys that are numbers
  std::string_view text;  // keys that are strings
  std::string_view bytes;
};

Entry EntryOf(std::string_view bytes, const Field& key) {
  Entry entry;
  entry.bytes = bytes;
  entry.order = contract::MapKeyOrder(key.type, 0);
  const WireType type = contract::WireTypeOf(key.type);
  for (contract::WireReader wire(bytes); wire.Next();) {
    const contract::WireField& found = wire.field();
    if (found.number != key.number || found.type != type) continue;
    if (type == WireType::kBytes) {
      entry.text = found.bytes;
    } else {
      const uint64_t value = type == WireType::kVarint ? found.varint
                             : type == WireType::kFixed32
                                 ? contract::LoadFixed32(found.bytes.data())
                                 : contract::LoadFixed64(found.bytes.data());
      entry.order = contract::MapKeyOrder(key.type, value);
    }
  }
  return entry;
}

auto KeyOf(const Entry& entry) { return std::tie(entry.order, entry.text); }

}  // namespace

std::vector<std::string_view> EntriesByKey(const MessageTable& entry, const Slots& slots,
                                           uint32_t slot) {
  std::vector<Entry> entries;
  const Field& key = *entry.FindNumber(1);
  for (const Slots::Value* value = slots.First(slot); value; value = slots.Next(*value)) {
    entries.push_back(EntryOf(value->bytes, key));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return KeyOf(a) < KeyOf(b); });
  std::vector<std::string_view> last;
  last.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool again = i + 1 < entries.size() && KeyOf(entries[i]) == KeyOf(entries[i + 1]);
    if (!again) last.push_back(entries[i].bytes);
  }
  return last;
}

std::string DefaultEntry(const MessageTable& entry) {
  std::string bytes;
  for (const Field& field : entry.fields) {
    const WireType type = contract::WireTypeOf(field.type);
    contract::AppendTag(bytes, field.number, type);
    if (type == WireType::kFixed32 || type == WireType::kFixed64) {
      bytes.append(type == WireType::kFixed32 ? 4 : 8, '\0');
    } else {
      const int64_t number = field.enumeration ? field.enumeration->default_number : 0;
      contract::AppendVarint(bytes, static_cast<uint64_t>(number));
    }
  }
  return bytes;
}

uint32_t ReadEntry(const contract::MessageReader& reader, std::string_view absent,
                   std::string_view entry, Slots& slots) {
  const uint32_t base = slots.Open(reader);
  slots.Read(reader, absent, base);
  slots.Read(reader, entry, base);
  return base;
}

}  // namespace frontdesk::compose
