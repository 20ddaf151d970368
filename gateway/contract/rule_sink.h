// Where compiled rules go. Used while the rules of a field are compiled.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/rules.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Of one message of rules, such as a StringRules.
class RuleSink {
 public:
  // `kind`: what the message is called, "string". `name` and `path` lead to it; `add` takes what is
  // wrong, by name and path.
  RuleSink(std::string_view kind, std::string name, std::vector<int> path, const AddWrong& add,
           std::vector<Rule>& rules)
      : kind_(kind), name_(std::move(name)), path_(std::move(path)), add_(add), rules_(rules) {}

  // `word` names the rule: "min_len".
  void Add(std::string_view word, std::string text, std::function<bool(const RuleValue&)> keeps) {
    rules_.push_back({Cat(kind_, '.', word), std::move(text), std::move(keeps)});
  }

  // `below`: the number of the word, and the index where it is a list.
  void Wrong(const std::vector<int>& below, std::string_view word, std::string_view text) const {
    std::vector<int> path = path_;
    path.insert(path.end(), below.begin(), below.end());
    add_(path, Cat(name_, '.', word), text);
  }

  // Whether a value that a rule names keeps the rules so far; else that is wrong.
  bool CheckAllowed(const RuleValue& value, const std::vector<int>& below, std::string_view word,
                    std::string_view text) const {
    for (const Rule& rule : rules_) {
      if (rule.keeps(value)) continue;
      Wrong(below, word, Cat(text, " is never allowed: it ", rule.text));
      return false;
    }
    return true;
  }

 private:
  const std::string_view kind_;
  const std::string name_;
  const std::vector<int> path_;
  const AddWrong& add_;
  std::vector<Rule>& rules_;
};

// The words for a size, in the order exact, least, most; 0 numbers are left out.
struct SizeWord {
  std::string_view word;
  int number = 0;
  bool set = false;
  uint64_t value = 0;
};
// How large a value is, and what it is at least and at most, which costs less to know.
struct Measure {
  using Of = uint64_t (*)(const RuleValue&);
  Of size;
  Of least = size;
  Of most = size;
};
// `noun`: "item", of which there is more than one by an "s".
void AddSizes(const SizeWord& exact, const SizeWord& least, const SizeWord& most, Measure measure,
              std::string_view noun, RuleSink& sink);

// "1, 2, 3", not all of them if there are many.
std::string ListText(const std::vector<std::string>& values);

}  // namespace frontdesk::contract
