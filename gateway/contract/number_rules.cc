#include "gateway/contract/number_rules.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <type_traits>

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using frontdesk::v1::DurationRules;
using frontdesk::v1::TimestampRules;

// How a type of rules looks at a value: as what, and how it writes and reads one.
template <class Compared>
struct View;
template <>
struct View<int64_t> {
  static int64_t Of(const RuleValue& value) { return value.integer; }
  static void Put(RuleValue& value, int64_t number) { value.integer = number; }
};
template <>
struct View<uint64_t> {
  static uint64_t Of(const RuleValue& value) { return value.natural; }
  static void Put(RuleValue& value, uint64_t number) { value.natural = number; }
};
template <>
struct View<double> {
  static double Of(const RuleValue& value) { return value.real; }
  static void Put(RuleValue& value, double number) { value.real = number; }
};
template <>
struct View<Instant> {
  static const Instant& Of(const RuleValue& value) { return value.time; }
  static void Put(RuleValue& value, const Instant& time) { value.time = time; }
};

template <class Number>
using Widest = std::conditional_t<std::is_floating_point_v<Number>, double,
                                  std::conditional_t<std::is_signed_v<Number>, int64_t, uint64_t>>;

template <class Number>
Widest<Number> ToCompared(Number number) {
  return number;
}
Instant ToCompared(const pb::Duration& time) { return ToInstant(time.seconds(), time.nanos()); }
Instant ToCompared(const pb::Timestamp& time) { return ToInstant(time.seconds(), time.nanos()); }

template <class Number>
std::string TextOf(Number number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}
std::string TextOf(const pb::Duration& time) { return pb::util::TimeUtil::ToString(time); }
std::string TextOf(const pb::Timestamp& time) { return pb::util::TimeUtil::ToString(time); }

// What a rule can't compare with; "" for nothing.
template <class Number>
std::string FaultOf(Number number) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(number)) return "NaN is no more, no less and not the same as anything";
  }
  return "";
}
std::string FaultOf(const pb::Duration& time) {
  const bool valid =
      std::abs(time.seconds()) <= pb::util::TimeUtil::kDurationMaxSeconds &&
      std::abs(static_cast<int64_t>(time.nanos())) < 1'000'000'000 &&
      (time.seconds() == 0 || time.nanos() == 0 || (time.seconds() < 0) == (time.nanos() < 0));
  return valid ? "" : "is no duration of up to 10000 years";
}
std::string FaultOf(const pb::Timestamp& time) {
  const bool valid = time.seconds() >= pb::util::TimeUtil::kTimestampMinSeconds &&
                     time.seconds() <= pb::util::TimeUtil::kTimestampMaxSeconds &&
                     time.nanos() >= 0 && time.nanos() < 1'000'000'000;
  return valid ? "" : "is no time of the years 1 to 9999";
}

// One end of a range.
template <class Compared>
struct Bound {
  Compared value;
  bool open;
  std::string_view word;
};

// `Rules` is one of the messages whose words these are.
template <class Rules>
class OrderedRules {
 public:
  using Raw = std::decay_t<decltype(std::declval<const Rules&>().gt())>;
  using Compared = std::decay_t<decltype(ToCompared(std::declval<const Raw&>()))>;

  OrderedRules(const Rules& from, RuleSink& sink) : from_(from), sink_(sink) {}

  void Range() {
    if (from_.greater_than_case() == Rules::kGt) Lower(from_.gt(), true, "gt", Rules::kGt);
    if (from_.greater_than_case() == Rules::kGte) Lower(from_.gte(), false, "gte", Rules::kGte);
    if (from_.less_than_case() == Rules::kLt) Upper(from_.lt(), true, "lt", Rules::kLt);
    if (from_.less_than_case() == Rules::kLte) Upper(from_.lte(), false, "lte", Rules::kLte);
  }

  void Choice() {
    Choose(from_.not_in(), true, "not_in", Rules::kNotInFieldNumber);
    if (from_.has_const_()) Exactly(from_.const_());
    Choose(from_.in(), false, "in", Rules::kInFieldNumber);
  }

  void Exactly(const Raw& raw) {
    const std::vector<int> number = {Rules::kConstFieldNumber};
    if (!IsRight(raw, number, "const")) return;
    if (!sink_.CheckAllowed(ValueOf(raw), number, "const", TextOf(raw))) return;
    sink_.Add(
        "const", Cat("must be ", TextOf(raw)),
        [wanted = ToCompared(raw)](const RuleValue& v) { return View<Compared>::Of(v) == wanted; });
  }

