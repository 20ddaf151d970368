#include "gateway/policy/validate_message.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "gateway/base/failure.h"
#include "gateway/base/shorten.h"
#include "gateway/base/text.h"
#include "gateway/contract/number_rules.h"
#include "gateway/contract/wire.h"
#include "gateway/policy/rule_values.h"

namespace frontdesk::policy {
namespace internal {
namespace {

using contract::ElementRules;
using contract::FieldRules;
using contract::MessageRules;
using contract::MessageTable;
using contract::Rule;

// Where the walk is: a field, or an element or key of the one above. On the call stack; written out
// only when something is wrong there.
struct Step {
  const Step* above = nullptr;
  std::string_view name;  // "" for an element or key
  int64_t element = -1;
  const Field* key_field = nullptr;
  const RuleValue* key = nullptr;  // null: not shown
};

std::string KeyText(const Step& step) {
  if (step.key == nullptr) return "[*]";
  switch (step.key_field->type) {
    case FieldType::kString:
      return Cat("[\"", Shorten(step.key->text), "\"]");
    case FieldType::kBool:
      return step.key->integer != 0 ? "[true]" : "[false]";
    case FieldType::kUint32:
    case FieldType::kUint64:
    case FieldType::kFixed32:
    case FieldType::kFixed64:
      return Cat('[', step.key->natural, ']');
    default:
      return Cat('[', step.key->integer, ']');
  }
}

// "lines[3].quantity"
std::string PathOf(const Step* step) {
  constexpr size_t kLongest = 512;
  std::vector<std::string> parts;
  for (; step != nullptr; step = step->above) {
    if (!step->name.empty()) {
      parts.emplace_back(step->above == nullptr ? step->name : Cat('.', step->name));
    } else {
      parts.push_back(step->element >= 0 ? Cat('[', step->element, ']') : KeyText(*step));
    }
  }
  std::string path;
  for (size_t i = parts.size(); i-- > 0;) path += parts[i];
  return Shorten(path, kLongest);
}

// Values that were seen. NaN is the same as nothing; of the two zeros one is enough.
class Seen {
 public:
  // False if it was there.
  bool Add(const Field& field, const RuleValue& value) {
    if (!IsPackable(field.type)) return texts_.insert(Absl(value.text)).second;
    if (value.real != value.real) return true;
    const double real = value.real == 0 ? 0 : value.real;
    return numbers_
        .insert(static_cast<uint64_t>(value.integer) | value.natural |
                std::bit_cast<uint64_t>(real))
        .second;
  }

 private:
  absl::flat_hash_set<absl::string_view> texts_;
  absl::flat_hash_set<uint64_t> numbers_;
};

class Walk {
 public:
  Walk(const WallClock& wall, Violations& out) : wall_(wall), out_(out) {}

  void Message(const MessageRules& rules, std::string_view bytes, const Step* above, int depth) {
    if (depth >= contract::kMaxWireDepth) return;  // nothing well-formed is there
    absl::InlinedVector<Slot, 12> slots(rules.fields.size());
    absl::InlinedVector<int32_t, 4> members(rules.table->oneofs, -1);  // that are set, by index
    Gather(rules, bytes, slots, members);
    for (size_t i = 0; i < slots.size() && !out_.full(); ++i) {
      const FieldRules& field = rules.fields[i];
      const Step step{above, field.field->name, -1, nullptr, nullptr};
      if (field.field->map) {
        Map(field, slots[i], step, depth);
      } else if (field.field->repeated) {
        List(field, slots[i], step, depth);
      } else {
        Singular(field, slots[i], step, depth);
      }
    }
    for (const MessageRules::Oneof& oneof : rules.oneofs) {
      if (members[static_cast<size_t>(oneof.index)] >= 0) continue;
      Break(Step{above, oneof.name, -1, nullptr, nullptr}, "is required", "required");
    }
  }

 private:
  using Slots = absl::InlinedVector<Slot, 12>;
  using Members = absl::InlinedVector<int32_t, 4>;

