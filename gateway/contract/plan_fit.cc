#include "gateway/contract/plan_fit.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/caller_source.h"
#include "gateway/contract/plan_enum.h"

namespace frontdesk::contract {
namespace {

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

enum class Number { kSigned, kUnsigned, kFloating, kBool, kNone };

struct NumberShape {
  Number kind = Number::kNone;
  int bits = 0;
};

NumberShape ShapeOf(FieldType type) {
  switch (type) {
    case FieldType::kInt32:
    case FieldType::kSint32:
    case FieldType::kSfixed32:
      return {Number::kSigned, 32};
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      return {Number::kSigned, 64};
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return {Number::kUnsigned, 32};
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return {Number::kUnsigned, 64};
    case FieldType::kFloat:
      return {Number::kFloating, 32};
    case FieldType::kDouble:
      return {Number::kFloating, 64};
    case FieldType::kBool:
      return {Number::kBool, 1};
    case FieldType::kString:
    case FieldType::kGroup:
    case FieldType::kMessage:
    case FieldType::kBytes:
    case FieldType::kEnum:
      break;
  }
  return {};
}

bool NumberFits(FieldType from, FieldType to) {
  const NumberShape a = ShapeOf(from);
  const NumberShape b = ShapeOf(to);
  if (a.kind == Number::kNone) return false;
  if (a.kind == b.kind) return a.bits <= b.bits;
  return a.kind == Number::kUnsigned && b.kind == Number::kSigned && a.bits < b.bits;
}

// Bytes of the one are bytes of the other: the same type, or entries of equal maps.
bool SameBytes(const MessageTable& from, const MessageTable& to) {
  if (&from == &to) return true;
  if (!from.map_entry || !to.map_entry) return false;
  for (uint32_t number : {1, 2}) {
    const Field* a = from.FindNumber(number);
    const Field* b = to.FindNumber(number);
    if (a->type != b->type || a->message != b->message || a->enumeration != b->enumeration) {
      return false;
    }
  }
  return true;
}

// A field of the request that only the caller fills is as good as the caller.
bool IsFromCaller(const PathValue& value, const std::string& source) {
  if (value.caller()) return value.claim == ClaimOfSource(source);
  return value.root.kind == Source::Root::kRequest && value.field &&
         value.field->caller_source == source;
}

Write::Default OnDefault(const PathValue& value, const Field& target, bool by_name) {
  // What was in a map keeps its key, and what is in a list keeps its place.
  if (value.many() || target.type == FieldType::kMessage) return Write::Default::kKeep;
  if (!target.has_presence) return Write::Default::kDrop;
  const bool presence = value.caller() || value.root.scalar || value.field->has_presence;
  if (presence) return Write::Default::kKeep;
  // Of fields that met by name in a oneof, the one with a value shall win.
  return by_name && target.oneof >= 0 ? Write::Default::kDrop : Write::Default::kWrite;
}

// An enum that is not set has its default, which may be another number over there.
bool DefaultIsAnother(const Write& write) {
  return !write.enum_map.same &&
         std::any_of(write.enum_map.numbers.begin(), write.enum_map.numbers.end(),
                     [](const auto& entry) { return entry.first == 0 && entry.second != 0; });
}

}  // namespace

absl::StatusOr<Write> PlanFitter::Fit(const PathValue& value, const Field& target, bool by_name,
                                      ConvertWords* words) {
  const bool map = value.field && value.field->map && !value.root.list;
  if (value.many() != target.repeated || (map != target.map && !value.root.list)) {
    return Wrong(Cat(value.TypeName(), " does not fit ", Quoted(target.name), ", which is ",
                     target.repeated ? "" : "a single ", TypeName(target)));
  }
  if (!target.caller_source.empty() && !IsFromCaller(value, target.caller_source)) {
    return Wrong(Cat(Quoted(target.name), " can be filled only from ", target.caller_source));
  }
  Write write;
  write.target = &target;
  if (absl::Status status = FitType(value, target, words, write); !status.ok()) return status;
  write.on_default = OnDefault(value, target, by_name);
  const bool set = target.has_presence || value.field == nullptr || value.field->has_presence;
  if (!set && !value.many() && DefaultIsAnother(write)) write.on_default = Write::Default::kWrite;
  const bool message = target.type == FieldType::kMessage;
  write.source = Want(value, message, write.on_default == Write::Default::kWrite);
  return write;
}

absl::Status PlanFitter::FitType(const PathValue& value, const Field& target, ConvertWords* words,
                                 Write& write) {
  if (value.message && target.type == FieldType::kMessage) {
    const bool changed = words && words->changes();
    if (!changed && SameBytes(*value.message, *target.message)) {
      write.kind = Write::Kind::kSplice;
      return absl::OkStatus();
    }
    return FitConversion(*value.message, *target.message, words, write);
  }
  if (!value.claim.empty()) {
    // What it holds is looked at when it is there.
    if (!IsClaimType(target.type)) {
      return Wrong(Cat("a claim fits a string, number or bool, and ", Quoted(target.name), " is ",
                       TypeName(target)));
    }
    write.kind = target.type == FieldType::kString ? Write::Kind::kText : Write::Kind::kScalar;
    return absl::OkStatus();
  }
  const FieldType from = value.caller()  ? FieldType::kString
                         : value.message ? FieldType::kMessage
                                         : value.field->type;
  if (from == FieldType::kEnum && target.type == FieldType::kEnum) {
    write.kind = Write::Kind::kScalar;
    absl::StatusOr<EnumMap> map = MapEnum(*value.field->enumeration, *target.enumeration, words);
    if (!map.ok()) return map.status();
    write.enum_map = *std::move(map);
    return absl::OkStatus();
  }
  const bool text = target.type == FieldType::kString || target.type == FieldType::kBytes;
  if (text && (from == target.type || from == FieldType::kString)) {
    write.kind = Write::Kind::kText;
    return absl::OkStatus();
  }
  if (NumberFits(from, target.type)) {
    write.kind = Write::Kind::kScalar;
    return absl::OkStatus();
  }
  return Wrong(Cat(value.TypeName(), " does not fit ", Quoted(target.name), ", which is ",
                   TypeName(target)));
}

absl::Status PlanFitter::FitConversion(const MessageTable& from, const MessageTable& to,
                                       ConvertWords* words, Write& write) {
  write.kind = Write::Kind::kConvert;
  for (size_t i = 0; !words && i < conversions_.size(); ++i) {
    if (conversions_[i].from == &from && conversions_[i].to == &to && results_[i].by_name) {
      write.conversion = static_cast<uint32_t>(i);
      return results_[i].status;  // OK too while it is being made: messages may contain themselves
    }
  }
  const size_t index = conversions_.size();
  write.conversion = static_cast<uint32_t>(index);
  Conversion& entry = conversions_.emplace_back();
  entry.from = &from;
  entry.to = &to;
  results_.push_back({absl::OkStatus(), words == nullptr});
  Conversion made;  // `conversions_` grows meanwhile
  absl::Status status = Convert(from, to, words, made);
  conversions_[index] = std::move(made);
  return results_[index].status = std::move(status);
}

absl::Status PlanFitter::Convert(const MessageTable& from, const MessageTable& to,
                                 ConvertWords* words, Conversion& conversion) {
  conversion.from = &from;
  conversion.to = &to;
  conversion.by_name = !words || !words->changes();
  conversion.reader.nodes.emplace_back().table = &from;
  if (from.well_known != WellKnown::kNone || to.well_known != WellKnown::kNone) {
    return Wrong(Cat(from.full_name, " does not fit ", to.full_name));
  }
  PathValue self;
  self.root.kind = Source::Root::kSelf;
  self.root.message = self.message = &from;
  self.root.reader = &conversion.reader;
  const ConvertWords none;
  const ConvertWords& said = words ? *words : none;
  std::vector<const Field*> filled;
  std::string wrong = said.WrongRename(from, to);
  if (!wrong.empty()) return Wrong(wrong);
  for (const Field& target : to.fields) {
    const Field* const same = said.SourceOf(target.name, from);
    if (!same) {
      if (!target.required) continue;
      wrong += Cat(wrong.empty() ? "" : "; ", "required ", Quoted(target.name), " is in ",
                   to.full_name, " only");
      continue;
    }
    // What words say of enum values holds here, but not deeper inside.
    ConvertWords* const of_enum = target.type == FieldType::kEnum ? words : nullptr;
    absl::StatusOr<Write> write = Fit(Below(self, *same), target, true, of_enum);
    if (!write.ok()) {
      wrong += Cat(wrong.empty() ? "" : "; ", from.full_name, '.', same->name, ": ",
                   Std(write.status().message()));
      continue;
    }
    // An entry has key and value: what is not there is its default.
    const bool message = target.type == FieldType::kMessage;
    if (to.map_entry && !message) write->on_default = Write::Default::kWrite;
    filled.push_back(&target);
    conversion.writes.push_back(*std::move(write));
  }
  if (wrong.empty()) wrong = said.Unfilled(to, filled);
  if (!wrong.empty()) return Wrong(wrong);
  if (conversion.writes.empty()) {
    return Wrong(Cat(from.full_name, " and ", to.full_name, " have no field in common"));
  }
  return absl::OkStatus();
}

bool TargetTree::Has(const Field& field) const {
  return std::any_of(filled_.begin(), filled_.end(), [&](const Filled& filled) {
    return filled.path.size() == 1 && filled.path[0] == &field;
  });
}

bool TargetTree::Clash(const Filled& one, const Filled& other) {
  const size_t shorter = std::min(one.path.size(), other.path.size());
  size_t at = 0;
  while (at < shorter && one.path[at] == other.path[at]) ++at;
  if (at == shorter) return true;
  if (one.path[at]->oneof < 0 || one.path[at]->oneof != other.path[at]->oneof) return false;
  // Members of one oneof may be filled from members of another: at most one of those is there.
  if (one.root.empty() || one.root != other.root) return true;
  const size_t depth = std::min(one.source.size(), other.source.size());
  size_t i = 0;
  while (i < depth && one.source[i] == other.source[i]) ++i;
  return i == depth || one.source[i]->oneof < 0 || one.source[i]->oneof != other.source[i]->oneof;
}

absl::Status TargetTree::Add(const std::vector<const Field*>& path, Write write,
                             const PathValue* value, std::string_view by) {
  Filled filled;
  filled.path = path;
  filled.by = by;
  if (value) {
    filled.root = value->root.name;
    filled.source = value->fields;
  }
  for (const Filled& earlier : filled_) {
    if (Clash(earlier, filled)) {
      return Wrong(Cat("filled twice: from ", earlier.by, " and from ", by));
    }
  }
  filled_.push_back(std::move(filled));
  std::vector<Write>* level = &writes_;
  for (size_t i = 0; i < path.size(); ++i) {
    auto at = std::lower_bound(
        level->begin(), level->end(), path[i]->number,
        [](const Write& other, uint32_t number) { return other.target->number < number; });
    if (i + 1 == path.size()) {
      level->insert(at, std::move(write));
      break;
    }
    if (at == level->end() || at->target != path[i]) {
      at = level->insert(at, Write());
      at->kind = Write::Kind::kNested;
      at->target = path[i];
    }
    level = &at->children;
  }
  return absl::OkStatus();
}

}  // namespace frontdesk::contract
