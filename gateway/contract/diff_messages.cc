// MessageDiff: what became of the messages and enums that clients see.
#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/diff.h"
#include "gateway/contract/diff_rules.h"
#include "gateway/contract/field_rules.h"
#include "gateway/contract/plan_paths.h"

namespace frontdesk::contract {
namespace {

const Field* ByJsonName(const MessageTable& table, const std::string& name) {
  const auto at = std::find_if(table.fields.begin(), table.fields.end(),
                               [&](const Field& field) { return field.json_name == name; });
  return at == table.fields.end() ? nullptr : &*at;
}

// The field in `to` that took the place of one of `from` under another name, or null.
const Field* Renamed(const Field& field, const MessageTable& from, const MessageTable& to) {
  const Field* const same = to.FindNumber(field.number);
  return same == nullptr || ByJsonName(from, same->json_name) != nullptr ? nullptr : same;
}

// A message by any name is the same type when its fields are, which is looked at apart.
std::string ComparableType(const Field& field) {
  const bool plain =
      field.message != nullptr && !field.map && field.message->well_known == WellKnown::kNone;
  if (plain) return field.repeated ? "list of message" : "message";
  if (field.enumeration != nullptr) return field.repeated ? "list of enum" : "enum";
  return TypeName(field);
}

}  // namespace

void MessageDiff::Add(bool breaking, const std::string& where, std::string what) {
  changes_.push_back({breaking, where, std::move(what)});
}

void MessageDiff::Compare(const MessageTable& before, const MessageTable& after,
                          Direction direction) {
  if (!seen_.emplace(&before, &after, direction).second) return;
  const Direction around = direction_;
  direction_ = direction;
  for (const Field& field : before.fields) {
    const std::string where = Cat(before.full_name, '.', field.json_name);
    if (const Field* const same = ByJsonName(after, field.json_name)) {
      CompareFields(field, *same, where);
    } else {
      Removed(Renamed(field, before, after), where);
    }
  }
  for (const Field& field : after.fields) {
    if (ByJsonName(before, field.json_name) == nullptr &&
        Renamed(field, after, before) == nullptr) {
      Added(field, Cat(after.full_name, '.', field.json_name));
    }
  }
  if (request()) {
    for (const RuleChange& change : DiffOneofRules(before, after)) {
      Add(change.breaking, after.full_name, change.what);
    }
  }
  direction_ = around;
}

void MessageDiff::Removed(const Field* renamed, const std::string& where) {
  const std::string how =
      renamed ? Cat("is now called ", Quoted(renamed->json_name)) : std::string("is gone");
  Add(true, where,
      Cat(how, request() ? ": clients that send it get 400" : ": clients no longer find it"));
}

void MessageDiff::Added(const Field& field, const std::string& where) {
  if (request() && (field.required || IsNeeded(field))) {
    Add(true, where, "is new and required: requests without it get 400");
  } else {
    Add(false, where, request() ? "is new: clients may send it" : "is new: clients may ignore it");
  }
}

void MessageDiff::CompareFields(const Field& before, const Field& after, const std::string& where) {
  const std::string old_type = ComparableType(before);
  const std::string new_type = ComparableType(after);
  if (old_type != new_type) {
    Add(true, where,
        Cat("was ", TypeName(before), ", is ", TypeName(after),
            request() ? ": clients that send it as before may get 400"
                      : ": clients read another type"));
    return;
  }
  if (before.number != after.number) {
    Add(true, where,
        Cat("had number ", before.number, ", has ", after.number,
            ": JSON is as before, callers by gRPC take it for another field"));
  }
  if (request() && after.required && !before.required) {
    Add(true, where, "is now required: requests without it get 400");
  }
  if (request() && before.oneof < 0 && after.oneof >= 0) {
    Add(true, where, "is now in a oneof: clients that send another member beside it get 400");
  }
  if (request()) {
    CompareSources(before, after, where);
    for (const RuleChange& change : DiffFieldRules(before, after)) {
      Add(change.breaking, where, change.what);
    }
  }
  if (before.enumeration != nullptr) CompareEnums(*before.enumeration, *after.enumeration);
  if (before.message != nullptr) {
    Compare(*before.message, *after.message, direction_);
  }
}

void MessageDiff::CompareSources(const Field& before, const Field& after,
                                 const std::string& where) {
  if (before.caller_source == after.caller_source) return;
  if (after.caller_source.empty()) {
    Add(false, where, Cat("is no longer filled from ", before.caller_source));
  } else {
    Add(true, where,
        Cat("is now filled from ", after.caller_source, ": clients that send it are refused"));
  }
}

void MessageDiff::CompareEnums(const EnumTable& before, const EnumTable& after) {
  if (!seen_.emplace(&before, &after, direction_).second) return;
  for (const auto& [number, name] : before.by_number) {
    const auto same = after.by_name.find(name);
    const std::string where = Cat(before.full_name, '.', name);
    if (same == after.by_name.end()) {
      const std::string* const renamed = after.NameOf(number);
      Add(true, where,
          Cat(renamed ? Cat("is now called ", Quoted(*renamed)) : std::string("is gone"),
              request() ? ": clients that send it get 400" : ": clients no longer receive it"));
    } else if (same->second != number) {
      Add(true, where,
          Cat("was ", number, ", is ", same->second,
              ": JSON is as before, callers by gRPC take it for another value"));
    }
  }
  for (const auto& [number, name] : after.by_number) {
    if (before.by_name.contains(name) || before.NameOf(number) != nullptr) continue;
    Add(false, Cat(after.full_name, '.', name),
        request() ? "is new: clients may send it"
                  : "is new: clients may receive a value they do not know");
  }
}

}  // namespace frontdesk::contract
