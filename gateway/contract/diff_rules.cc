#include "gateway/contract/diff_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/contract/field_rules.h"
#include "gateway/contract/header_rules.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using frontdesk::v1::MapRules;
using frontdesk::v1::RepeatedRules;
using Proto = frontdesk::v1::FieldRules;

constexpr std::string_view kMayFail = ": clients may get 400";

// What the rule of a word says: "must have at least 3 characters".
using TextOf = std::function<std::string(const std::string& word)>;

// One end of a range: numbers, and times with their nanoseconds.
struct Bound {
  std::string word;  // "" for none
  std::pair<long double, long double> value;
  bool open = false;
};

bool IsWhole(const pb::FieldDescriptor& field) {
  return field.cpp_type() <= pb::FieldDescriptor::CPPTYPE_UINT64;
}

long double NumberOf(const pb::Message& message, const pb::FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return static_cast<long double>(reflection.GetInt64(message, &field));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<long double>(reflection.GetUInt64(message, &field));
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return static_cast<long double>(reflection.GetFloat(message, &field));
    default:
      return static_cast<long double>(reflection.GetDouble(message, &field));
  }
}

// The first of these words that says something.
Bound BoundOf(const pb::Message& message, std::initializer_list<const char*> words, bool lower) {
  for (const char* const word : words) {
    const pb::FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(word);
    if (field == nullptr || !message.GetReflection()->HasField(message, field)) continue;
    Bound bound{word, {0, 0}, field->name() == "lt" || field->name() == "gt"};
    if (field->message_type() != nullptr) {
      const pb::Message& time = message.GetReflection()->GetMessage(message, field);
      bound.value = {NumberOf(time, *time.GetDescriptor()->FindFieldByName("seconds")),
                     NumberOf(time, *time.GetDescriptor()->FindFieldByName("nanos"))};
    } else {
      bound.value.first = NumberOf(message, *field);
      // Of whole numbers, less than 10 is at most 9.
      if (bound.open && IsWhole(*field)) bound.value.first += lower ? 1 : -1;
      bound.open = bound.open && !IsWhole(*field);
    }
    // At least nothing.
    if (bound.word.starts_with("min_") && bound.value.first == 0) return {};
    return bound;
  }
  return {};
}

// The words of one message of rules, such as a StringRules, on either side.
class WordDiff {
 public:
  WordDiff(const pb::Message& before, const pb::Message& after, TextOf before_text,
           TextOf after_text, std::string whose, std::vector<RuleChange>& changes)
      : before_(before),
        after_(after),
        before_text_(std::move(before_text)),
        after_text_(std::move(after_text)),
        whose_(std::move(whose)),
        changes_(changes) {}