 private:
  static RuleValue ValueOf(const Raw& raw) {
    RuleValue value;
    View<Compared>::Put(value, ToCompared(raw));
    return value;
  }

  bool IsRight(const Raw& raw, const std::vector<int>& number, std::string_view word) {
    const std::string fault = FaultOf(raw);
    if (!fault.empty()) sink_.Wrong(number, word, fault);
    return fault.empty();
  }

  void Lower(const Raw& raw, bool open, std::string_view word, int number) {
    if (!IsRight(raw, {number}, word)) return;
    const Compared bound = ToCompared(raw);
    lower_ = Bound<Compared>{bound, open, word};
    if (open) {
      sink_.Add(word, Cat("must be more than ", TextOf(raw)),
                [bound](const RuleValue& v) { return View<Compared>::Of(v) > bound; });
    } else {
      sink_.Add(word, Cat("must be at least ", TextOf(raw)),
                [bound](const RuleValue& v) { return View<Compared>::Of(v) >= bound; });
    }
  }

  void Upper(const Raw& raw, bool open, std::string_view word, int number) {
    if (!IsRight(raw, {number}, word)) return;
    const Compared bound = ToCompared(raw);
    if (open) {
      sink_.Add(word, Cat("must be less than ", TextOf(raw)),
                [bound](const RuleValue& v) { return View<Compared>::Of(v) < bound; });
    } else {
      sink_.Add(word, Cat("must be at most ", TextOf(raw)),
                [bound](const RuleValue& v) { return View<Compared>::Of(v) <= bound; });
    }
    if (lower_ && IsEmpty(*lower_, bound, open)) {
      sink_.Wrong({number}, word, Cat("leaves nothing beside ", lower_->word));
    }
  }

  static bool IsEmpty(const Bound<Compared>& lower, const Compared& upper, bool open) {
    if (upper < lower.value || (upper == lower.value && (open || lower.open))) return true;
    if constexpr (std::is_integral_v<Compared>) {
      return open && lower.open && lower.value + 1 == upper;
    }
    return false;
  }

  template <class Values>
  void Choose(const Values& values, bool none, std::string_view word, int number) {
    if (values.empty()) return;
    std::set<Compared> all;
    std::vector<std::string> texts;
    for (int i = 0; i < values.size(); ++i) {
      texts.push_back(TextOf(values[i]));
      if (!IsRight(values[i], {number, i}, word)) continue;
      if (!all.insert(ToCompared(values[i])).second) {
        sink_.Wrong({number, i}, word, texts.back() + " stands twice");
      } else if (!none) {
        sink_.CheckAllowed(ValueOf(values[i]), {number, i}, word, texts.back());
      }
    }
    sink_.Add(word, Cat(none ? "must be none of " : "must be one of ", ListText(texts)),
              [all = std::move(all), none](const RuleValue& v) {
                // A set compares by less-than, for which NaN is the same as anything.
                const Compared value = View<Compared>::Of(v);
                return (value == value && all.contains(value)) != none;
              });
  }

  const Rules& from_;
  RuleSink& sink_;
  std::optional<Bound<Compared>> lower_;
};

template <class Rules>
void AddWhole(const Rules& from, RuleSink& sink) {
  OrderedRules<Rules> rules(from, sink);
  rules.Range();
  rules.Choice();
}

template <class Rules>
void AddReal(const Rules& from, RuleSink& sink) {
  OrderedRules<Rules> rules(from, sink);
  rules.Range();
  if (from.finite()) {
    sink.Add("finite", "must be a finite number",
             [](const RuleValue& v) { return std::isfinite(v.real); });
  }
  rules.Choice();
}

Instant Plus(const Instant& time, const Instant& more, int sign) {
  return ToInstant(time.seconds + sign * more.seconds, time.nanos + sign * more.nanos);
}

}  // namespace

Instant ToInstant(int64_t seconds, int64_t nanos) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t whole = nanos / kSecond;
  int64_t rest = nanos % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --whole;
  }
  // A client's numbers may be any.
  if (__builtin_add_overflow(seconds, whole, &seconds)) {
    seconds = whole < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
  return {seconds, static_cast<int32_t>(rest)};
}