  // One pass over the message.
  static void Gather(const MessageRules& rules, std::string_view bytes, Slots& slots,
                     Members& members) {
    const char* begin = bytes.data();
    for (WireReader reader(bytes); reader.Next();) {
      const WireField& wire = reader.field();
      const char* const end = wire.bytes.data() + wire.bytes.size();
      const char* const start = std::exchange(begin, end);
      const Field* const field = rules.table->FindNumber(wire.number);
      if (field == nullptr || !Takes(*field, wire)) continue;
      const int32_t at = rules.by_index[field->index];
      const bool in_oneof = field->oneof >= 0;
      if (at < 0 && !in_oneof) continue;
      if (!field->repeated && IsForeign(*field, wire)) continue;
      if (in_oneof) {
        int32_t& member = members[static_cast<size_t>(field->oneof)];
        // Another member takes it away.
        if (member >= 0 && member != static_cast<int32_t>(field->index)) {
          const int32_t other = rules.by_index[static_cast<size_t>(member)];
          if (other >= 0) slots[static_cast<size_t>(other)] = Slot();
        }
        member = static_cast<int32_t>(field->index);
        if (at < 0) continue;
      }
      Slot& slot = slots[static_cast<size_t>(at)];
      if (slot.count++ == 0) slot.begin = start;
      slot.end = end;
      slot.last = wire;
    }
  }

  void Singular(const FieldRules& rules, const Slot& slot, const Step& step, int depth) {
    const Field& field = *rules.field;
    RuleValue value;
    if (slot.count > 0) value = ValueOf(field.type, slot.last);
    const bool set = slot.count > 0 && (field.has_presence || IsSet(value));
    if (!set && rules.required) return Break(step, "is required", "required");
    if (!set && field.has_presence) return;
    if (field.message == nullptr) return Check(rules.values, value, step);
    std::string storage;
    Inside(rules.values, field, Merged(slot, storage), step, depth);
  }

  // A message that is there.
  void Inside(const ElementRules& rules, const Field& field, std::string_view bytes,
              const Step& step, int depth) {
    if (rules.message != nullptr) return Message(*rules.message, bytes, &step, depth + 1);
    if (rules.rules.empty()) return;
    if (rules.wrapped != nullptr) return Check(rules, Wrapped(*rules.wrapped, bytes), step);
    Check(rules, Time(*field.message, bytes), step);
  }

  static RuleValue Wrapped(const Field& field, std::string_view bytes) {
    RuleValue value;
    for (WireReader reader(bytes); reader.Next();) {
      const WireField& wire = reader.field();
      if (wire.number == field.number && Takes(field, wire)) value = ValueOf(field.type, wire);
    }
    return value;
  }

  RuleValue Time(const MessageTable& table, std::string_view bytes) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    for (WireReader reader(bytes); reader.Next();) {
      const WireField& wire = reader.field();
      if (wire.type != WireType::kVarint) continue;
      if (wire.number == 1) seconds = static_cast<int64_t>(wire.varint);
      if (wire.number == 2) nanos = static_cast<int32_t>(wire.varint);
    }
    RuleValue value;
    value.time = contract::ToInstant(seconds, nanos);
    if (table.well_known == contract::WellKnown::kTimestamp) value.now = Now();
    return value;
  }

