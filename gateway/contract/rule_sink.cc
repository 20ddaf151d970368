#include "gateway/contract/rule_sink.h"

namespace frontdesk::contract {
namespace {

std::string Amount(uint64_t number, std::string_view noun) {
  return Cat(number, ' ', noun, number == 1 ? "" : "s");
}

}  // namespace

void AddSizes(const SizeWord& exact, const SizeWord& least, const SizeWord& most, Measure measure,
              std::string_view noun, RuleSink& sink) {
  if (exact.set) {
    const uint64_t size = exact.value;
    sink.Add(exact.word, Cat("must have exactly ", Amount(size, noun)),
             [size, measure](const RuleValue& value) { return measure.size(value) == size; });
    for (const SizeWord* other : {&least, &most}) {
      if (!other->set) continue;
      sink.Wrong({other->number}, other->word, Cat("says nothing beside ", exact.word));
    }
  }
  if (least.set) {
    const uint64_t size = least.value;
    sink.Add(least.word, Cat("must have at least ", Amount(size, noun)),
             [size, measure](const RuleValue& value) {
               return measure.least(value) >= size ||
                      (measure.most(value) >= size && measure.size(value) >= size);
             });
  }
  if (!most.set) return;
  const uint64_t size = most.value;
  sink.Add(most.word, Cat("must have at most ", Amount(size, noun)),
           [size, measure](const RuleValue& value) {
             return measure.most(value) <= size ||
                    (measure.least(value) <= size && measure.size(value) <= size);
           });
  if (!least.set || least.value <= size) return;
  sink.Wrong({most.number}, most.word,
             Cat("is less than ", least.word, ", which is ", least.value));
}

std::string ListText(const std::vector<std::string>& values) {
  constexpr size_t kShown = 12;
  std::string text;
  for (size_t i = 0; i < values.size() && i < kShown; ++i) {
    text += Cat(i == 0 ? "" : ", ", values[i]);
  }
  if (values.size() > kShown) text += ", ...";
  return text;
}

}  // namespace frontdesk::contract