void AddNumberRules(const frontdesk::v1::FloatRules& from, RuleSink& sink) { AddReal(from, sink); }
void AddNumberRules(const frontdesk::v1::DoubleRules& from, RuleSink& sink) { AddReal(from, sink); }
void AddNumberRules(const frontdesk::v1::Int32Rules& from, RuleSink& sink) { AddWhole(from, sink); }
void AddNumberRules(const frontdesk::v1::Int64Rules& from, RuleSink& sink) { AddWhole(from, sink); }
void AddNumberRules(const frontdesk::v1::UInt32Rules& from, RuleSink& sink) {
  AddWhole(from, sink);
}
void AddNumberRules(const frontdesk::v1::UInt64Rules& from, RuleSink& sink) {
  AddWhole(from, sink);
}

void AddTimeRules(const DurationRules& from, RuleSink& sink) { AddWhole(from, sink); }

void AddTimeRules(const TimestampRules& from, RuleSink& sink) {
  OrderedRules<TimestampRules> rules(from, sink);
  rules.Range();
  // Beside rules that depend on the time nothing can be said of a value beforehand.
  if (from.has_const_()) rules.Exactly(from.const_());
  if (from.lt_now()) {
    sink.Add("lt_now", "must be in the past", [](const RuleValue& v) { return v.time < v.now; });
  }
  if (from.gt_now()) {
    sink.Add("gt_now", "must be in the future", [](const RuleValue& v) { return v.time > v.now; });
  }
  if (from.lt_now() && from.gt_now()) {
    sink.Wrong({TimestampRules::kGtNowFieldNumber}, "gt_now", "leaves nothing beside lt_now");
  }
  if (from.has_within()) {
    const Instant within = ToCompared(from.within());
    const std::vector<int> number = {TimestampRules::kWithinFieldNumber};
    if (const std::string fault = FaultOf(from.within()); !fault.empty()) {
      sink.Wrong(number, "within", fault);
    } else if (within <= Instant()) {
      sink.Wrong(number, "within", "must be more than 0s");
    }
    sink.Add("within", Cat("must be within ", TextOf(from.within()), " of now"),
             [within](const RuleValue& v) {
               return v.time >= Plus(v.now, within, -1) && v.time <= Plus(v.now, within, 1);
             });
  }
}

void AddBoolRules(const frontdesk::v1::BoolRules& from, RuleSink& sink) {
  if (!from.has_const_()) return;
  sink.Add("const", from.const_() ? "must be true" : "must be false",
           [wanted = from.const_()](const RuleValue& v) { return (v.integer != 0) == wanted; });
}

void AddEnumRules(const frontdesk::v1::EnumRules& from, const EnumTable& table, RuleSink& sink) {
  using Rules = frontdesk::v1::EnumRules;
  const auto text_of = [&](int32_t number) {
    const std::string* const name = table.NameOf(number);
    return name != nullptr ? *name : std::to_string(number);
  };
  const auto check = [&](int32_t number, const std::vector<int>& path, std::string_view word) {
    if (table.NameOf(number) != nullptr) return;
    sink.Wrong(path, word, Cat(table.full_name, " has no value ", number));
  };
  if (from.defined_only()) {
    sink.Add("defined_only", "must be a value of the enum", [&table](const RuleValue& v) {
      return table.NameOf(static_cast<int32_t>(v.integer)) != nullptr;
    });
  }
  const auto choose = [&](const pb::RepeatedField<int32_t>& values, bool none, const char* word,
                          int number) {
    if (values.empty()) return;
    std::set<int64_t> all;
    std::vector<std::string> texts;
    for (int i = 0; i < values.size(); ++i) {
      texts.push_back(text_of(values[i]));
      check(values[i], {number, i}, word);
      RuleValue value;
      value.integer = values[i];
      if (!all.insert(values[i]).second) {
        sink.Wrong({number, i}, word, texts.back() + " stands twice");
      } else if (!none && table.NameOf(values[i]) != nullptr) {
        sink.CheckAllowed(value, {number, i}, word, texts.back());
      }
    }
    sink.Add(word, Cat(none ? "must be none of " : "must be one of ", ListText(texts)),
             [all = std::move(all), none](const RuleValue& v) {
               return all.contains(v.integer) != none;
             });
  };
  choose(from.not_in(), true, "not_in", Rules::kNotInFieldNumber);
  if (from.has_const_()) {
    check(from.const_(), {Rules::kConstFieldNumber}, "const");
    sink.Add("const", Cat("must be ", text_of(from.const_())),
             [wanted = from.const_()](const RuleValue& v) { return v.integer == wanted; });
  }
  choose(from.in(), false, "in", Rules::kInFieldNumber);
}

}  // namespace frontdesk::contract
