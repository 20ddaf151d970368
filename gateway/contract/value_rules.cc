#include "gateway/contract/value_rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/policy_leaves.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

template <class Rule>
const Rule* Find(std::span<const Rule> rules, std::string_view name) {
  const auto at =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.name == name; });
  return at == rules.end() ? nullptr : &*at;
}

double NumberOf(const pb::Message& message, const pb::FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(reflection.GetUInt64(message, &field));
    default:
      return reflection.GetDouble(message, &field);
  }
}

std::string WrongNumber(const NumberRule& rule, double number) {
  if (rule.between) {
    if (number > rule.least && number < rule.most) return "";
    return Cat("must be above ", NumberText(rule.least), " and below ", NumberText(rule.most),
               ", got ", NumberText(number));
  }
  if (number >= rule.least && number <= rule.most) return "";
  return Cat("must be between ", NumberText(rule.least), " and ", NumberText(rule.most), ", got ",
             NumberText(number));
}

std::string WrongTime(const TimeRule& rule, const std::string& text) {
  const auto time = ParseDuration(text);
  if (!time) return Cat(Quoted(text), " is not a duration such as \"250ms\" or \"2s\"");
  if (*time >= rule.least && *time <= rule.most) return "";
  return Cat("must be between ", DurationText(rule.least), " and ", DurationText(rule.most),
             ", got ", text);
}

}  // namespace

std::string NumberText(double number) {
  char text[32];
  const double size = std::abs(number);
  const bool plain = size < 1e15 && (size > 1e-6 || size == 0);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::general;
  return {text, std::to_chars(text, text + sizeof text, number, format).ptr};
}

void CheckValues(const pb::Message& message, std::span<const NumberRule> numbers,
                 std::span<const TimeRule> times, const AddWrong& add) {
  EachLeaf(message, [&](const std::string& name, const std::vector<int>& path) {
    const NumberRule* const number = Find(numbers, name);
    const TimeRule* const time = Find(times, name);
    if (!number && !time) return;
    const pb::Message* at = &message;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      at = &at->GetReflection()->GetMessage(*at, at->GetDescriptor()->FindFieldByNumber(path[i]));
    }
    const pb::FieldDescriptor& field = *at->GetDescriptor()->FindFieldByNumber(path.back());
    const std::string wrong = number
                                  ? WrongNumber(*number, NumberOf(*at, field))
                                  : WrongTime(*time, at->GetReflection()->GetString(*at, &field));
    if (!wrong.empty()) add(path, name, wrong);
  });
}

}  // namespace frontdesk::contract
