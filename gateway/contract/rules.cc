#include "gateway/contract/rules.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

// What a value of the field is made of; null unless that is a message with fields of its own.
const MessageTable* InsideOf(const Field& field) {
  const Field& value = field.map ? field.message->fields[1] : field;
  const bool plain = value.message != nullptr && value.message->well_known == WellKnown::kNone;
  return plain ? value.message : nullptr;
}

void Index(MessageRules& rules) {
  std::sort(rules.fields.begin(), rules.fields.end(), [](const FieldRules& a, const FieldRules& b) {
    return a.field->index < b.field->index;
  });
  rules.by_index.assign(rules.table->fields.size(), -1);
  for (size_t i = 0; i < rules.fields.size(); ++i) {
    rules.by_index[rules.fields[i].field->index] = static_cast<int32_t>(i);
  }
}

class RuleWalk {
 public:
  explicit RuleWalk(const VisitRule& visit) : visit_(visit) {}

  void Message(const MessageRules& rules, const std::string& above) {
    if (std::find(open_.begin(), open_.end(), &rules) != open_.end() || told_ >= kMost) return;
    open_.push_back(&rules);
    for (const FieldRules& field : rules.fields) {
      One(field, Cat(above, field.field->name));
    }
    for (const MessageRules::Oneof& oneof : rules.oneofs) {
      Required(Cat(above, oneof.name), oneof.place);
    }
    open_.pop_back();
  }

  void One(const FieldRules& field, const std::string& path) {
    if (field.required) Required(path, field.place);
    for (const Rule& rule : field.sizes) Tell(path, rule, field.place);
    if (field.unique) {
      Tell(path, {"repeated.unique", "must not hold a value twice", nullptr}, field.place);
    }
    for (const Rule& rule : field.keys.rules) Tell(Cat(path, "[] key"), rule, field.place);
    const std::string each = field.field->repeated ? path + "[]" : path;
    for (const Rule& rule : field.values.rules) Tell(each, rule, field.place);
    if (field.values.message != nullptr) Message(*field.values.message, each + '.');
  }

 private:
  void Required(const std::string& path, const Place& place) {
    Tell(path, {"required", "is required", nullptr}, place);
  }

  void Tell(const std::string& path, const Rule& rule, const Place& place) {
    if (told_++ < kMost) visit_(path, rule, place);
  }

  // Messages in messages may multiply them.
  static constexpr size_t kMost = 1000;

  const VisitRule& visit_;
  size_t told_ = 0;
  std::vector<const MessageRules*> open_;
};

}  // namespace

const MessageRules* RuleSet::Find(const MessageTable* table) const {
  const auto found = all_.find(table);
  return found == all_.end() ? nullptr : found->second.get();
}

void RuleSet::Add(MessageRules rules) {
  const MessageTable* const table = rules.table;
  all_.try_emplace(table, std::make_unique<MessageRules>(std::move(rules)));
}

void RuleSet::Link() {
  const auto any = [](const FieldRules& field) { return field.any(); };
  const auto has = [&](const MessageRules& rules) {
    return !rules.oneofs.empty() || std::any_of(rules.fields.begin(), rules.fields.end(), any);
  };
  const auto own = [](MessageRules& rules, const Field& field) {
    return std::find_if(rules.fields.begin(), rules.fields.end(),
                        [&](const FieldRules& one) { return one.field == &field; });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [table, rules] : all_) {
      for (const Field& field : table->fields) {
        const auto below = all_.find(InsideOf(field));
        if (below == all_.end() || !has(*below->second)) continue;
        auto at = own(*rules, field);
        if (at != rules->fields.end() && (at->ignore_always || at->values.message)) continue;
        if (at == rules->fields.end()) {
          rules->fields.emplace_back().field = &field;
          at = rules->fields.end() - 1;
        }
        at->values.message = below->second.get();
        changed = true;
      }
    }
  }
  absl::erase_if(all_, [&](const auto& one) { return !has(*one.second); });
  for (const auto& [table, rules] : all_) {
    std::erase_if(rules->fields, std::not_fn(any));
    Index(*rules);
  }
}

void EachRule(const MessageRules& rules, const VisitRule& visit) {
  RuleWalk(visit).Message(rules, "");
}

void EachRule(const FieldRules& field, const VisitRule& visit) {
  RuleWalk(visit).One(field, field.field->name);
}

}  // namespace frontdesk::contract