  void Run() {
    for (const bool lower : {true, false}) {
      const char* const some = lower ? "min_len" : "max_len";
      Range({"len", some}, lower);
      Range({lower ? "min_bytes" : "max_bytes"}, lower);
      Range({lower ? "min_items" : "max_items"}, lower);
      Range({lower ? "min_pairs" : "max_pairs"}, lower);
      Range({lower ? "gt" : "lt", lower ? "gte" : "lte"}, lower);
    }
    Range({"within"}, false);
    Choice();
    Exclusion();
    const pb::Descriptor& type = *before_.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) Word(*type.field(i));
    Tell();
  }

 private:
  // By what it says now and what it said, "" where it said nothing.
  void Note(bool breaking, const std::string& before, const std::string& after) {
    told_[{before, after}] |= breaking;
  }

  void Tell() {
    for (const auto& [texts, breaking] : told_) {
      const auto& [before, after] = texts;
      std::string text;
      if (after.empty()) {
        text = Cat("the rule is gone that ", whose_.empty() ? "it " : whose_, before);
      } else {
        text = Cat(whose_, after, before.empty() ? " now" : ", and before: ", before);
      }
      changes_.push_back({breaking, Cat(text, breaking ? kMayFail : "")});
    }
  }

  void Range(std::initializer_list<const char*> words, bool lower) {
    const Bound before = BoundOf(before_, words, lower);
    const Bound after = BoundOf(after_, words, lower);
    for (const char* const word : words) done_.insert(word);
    const auto place = [](const Bound& bound) { return std::pair(bound.value, bound.open); };
    if (before.word.empty() && after.word.empty()) return;
    if (!before.word.empty() && !after.word.empty() && place(before) == place(after)) return;
    bool breaking = !after.word.empty();
    if (breaking && !before.word.empty() && after.value != before.value) {
      breaking = lower ? after.value > before.value : after.value < before.value;
    } else if (breaking && !before.word.empty()) {
      breaking = after.open;
    }
    Note(breaking, TextAt(before_text_, before.word), TextAt(after_text_, after.word));
  }

  static std::string TextAt(const TextOf& text, const std::string& word) {
    return word.empty() ? "" : text(word);
  }

  // What a word names, each value as text; nothing where it is not there.
  static std::optional<std::set<std::string>> ValuesOf(const pb::Message& message,
                                                       std::string_view word) {
    const pb::FieldDescriptor* const field =
        message.GetDescriptor()->FindFieldByName(std::string(word));
    if (field == nullptr) return std::nullopt;
    const pb::Reflection& reflection = *message.GetReflection();
    std::set<std::string> values;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field)
                                           : reflection.HasField(message, field);
    for (int i = 0; i < count; ++i) {
      std::string text;
      pb::TextFormat::PrintFieldValueToString(message, field, field->is_repeated() ? i : -1, &text);
      values.insert(std::move(text));
    }
    if (values.empty()) return std::nullopt;
    return values;
  }

  // `const` and `in`: the only values there are.
  void Choice() {
    const auto all = [](const pb::Message& message) {
      auto values = ValuesOf(message, "const");
      return values ? std::pair(values, "const") : std::pair(ValuesOf(message, "in"), "in");
    };
    const auto [before, before_word] = all(before_);
    const auto [after, after_word] = all(after_);
    done_.insert({"const", "in"});
    if (before == after) return;
    const bool breaking = after && (!before || !std::includes(after->begin(), after->end(),
                                                              before->begin(), before->end()));
    Note(breaking, before ? before_text_(before_word) : "", after ? after_text_(after_word) : "");
  }

  void Exclusion() {
    const auto before = ValuesOf(before_, "not_in");
    const auto after = ValuesOf(after_, "not_in");
    done_.insert("not_in");
    if (before == after) return;
    const bool breaking = after && (!before || !std::includes(before->begin(), before->end(),
                                                              after->begin(), after->end()));
    Note(breaking, before ? before_text_("not_in") : "", after ? after_text_("not_in") : "");
  }

  void Word(const pb::FieldDescriptor& field) {
    if (done_.contains(field.name()) || field.message_type() != nullptr) return;
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL) return Switch(field);
    if (field.name() == "name") return;  // of a header, by which both were found
    const pb::Reflection& reflection = *before_.GetReflection();
    const bool had = reflection.HasField(before_, &field);
    const bool has = reflection.HasField(after_, &field);
    const std::string before = reflection.GetString(before_, &field);
    const std::string after = reflection.GetString(after_, &field);
    if (had == has && before == after) return;
    const bool breaking = has && !(had && Implies(field.name(), before, after));
    Note(breaking, had ? before_text_(field.name()) : "", has ? after_text_(field.name()) : "");
  }

  void Switch(const pb::FieldDescriptor& field) {
    const auto is_on = [&](const pb::Message& message, const pb::FieldDescriptor& word) {
      return message.GetReflection()->GetBool(message, &word);
    };
    const bool before = is_on(before_, field), after = is_on(after_, field);
    if (before == after) return;
    bool breaking = after;
    if (field.name() == "ip") {  // either of two others
      for (const char* const one : {"ipv4", "ipv6"}) {
        if (is_on(before_, *field.containing_type()->FindFieldByName(one))) breaking = false;
      }
    }
    Note(breaking, before ? before_text_(field.name()) : "",
         after ? after_text_(field.name()) : "");
  }

  // What keeps the old text keeps the new one.
  static bool Implies(std::string_view word, std::string_view before, std::string_view after) {
    if (word == "prefix") return before.starts_with(after);
    if (word == "suffix") return before.ends_with(after);
    if (word == "contains") return before.find(after) != std::string_view::npos;
    if (word == "not_contains") return after.find(before) != std::string_view::npos;
    return false;
  }

  const pb::Message& before_;
  const pb::Message& after_;
  const TextOf before_text_, after_text_;
  const std::string whose_;
  std::vector<RuleChange>& changes_;
  std::set<std::string, std::less<>> done_;  // words
  std::map<std::pair<std::string, std::string>, bool> told_;
};

TextOf TextsOf(const std::vector<Rule>& rules, const std::string& kind) {
  return [&rules, kind](const std::string& word) -> std::string {
    if (word == "required") return "is required";
    if (word == "unique") return "must not hold a value twice";
    const std::string id = Cat(kind, '.', word);
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
    return found == rules.end() ? id : found->text;
  };
}

class FieldDiff {
 public:
  FieldDiff(const Field& before, const Field& after)
      : before_(CompileRulesOf(before)), after_(CompileRulesOf(after)) {}

  std::vector<RuleChange> Run() {
    const Proto before = InForce(before_), after = InForce(after_);
    if (before.required() != after.required()) {
      changes_.push_back({after.required(), after.required()
                                                ? "is now required: requests without it get 400"
                                                : "is no longer required"});
    }
    const Field& field = *after_.field;
    if (!field.repeated) {
      Element(before, after, before_.values.rules, after_.values.rules, "");
      return std::move(changes_);
    }
    const bool map = field.map;
    const pb::Message& old_whole =
        map ? static_cast<const pb::Message&>(before.map()) : before.repeated();
    const pb::Message& new_whole =
        map ? static_cast<const pb::Message&>(after.map()) : after.repeated();
    Words(old_whole, new_whole, before_.sizes, after_.sizes, map ? "map" : "repeated", "");
    Empty(before, after, "");
    if (map)
      Element(before.map().keys(), after.map().keys(), before_.keys.rules, after_.keys.rules,
              "each key ");
    Element(map ? before.map().values() : before.repeated().items(),
            map ? after.map().values() : after.repeated().items(), before_.values.rules,
            after_.values.rules, "each ");
    return std::move(changes_);
  }

