#include "codegen/common/ruled_values.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <type_traits>

#include "absl/strings/escaping.h"
#include "codegen/common/pattern_text.h"
#include "gateway/base/text.h"
#include "gateway/contract/number_rules.h"

namespace frontdesk::codegen {
namespace {

namespace pb = google::protobuf;
using contract::Instant;
using contract::Rule;
using contract::RuleValue;
using frontdesk::v1::FieldRules;
using frontdesk::v1::StringRules;
using nlohmann::ordered_json;
using pb::util::TimeUtil;

// Longer texts are no examples.
constexpr size_t kLongest = 256;

class Picker {
 public:
  Picker(const Asked& asked, size_t count) : asked_(asked), count_(count) {}

  bool done() const { return values_.size() >= count_; }

  void Try(RuleValue value, bool zero, ordered_json json) {
    if (done() || (zero && asked_.non_zero)) return;
    // Whoever reads it may do so at any time.
    for (const int64_t now : {kSoon, kLate}) {
      value.now = {now, 0};
      for (const Rule& rule : asked_.rules) {
        if (!rule.keeps(value)) return;
      }
    }
    if (std::find(values_.begin(), values_.end(), json) == values_.end()) {
      values_.push_back(std::move(json));
    }
  }

  std::vector<ordered_json> Take() { return std::move(values_); }

 private:
  static constexpr int64_t kSoon = 1'800'000'000;  // 2027
  static constexpr int64_t kLate = 7'258'118'400;  // 2200

