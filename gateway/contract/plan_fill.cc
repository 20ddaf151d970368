// `bind` and `out`: how a message is filled.
#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/caller_check.h"
#include "gateway/contract/plan_compiler.h"
#include "gateway/contract/plan_constant.h"

namespace frontdesk::contract {
namespace {

// The same in Out.
constexpr int kTo = frontdesk::v1::Bind::kToFieldNumber;
constexpr int kFrom = frontdesk::v1::Bind::kFromFieldNumber;
constexpr int kConvert = frontdesk::v1::Bind::kConvertFieldNumber;
constexpr int kValue = frontdesk::v1::Bind::kValueFieldNumber;

std::string PathOf(const std::vector<const Field*>& path) {
  std::string text;
  for (const Field* field : path) text += Cat(text.empty() ? "" : ".", field->name);
  return text;
}

// The mapping that nobody wrote.
Mapping FromCaller(const std::vector<const Field*>& path) {
  Mapping mapping;
  mapping.kind = Mapping::Kind::kPath;
  mapping.to = PathOf(path);
  mapping.source = path.back()->caller_source;
  return mapping;
}

}  // namespace

std::vector<Write> FillCompiler::Fill(What what, const std::vector<Mapping>& mappings,
                                      const MessageTable& message) {
  for (const Mapping& mapping : mappings) {
    if (!mapping.to.empty()) FillOne(mapping, message);
  }
  FillFromCaller(message);
  // What is said of a field by name of its own wins over what is spread.
  for (const Mapping& mapping : mappings) {
    if (mapping.to.empty()) Spread(mapping, message);
  }
  if (what == What::kRequest && message.has_caller_source) {
    Missing missing;
    missing.open.push_back(&message);
    FindMissing(message, tree_.writes(), missing);
    for (const Mapping& mapping : missing.found) FillOne(mapping, message);
    if (missing.messages > kMostCallerFields) {
      wrong_.push_back({{}, Cat("fills more than ", kMostCallerFields, " messages by the caller")});
    }
  }
  if (wrong_.empty()) CheckRequired(message);
  return tree_.Take();
}

void FillCompiler::Wrong(const Mapping& mapping, int field, std::string_view text) {
  const std::string_view quote = mapping.kind == Mapping::Kind::kConstant ? "value " : "";
  wrong_.push_back(
      {mapping.index < 0 ? SourcePath() : SourcePath{mapping.index, field},
       Cat("to ", Quoted(mapping.to), " from ", quote, Quoted(mapping.source), ": ", text)});
}

bool FillCompiler::IsBroken(std::string_view path) const {
  const std::string_view root = path.substr(0, path.find('.'));
  return std::find(broken_.begin(), broken_.end(), root) != broken_.end();
}

void FillCompiler::FillOne(const Mapping& mapping, const MessageTable& message) {
  if (mapping.kind == Mapping::Kind::kMissing) {
    wrong_.push_back({{mapping.index}, Cat("to ", Quoted(mapping.to), " needs `from` or `value`")});
    return;
  }
  const absl::StatusOr<std::vector<const Field*>> path = ResolveTarget(mapping.to, message);
  if (!path.ok()) return Wrong(mapping, kTo, Std(path.status().message()));
  const Field& target = *path->back();
  if (mapping.kind == Mapping::Kind::kConstant) {
    if (mapping.convert) return Wrong(mapping, kConvert, "a constant is not converted");
    absl::StatusOr<std::string> constant = EncodeConstant(target, mapping.source);
    if (!constant.ok()) return Wrong(mapping, kValue, Std(constant.status().message()));
    if (!target.caller_source.empty()) {
      return Wrong(mapping, kTo, Cat("it can be filled only from ", target.caller_source));
    }
    Write write;
    write.target = &target;
    write.constant = *std::move(constant);
    const absl::Status added =
        tree_.Add(*path, std::move(write), nullptr, Cat("value ", Quoted(mapping.source)));
    if (!added.ok()) Wrong(mapping, kTo, Std(added.message()));
    return;
  }
  if (IsBroken(mapping.source)) return;
  const absl::StatusOr<PathValue> value = ResolveSource(mapping.source, roots_);
  if (!value.ok()) return Wrong(mapping, kFrom, Std(value.status().message()));
  const int about = mapping.convert ? kConvert : kFrom;
  ConvertWords words(mapping.convert);
  if (words.given() && !value->message && target.type != FieldType::kEnum) {
    return Wrong(mapping, kConvert,
                 Cat("`convert` is for messages and enums, not for ", value->TypeName()));
  }
  absl::StatusOr<Write> write =
      fitter_.Fit(*value, target, false, words.given() ? &words : nullptr);
  if (!write.ok()) return Wrong(mapping, about, Std(write.status().message()));
  const std::string unused = words.Unused(target.type == FieldType::kEnum);
  if (!unused.empty()) return Wrong(mapping, kConvert, unused);
  const absl::Status added = tree_.Add(*path, *std::move(write), &*value, Quoted(mapping.source));
  if (!added.ok()) Wrong(mapping, kTo, Std(added.message()));
}

void FillCompiler::Spread(const Mapping& mapping, const MessageTable& message) {
  if (mapping.kind != Mapping::Kind::kPath) {
    return Wrong(mapping, kTo, "an empty `to` spreads a message: it needs `from`");
  }
  if (IsBroken(mapping.source)) return;
  const absl::StatusOr<PathValue> value = ResolveSource(mapping.source, roots_);
  if (!value.ok()) return Wrong(mapping, kFrom, Std(value.status().message()));
  if (!value->message || value->many()) {
    return Wrong(mapping, kFrom, Cat("a single message can be spread, not ", value->TypeName()));
  }
  ConvertWords words(mapping.convert);
  const std::string wrong_rename = words.WrongRename(*value->message, message);
  if (!wrong_rename.empty()) return Wrong(mapping, kConvert, wrong_rename);
  bool common = false;
  for (const Field& target : message.fields) {
    const Field* const same = words.SourceOf(target.name, *value->message);
    if (!same || same->type == FieldType::kGroup) continue;
    common = true;
    if (tree_.Has(target) || !target.caller_source.empty()) continue;
    const PathValue below = Below(*value, *same);
    const bool of_enum = words.given() && target.type == FieldType::kEnum;
    absl::StatusOr<Write> write = fitter_.Fit(below, target, true, of_enum ? &words : nullptr);
    if (!write.ok()) {
      Wrong(mapping, kFrom, Cat(Quoted(target.name), ": ", Std(write.status().message())));
      continue;
    }
    const absl::Status added = tree_.Add({&target}, *std::move(write), &below,
                                         Quoted(Cat(mapping.source, '.', same->name)));
    if (!added.ok()) Wrong(mapping, kFrom, Cat(Quoted(target.name), ": ", Std(added.message())));
  }
  if (!common) {
    Wrong(mapping, kFrom,
          Cat(value->message->full_name, " and ", message.full_name, " have no field in common"));
  }
  CheckSpread(mapping, words, message);
}

void FillCompiler::CheckSpread(const Mapping& mapping, const ConvertWords& words,
                               const MessageTable& message) {
  std::vector<const Field*> filled;
  for (const Write& write : tree_.writes()) filled.push_back(write.target);
  const std::string unused = words.Unused(false);
  const std::string unfilled = words.Unfilled(message, filled);
  if (!unused.empty()) {
    Wrong(mapping, kConvert, unused);
  } else if (!unfilled.empty()) {
    Wrong(mapping, kConvert, unfilled);
  }
}

void FillCompiler::FillFromCaller(const MessageTable& message) {
  for (const Field& field : message.fields) {
    if (!field.caller_source.empty() && !tree_.Has(field)) FillOne(FromCaller({&field}), message);
  }
}

void FillCompiler::FindMissing(const MessageTable& message, const std::vector<Write>& writes,
                               Missing& missing) {
  if (++missing.messages > kMostCallerFields) return;
  for (const Field& field : message.fields) {
    const auto at = std::find_if(writes.begin(), writes.end(),
                                 [&](const Write& other) { return other.target == &field; });
    const Write* const write = at == writes.end() ? nullptr : &*at;
    missing.path.push_back(&field);
    if (!field.caller_source.empty()) {
      if (!write && missing.path.size() > 1) missing.found.push_back(FromCaller(missing.path));
    } else if (field.message && field.message->has_caller_source) {
      missing.open.push_back(field.message);
      FindMissingIn(field, write, missing);
      missing.open.pop_back();
    }
    missing.path.pop_back();
  }
}

// As in the requests of clients, a message comes into being with what the caller fills in it. What
// stays empty because nobody fills it says nothing for the caller.
void FillCompiler::FindMissingIn(const Field& field, const Write* write, Missing& missing) {
  const bool single = !field.repeated && field.oneof < 0;
  if (!write) {
    const bool again = std::count(missing.open.begin(), missing.open.end(), field.message) > 1;
    if (single && !again) FindMissing(*field.message, {}, missing);
  } else if (write->kind == Write::Kind::kNested && single) {
    FindMissing(*field.message, write->children, missing);
  } else if (write->kind != Write::Kind::kSplice || write->source.root != Source::Root::kRequest) {
    // The gateway's own request has it from the caller already.
    wrong_.push_back({{},
                      Cat("to ", Quoted(PathOf(missing.path)), ": ", field.message->full_name,
                          " has fields that can be filled only from the caller, and nothing fills "
                          "them there")});
  }
}

void FillCompiler::CheckRequired(const MessageTable& message) {
  for (const Field& field : message.fields) {
    const bool filled = std::any_of(tree_.writes().begin(), tree_.writes().end(),
                                    [&](const Write& write) { return write.target == &field; });
    if (field.required && !filled) {
      wrong_.push_back(
          {{}, Cat("nothing fills the required ", Quoted(field.name), " of ", message.full_name)});
    }
  }
}

}  // namespace frontdesk::contract
