#include "gateway/contract/unheld_rules.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/contract/rules.h"

namespace frontdesk::contract {
namespace {

// Where below a value, and which rule.
using RuleTexts = std::set<std::pair<std::string, std::string>>;

// A list's elements, and what is inside of a message, are told apart from nothing else.
std::string Below(std::string_view path) {
  if (path.starts_with("[]")) path.remove_prefix(2);
  if (path.starts_with('.')) path.remove_prefix(1);
  return std::string(path);
}

RuleTexts TextsOf(const FieldRules& field) {
  RuleTexts texts;
  EachRule(field, [&](const std::string& path, const Rule& rule, const Place&) {
    texts.emplace(Below(std::string_view(path).substr(field.field->name.size())),
                  Cat(rule.id, ' ', rule.text));
  });
  return texts;
}

RuleTexts TextsOf(const MessageRules& message) {
  RuleTexts texts;
  EachRule(message, [&](const std::string& path, const Rule& rule, const Place&) {
    texts.emplace(path, Cat(rule.id, ' ', rule.text));
  });
  return texts;
}

const FieldRules* OwnRules(const MessageRules& rules, const Field& field) {
  if (field.index >= rules.by_index.size()) return nullptr;
  const int32_t at = rules.by_index[field.index];
  return at < 0 || !rules.fields[static_cast<size_t>(at)].any()
             ? nullptr
             : &rules.fields[static_cast<size_t>(at)];
}

// Of a field of the message or of one in it.
const FieldRules* FindRules(const MessageRules& rules, const Field* field,
                            std::set<const MessageRules*>& seen) {
  if (!seen.insert(&rules).second) return nullptr;
  for (const FieldRules& each : rules.fields) {
    if (each.field == field) return &each;
    const MessageRules* const inside = each.values.message;
    const FieldRules* const found = inside ? FindRules(*inside, field, seen) : nullptr;
    if (found) return found;
  }
  return nullptr;
}

class Search {
 public:
  Search(const Method& composed, const PlanStep& step) : composed_(composed), step_(step) {}

  void Look(std::span<const Write> writes, const MessageRules* rules, const std::string& above) {
    if (!rules) return;
    for (const Write& write : writes) {
      const FieldRules* const own = OwnRules(*rules, *write.target);
      if (!own) continue;
      const std::string path = above + write.target->name;
      if (write.kind == Write::Kind::kNested) {
        Look(write.children, own->values.message, path + '.');
      } else if (write.kind != Write::Kind::kConstant && IsClients(write.source)) {
        Compare(*own, HeldOf(write.source), above);
      }
    }
  }

  std::vector<std::string> Take() { return {unheld_.begin(), unheld_.end()}; }

 private:
  bool IsClients(const Source& source) const {
    return source.root == Source::Root::kRequest ||
           (source.root == Source::Root::kElement && step_.list.root == Source::Root::kRequest);
  }

  // What is held against the value before it is passed on.
  RuleTexts HeldOf(const Source& source) const {
    if (!composed_.rules) return {};
    const Field* field = source.field;
    if (!field && source.root == Source::Root::kRequest) return TextsOf(*composed_.rules);
    if (!field) field = step_.list.field;  // an element as a whole
    std::set<const MessageRules*> seen;
    const FieldRules* const found = FindRules(*composed_.rules, field, seen);
    return found && found->any() ? TextsOf(*found) : RuleTexts();
  }

  void Compare(const FieldRules& wanted, const RuleTexts& held, const std::string& above) {
    EachRule(wanted, [&](const std::string& path, const Rule& rule, const Place&) {
      const std::string below = Below(std::string_view(path).substr(wanted.field->name.size()));
      if (!held.contains({below, Cat(rule.id, ' ', rule.text)})) unheld_.insert(above + path);
    });
  }

  const Method& composed_;
  const PlanStep& step_;
  std::set<std::string> unheld_;
};

}  // namespace

std::vector<std::string> UnheldRules(const Method& composed, const PlanStep& step) {
  Search search(composed, step);
  if (step.batch) {
    const MessageRules* const rules = step.batch->method->rules;
    search.Look(step.batch->before_keys, rules, "");
    search.Look({&step.batch->key, 1}, rules, "");
    search.Look(step.batch->after_keys, rules, "");
  } else {
    search.Look(step.request, step.method->rules, "");
  }
  return search.Take();
}

std::vector<std::string> UnheldRulesOfUndo(const Method& composed, const PlanStep& step) {
  Search search(composed, step);
  search.Look(step.undo->request, step.undo->method->rules, "");
  return search.Take();
}

}  // namespace frontdesk::contract