  const Asked& asked_;
  const size_t count_;
  std::vector<ordered_json> values_;
};

// `body` between what must stand around it, made as long as it has to be.
template <class Rules>
std::string Composed(const Rules& rules, std::string body) {
  const std::string around = rules.contains();
  uint64_t least = std::max(rules.len(), rules.min_len());
  uint64_t most = rules.has_len() ? rules.len() : rules.has_max_len() ? rules.max_len() : kLongest;
  if constexpr (std::is_same_v<Rules, StringRules>) {
    least = std::max(least, rules.min_bytes());
    if (rules.has_max_bytes()) most = std::min(most, rules.max_bytes());
  }
  const uint64_t fixed = rules.prefix().size() + around.size() + rules.suffix().size();
  if (least > kLongest) return body;
  if (fixed + body.size() < least) body.append(least - fixed - body.size(), 'x');
  if (fixed + body.size() > most) body.resize(most > fixed ? most - fixed : 0);
  // What is contained may end or begin the others already.
  return Cat(rules.prefix(), body, around, rules.suffix());
}

// Texts that may do, the best ones first.
template <class Rules>
std::vector<std::string> Texts(const Rules& rules, const std::string& word, size_t count) {
  std::vector<std::string> texts;
  if (rules.has_const_()) texts.push_back(rules.const_());
  texts.insert(texts.end(), rules.in().begin(), rules.in().end());
  if constexpr (std::is_same_v<Rules, StringRules>) {
    for (const char* format : {"ada@example.com", "example.com", "192.0.2.1", "2001:db8::1",
                               "https://example.com/", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}) {
      if (rules.well_known_case() != StringRules::WELL_KNOWN_NOT_SET) texts.push_back(format);
    }
  }
  std::vector<std::string> bodies = {word, "a", ""};
  for (size_t i = 2; i < count + 2; ++i) bodies.push_back(Cat(word, '-', i));
  if (rules.has_pattern()) {
    for (const size_t more : {0u, 1u, 2u, 3u, 4u, 6u, 8u, 12u, 20u, 40u}) {
      bodies.push_back(PatternText(rules.pattern(), more));
    }
  }
  for (const std::string& body : bodies) {
    texts.push_back(body);
    texts.push_back(Composed(rules, body));
  }
  return texts;
}

template <class Rules>
void TryTexts(const Rules& rules, const std::string& word, size_t count, Picker& picker) {
  for (const std::string& text : Texts(rules, word, count)) {
    RuleValue value;
    value.text = text;
    if constexpr (std::is_same_v<Rules, StringRules>) {
      picker.Try(value, text.empty(), text);
    } else {
      picker.Try(value, text.empty(), absl::Base64Escape(absl::string_view(text)));
    }
  }
}

// Values at and beside what the rules name.
template <class Rules, class Number, class Try>
void TryNumbers(const Rules& rules, Number usual, const Try& attempt) {
  std::vector<Number> bases = {usual};
  if (rules.has_const_()) bases.push_back(rules.const_());
  for (const auto value : rules.in()) bases.push_back(value);
  if (rules.has_gte()) bases.push_back(rules.gte());
  if (rules.has_gt()) bases.push_back(rules.gt());
  if (rules.has_lte()) bases.push_back(rules.lte());
  if (rules.has_lt()) bases.push_back(rules.lt());
  bases.push_back(0);
  for (const Number base : bases) attempt(base);
  for (const Number base : bases) {
    for (int step = 1; step <= 20; ++step) {
      // Beyond a type's end there is nothing, and the rules are asked anyway.
      using Limits = std::numeric_limits<Number>;
      if (base <= Limits::max() - static_cast<Number>(step)) {
        attempt(base + static_cast<Number>(step));
      }
      if (base >= Limits::lowest() + static_cast<Number>(step)) {
        attempt(base - static_cast<Number>(step));
      }
    }
  }
  if constexpr (std::is_floating_point_v<Number>) {
    const Number low = rules.has_gt() ? rules.gt() : rules.gte();
    const Number high = rules.has_lt() ? rules.lt() : rules.lte();
    for (const int part : {2, 4, 8, 3, 10}) attempt(low + (high - low) / static_cast<Number>(part));
  }
}

template <class Rules>
void TryNumber(const Rules& rules, Picker& picker) {
  using Raw = std::decay_t<decltype(rules.gt())>;
  constexpr bool kReal = std::is_floating_point_v<Raw>;
  TryNumbers(rules, static_cast<Raw>(kReal ? 1.5 : 1), [&](Raw number) {
    RuleValue value;
    if constexpr (kReal) {
      value.real = static_cast<double>(number);
    } else if constexpr (std::is_signed_v<Raw>) {
      value.integer = number;
    } else {
      value.natural = number;
    }
    if constexpr (sizeof(Raw) == 8 && !kReal) {
      picker.Try(value, number == 0, Cat(number));
    } else {
      picker.Try(value, number == 0, number);
    }
  });
}

pb::Duration WithOneSign(const Instant& time) {
  const bool mixed = time.seconds < 0 && time.nanos > 0;
  pb::Duration duration;
  duration.set_seconds(mixed ? time.seconds + 1 : time.seconds);
  duration.set_nanos(mixed ? time.nanos - 1'000'000'000 : time.nanos);
  return duration;
}

// Durations and times of day, and what lies a second beside them.
template <class Rules>
void TryTimes(const Rules& rules, std::vector<std::decay_t<decltype(rules.gt())>> times,
              Picker& picker) {
  if (rules.has_const_()) times.insert(times.begin(), rules.const_());
  if (rules.has_gte()) times.push_back(rules.gte());
  if (rules.has_lte()) times.push_back(rules.lte());
  if (rules.has_gt()) times.push_back(rules.gt());
  if (rules.has_lt()) times.push_back(rules.lt());
  const size_t named = times.size();
  for (size_t i = 0; i < named; ++i) {
    for (const auto& [seconds, nanos] :
         {std::pair(1, 0), {-1, 0}, {0, 1'000'000}, {0, -1'000'000}}) {
      const Instant near =
          contract::ToInstant(times[i].seconds() + seconds, times[i].nanos() + nanos);
      auto other = times[i];
      other.set_seconds(near.seconds);
      other.set_nanos(near.nanos);
      times.push_back(std::move(other));
    }
  }
  for (const auto& time : times) {
    RuleValue value;
    value.time = contract::ToInstant(time.seconds(), time.nanos());
    if constexpr (std::is_same_v<std::decay_t<decltype(time)>, pb::Duration>) {
      picker.Try(value, false, TimeUtil::ToString(WithOneSign(value.time)));
    } else {
      picker.Try(value, false, TimeUtil::ToString(time));
    }
  }
}

pb::Duration Milliseconds(int64_t count) { return TimeUtil::MillisecondsToDuration(count); }

void TryEnum(const contract::EnumTable& table, bool numbers, Picker& picker) {
  const auto attempt = [&](int32_t number, const std::string& name) {
    RuleValue value;
    value.integer = number;
    picker.Try(value, number == 0, numbers ? ordered_json(number) : ordered_json(name));
  };
  // The default is what absence means.
  for (const bool is_default : {false, true}) {
    for (const auto& [number, name] : table.by_number) {
      if ((number == table.default_number) == is_default) attempt(number, name);
    }
  }
}

}  // namespace

std::vector<ordered_json> RuledValues(const contract::Field& field, const std::string& name,
                                      const Asked& asked, size_t count, bool enum_numbers) {
  Picker picker(asked, count);
  const FieldRules& from = asked.from;
  using contract::FieldType;
  switch (field.type) {
    case FieldType::kString:
      TryTexts(from.string(), name, count, picker);
      break;
    case FieldType::kBytes:
      TryTexts(from.bytes(), "bytes", count, picker);
      break;
    case FieldType::kBool:
      for (const bool truth : {true, false}) {
        RuleValue value;
        value.integer = truth;
        picker.Try(value, !truth, truth);
      }
      break;
    case FieldType::kEnum:
      TryEnum(*field.enumeration, enum_numbers, picker);
      break;
    case FieldType::kDouble:
      TryNumber(from.double_(), picker);
      break;
    case FieldType::kFloat:
      TryNumber(from.float_(), picker);
      break;
    case FieldType::kInt32:
    case FieldType::kSint32:
    case FieldType::kSfixed32:
      TryNumber(from.int32(), picker);
      break;
    case FieldType::kUint32:
    case FieldType::kFixed32:
      TryNumber(from.uint32(), picker);
      break;
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      TryNumber(from.int64(), picker);
      break;
    case FieldType::kUint64:
    case FieldType::kFixed64:
      TryNumber(from.uint64(), picker);
      break;
    case FieldType::kMessage:
    case FieldType::kGroup:
      if (field.message->well_known == contract::WellKnown::kDuration) {
        std::vector<pb::Duration> times(from.duration().in().begin(), from.duration().in().end());
        times.insert(times.begin(), {Milliseconds(1500), Milliseconds(1000)});
        TryTimes(from.duration(), std::move(times), picker);
      }
      if (field.message->well_known == contract::WellKnown::kTimestamp) {
        std::vector<pb::Timestamp> times(2);
        TimeUtil::FromString("2026-01-02T03:04:05Z", &times[0]);
        TimeUtil::FromString("9999-12-31T23:59:59Z", &times[1]);
        TryTimes(from.timestamp(), std::move(times), picker);
      }
      break;
  }
  return picker.Take();
}

}  // namespace frontdesk::codegen