  contract::Instant Now() {
    if (!now_) {
      const auto since = wall_().time_since_epoch();
      now_ = contract::ToInstant(
          0, std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    }
    return *now_;
  }

  void List(const FieldRules& rules, const Slot& slot, const Step& step, int depth) {
    const Field& field = *rules.field;
    int64_t count = 0;
    bool doubled = false;
    Seen seen;
    EachItem(field, slot.span(), [&](const WireField& wire) {
      const Step item{&step, "", count, nullptr, nullptr};
      if (field.message != nullptr) {
        Inside(rules.values, field, wire.bytes, item, depth);
      } else {
        if (IsForeign(field, wire)) return true;
        const RuleValue value = ValueOf(field.type, wire);
        Check(rules.values, value, item);
        if (rules.unique && !doubled) doubled = !seen.Add(field, value);
      }
      ++count;
      return !out_.full();
    });
    Sizes(rules, static_cast<uint64_t>(count), step);
    if (doubled) Break(step, "must not hold a value twice", "repeated.unique");
  }

  void Sizes(const FieldRules& rules, uint64_t count, const Step& step) {
    if (count == 0 && rules.required) return Break(step, "is required", "required");
    if (count == 0 && rules.ignore_zero) return;
    RuleValue value;
    value.natural = count;
    for (const Rule& rule : rules.sizes) {
      if (!rule.keeps(value)) Break(step, rule.text, rule.id);
    }
  }

  struct Entry {
    RuleValue key;
    Slot value;
  };

  // Keys of one map are of one type, so that the rest of the value is the same.
  static auto Order(const RuleValue& key) { return std::tuple(key.text, key.integer, key.natural); }

  static bool Read(const Field& key, const Field& value, std::string_view bytes, Entry& entry) {
    const char* begin = bytes.data();
    for (WireReader reader(bytes); reader.Next();) {
      const WireField& wire = reader.field();
      const char* const end = wire.bytes.data() + wire.bytes.size();
      const char* const start = std::exchange(begin, end);
      if (wire.number == 1 && Takes(key, wire)) entry.key = ValueOf(key.type, wire);
      if (wire.number != 2 || !Takes(value, wire)) continue;
      if (entry.value.count++ == 0) entry.value.begin = start;
      entry.value.end = end;
      entry.value.last = wire;
    }
    return entry.value.count == 0 || !IsForeign(value, entry.value.last);
  }

  static std::vector<Entry> Entries(const Field& field, const Slot& slot) {
    const std::vector<Field>& parts = field.message->fields;
    std::vector<Entry> entries;
    for (WireReader reader(slot.span()); reader.Next();) {
      const WireField& wire = reader.field();
      if (wire.number != field.number || wire.type != WireType::kBytes) continue;
      Entry entry;
      if (Read(parts[0], parts[1], wire.bytes, entry)) entries.push_back(entry);
    }
    const auto less = [](const Entry& a, const Entry& b) { return Order(a.key) < Order(b.key); };
    const auto not_less = [&](const Entry& a, const Entry& b) { return !less(a, b); };
    // As decoding leaves them: sorted, each key once.
    if (std::adjacent_find(entries.begin(), entries.end(), not_less) == entries.end()) {
      return entries;
    }
    std::stable_sort(entries.begin(), entries.end(), less);
    // Of one key the last wins: the first, from the end.
    const auto same = [](const Entry& a, const Entry& b) { return Order(a.key) == Order(b.key); };
    const auto kept = std::unique(entries.rbegin(), entries.rend(), same);
    entries.erase(entries.begin(), kept.base());
    return entries;
  }

  void Map(const FieldRules& rules, const Slot& slot, const Step& step, int depth) {
    const std::vector<Field>& parts = rules.field->message->fields;
    const std::vector<Entry> entries = Entries(*rules.field, slot);
    for (const Entry& entry : entries) {
      if (out_.full()) return;
      const Step at{&step, "", -1, &parts[0], rules.redacted ? nullptr : &entry.key};
      Check(rules.keys, entry.key, at);
      if (parts[1].message != nullptr) {
        std::string storage;
        Inside(rules.values, parts[1], Merged(entry.value, storage), at, depth);
      } else {
        const bool there = entry.value.count > 0;
        Check(rules.values, there ? ValueOf(parts[1].type, entry.value.last) : RuleValue(), at);
      }
    }
    Sizes(rules, entries.size(), step);
  }

  void Check(const ElementRules& rules, const RuleValue& value, const Step& step) {
    if (rules.ignore_zero && IsZero(value) && value.time == contract::Instant()) return;
    for (const Rule& rule : rules.rules) {
      if (!rule.keeps(value)) Break(step, rule.text, rule.id);
    }
  }

  void Break(const Step& step, std::string_view text, std::string_view rule) {
    if (!out_.full()) out_.Add(PathOf(&step), text, rule);
  }

  const WallClock& wall_;
  Violations& out_;
  std::optional<contract::Instant> now_;  // once it was asked for
};

}  // namespace
}  // namespace internal

void Violations::Add(std::string_view field, std::string_view text, std::string_view rule) {
  if (full()) return;
  if (count_++ == 0) first_ = Cat(field, ": ", text);
  AppendViolation(bad_request_, field, text, rule);
}

absl::Status Violations::ToStatus() const {
  if (count_ == 0) return absl::OkStatus();
  std::string message = first_;
  if (count_ > 1) message += Cat(" (and ", full() ? "at least " : "", count_ - 1, " more)");
  return Failure(absl::StatusCode::kInvalidArgument, "VALIDATION_FAILED", message)
      .Fields(bad_request_);
}

void ValidateMessage(const contract::MessageRules& rules, std::string_view bytes,
                     const WallClock& wall, Violations& violations) {
  internal::Walk(wall, violations).Message(rules, bytes, nullptr, 0);
}

}  // namespace frontdesk::policy