 private:
  // Rules that are not looked at are none.
  static Proto InForce(const FieldRules& rules) {
    return rules.ignore_always
               ? Proto()
               : rules.field->descriptor->options().GetExtension(frontdesk::v1::field).rules();
  }

  void Element(const Proto& before, const Proto& after, const std::vector<Rule>& before_rules,
               const std::vector<Rule>& after_rules, const std::string& whose) {
    const int type =
        after.type_case() != Proto::TYPE_NOT_SET ? after.type_case() : before.type_case();
    const pb::FieldDescriptor* const typed = Proto::descriptor()->FindFieldByNumber(type);
    if (typed == nullptr) return;
    Words(before.GetReflection()->GetMessage(before, typed),
          after.GetReflection()->GetMessage(after, typed), before_rules, after_rules, typed->name(),
          whose);
    Empty(before, after, whose);
  }

  void Words(const pb::Message& before, const pb::Message& after,
             const std::vector<Rule>& before_rules, const std::vector<Rule>& after_rules,
             const std::string& kind, const std::string& whose) {
    WordDiff(before, after, TextsOf(before_rules, kind), TextsOf(after_rules, kind), whose,
             changes_)
        .Run();
  }

  // Whether rules are for what is empty, too; those that are new say so by themselves.
  void Empty(const Proto& before, const Proto& after, const std::string& whose) {
    const auto spares = [](const Proto& rules) {
      return rules.ignore() == Proto::IGNORE_IF_ZERO_VALUE;
    };
    const bool both =
        before.type_case() != Proto::TYPE_NOT_SET && after.type_case() != Proto::TYPE_NOT_SET;
    if (!both || spares(before) == spares(after)) return;
    const bool breaking = spares(before);
    changes_.push_back({breaking, Cat(whose,
                                      breaking ? "is looked at now when it is empty, too"
                                               : "may be empty now, whatever its rules say",
                                      breaking ? kMayFail : "")});
  }

  const FieldRules before_, after_;
  std::vector<RuleChange> changes_;
};

}  // namespace

std::vector<RuleChange> DiffFieldRules(const Field& before, const Field& after) {
  return FieldDiff(before, after).Run();
}

std::vector<RuleChange> DiffHeaderRules(const frontdesk::v1::Policy& before,
                                        const frontdesk::v1::Policy& after) {
  using One = std::pair<const frontdesk::v1::HeaderRules*, HeaderRules>;
  const auto by_name = [](const frontdesk::v1::Policy& policy) {
    std::map<std::string, One> all;
    const std::vector<HeaderRules> rules =
        CompileHeaderRules(policy, [](const auto&, auto, auto) {});
    for (size_t i = 0; i < rules.size(); ++i) {
      all.emplace(rules[i].name, One(&policy.header_rules(static_cast<int>(i)), rules[i]));
    }
    return all;
  };
  std::map<std::string, One> olds = by_name(before), news = by_name(after);
  static const frontdesk::v1::HeaderRules kNone;
  for (const auto& [name, one] : news) olds.try_emplace(name, &kNone, HeaderRules());
  std::vector<RuleChange> changes;
  for (const auto& [name, old] : olds) {
    const One& one = news.try_emplace(name, &kNone, HeaderRules()).first->second;
    WordDiff(*old.first, *one.first, TextsOf(old.second.rules, "header"),
             TextsOf(one.second.rules, "header"), Cat("header ", name, ' '), changes)
        .Run();
  }
  return changes;
}

std::vector<RuleChange> DiffOneofRules(const MessageTable& before, const MessageTable& after) {
  const auto required = [](const MessageTable& table) {
    std::set<std::string> names;
    for (int i = 0; i < table.descriptor->real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor& oneof = *table.descriptor->oneof_decl(i);
      if (oneof.options().GetExtension(frontdesk::v1::oneof).required()) names.insert(oneof.name());
    }
    return names;
  };
  const std::set<std::string> olds = required(before), news = required(after);
  std::vector<RuleChange> changes;
  for (const std::string& name : news) {
    if (olds.contains(name)) continue;
    changes.push_back({true, Cat("one of ", name, " must be set now", kMayFail)});
  }
  for (const std::string& name : olds) {
    if (news.contains(name)) continue;
    changes.push_back({false, Cat("the rule is gone that one of ", name, " must be set")});
  }
  return changes;
}

}  // namespace frontdesk::contract
