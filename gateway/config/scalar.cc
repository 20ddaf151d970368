#include "gateway/config/scalar.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/observe/json_text.h"

namespace frontdesk::config {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

// How YAML reads a plain scalar (1.2 core schema).
bool LooksLikeBool(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords = {"true",  "True",  "TRUE",
                                                      "false", "False", "FALSE"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool LooksLikeNumber(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0o")) {
    return text.size() > 2 &&
           text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::string lower = Lower(text);
  if (lower == ".inf" || lower == ".nan") return true;
  double number = 0;
  const char* const end = text.data() + text.size();
  const bool digit = text.find_first_of("0123456789") == 0 || text.starts_with('.');
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return digit && rest == end && error != std::errc::invalid_argument;
}

std::string SetNumber(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  const uint64_t largest =
      wide ? std::numeric_limits<uint64_t>::max() : std::numeric_limits<uint32_t>::max();
  if (value.quoted && IsDigits(value.text)) {
    return Cat("expected a whole number, got the text ", Quoted(value.text),
               " (leave out the quotes)");
  }
  std::string_view digits = value.text;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  if (value.quoted || !IsDigits(digits)) {
    return Cat("expected a whole number, got ", Describe(value));
  }
  uint64_t number = 0;
  const auto [rest, error] =
      std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
  if (error != std::errc() || *rest != '\0' || number > largest) {
    return Cat("expected a whole number between 0 and ", largest, ", got ", Quoted(value.text));
  }
  // 010 is eight to YAML 1.1, ten to YAML 1.2, and a slip of the pen to most people.
  if (value.text.size() > 1 && value.text.front() == '0') {
    return Cat("expected a whole number without leading zeros, got ", Quoted(value.text));
  }
  const auto* reflection = message.GetReflection();
  if (wide) {
    reflection->SetUInt64(&message, &field, number);
  } else {
    reflection->SetUInt32(&message, &field, static_cast<uint32_t>(number));
  }
  return "";
}

// A whole number, or one with a decimal fraction.
bool IsDecimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t dot = text.find('.');
  return IsDigits(text.substr(0, dot)) &&
         (dot == std::string_view::npos || IsDigits(text.substr(dot + 1)));
}

std::string SetDouble(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  const std::string_view text = value.text;
  if (!IsDecimal(text) || value.quoted) {
    return Cat("expected a number such as 20 or 1.5, got ",
               value.quoted && IsDecimal(text)
                   ? Cat("the text ", Quoted(text), " (leave out the quotes)")
                   : Describe(value));
  }
  const size_t first = text.front() == '-' ? 1 : 0;
  if (text.size() > first + 1 && text[first] == '0' && text[first + 1] != '.') {
    return Cat("expected a number without leading zeros, got ", Quoted(text));
  }
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return Cat("expected a number of sensible size, got ", Quoted(text));
  message.GetReflection()->SetDouble(&message, &field, number);
  return "";
}

// The word itself, where it is one of them in another spelling, or the nearest.
std::string Meant(const std::string& word, const std::vector<std::string>& words) {
  const bool is_one = std::find(words.begin(), words.end(), word) != words.end();
  return is_one ? Cat(" (did you mean ", contract::Quoted(word), "?)")
                : contract::DidYouMean(word, words);
}

std::string SetBool(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  const bool is_true = value.text == "true";
  if (value.quoted && (is_true || value.text == "false")) {
    return Cat("expected true or false, got ", Describe(value), " (leave out the quotes)");
  }
  if (value.quoted || (!is_true && value.text != "false")) {
    const std::string lower = Lower(value.text);
    const bool yes = lower == "yes" || lower == "on" || lower == "y" || lower == "1";
    const bool no = lower == "no" || lower == "off" || lower == "n" || lower == "0";
    return Cat("expected true or false, got ", Describe(value),
               Meant(yes  ? "true"
                     : no ? "false"
                          : lower,
                     {"true", "false"}));
  }
  message.GetReflection()->SetBool(&message, &field, is_true);
  return "";
}

std::string SetEnum(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  const EnumDescriptor& type = *field.enum_type();
  std::vector<std::string> words;
  // Number 0 is "unspecified", which the operator says by saying nothing.
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    words.push_back(Lower(type.value(i)->name()));
    if (value.text != words.back()) continue;
    const auto* reflection = message.GetReflection();
    if (field.is_repeated()) {
      reflection->AddEnum(&message, &field, type.value(i));
    } else {
      reflection->SetEnum(&message, &field, type.value(i));
    }
    return "";
  }
  std::string list;
  for (const std::string& word : words) list += Cat(list.empty() ? "" : " or ", word);
  // "Access: no" means what it says, even if this is not the word.
  const std::string lower = Lower(value.text);
  const bool yes = lower == "true" || lower == "yes";
  const bool no = lower == "false" || lower == "no";
  return Cat("expected ", list, ", got ", Describe(value),
             Meant(yes  ? "on"
                   : no ? "off"
                        : lower,
                   words));
}

std::string CheckDuration(const YamlNode& value) {
  if (contract::ParseDuration(value.text)) return "";
  const bool bare = IsDigits(value.text) && contract::ParseDuration(Cat(value.text, "s"));
  return Cat("expected a time above 0 such as \"250ms\" or \"2s\", got ", Describe(value),
             bare ? Cat(" (did you mean \"", value.text, "s\"?)") : "");
}

// An empty text says something there: that nothing follows, whatever was said before.
bool MayBeEmpty(const FieldDescriptor& field) {
  return field.full_name() == "frontdesk.v1.Policy.Version.successor";
}

std::string SetText(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  if (IsDuration(field)) {
    if (std::string wrong = CheckDuration(value); !wrong.empty()) return wrong;
  } else if (!value.quoted && (LooksLikeBool(value.text) || LooksLikeNumber(value.text))) {
    return Cat("expected text, got ", Describe(value), " (put it in quotes if it is meant)");
  } else if (value.text.empty() && !(value.quoted && MayBeEmpty(field))) {
    return "is empty; leave it out or give it a value";
  }
  const auto* reflection = message.GetReflection();
  if (field.is_repeated()) {
    reflection->AddString(&message, &field, value.text);
  } else {
    reflection->SetString(&message, &field, value.text);
  }
  return "";
}

std::string Expected(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "a word";
    case FieldDescriptor::CPPTYPE_STRING:
      return IsDuration(field) ? "a time such as \"250ms\" or \"2s\"" : "text";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    default:
      return "a whole number";
  }
}

}  // namespace

bool IsDuration(const FieldDescriptor& field) {
  constexpr std::array<std::string_view, 13> kNames = {
      "timeout",    "grace",       "deadline", "interval", "delay", "window",    "slow_call",
      "slow_start", "dns_refresh", "ttl",      "per",      "skew",  "max_stale",
  };
  constexpr std::array<std::string_view, 6> kEnds = {"_timeout", "_interval", "_time",
                                                     "_backoff", "_age",      "_ttl"};
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return false;
  const std::string_view name = field.name();
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

std::string Describe(const YamlNode& value) {
  switch (value.kind) {
    case YamlNode::Kind::kNothing:
      return "nothing";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  if (value.quoted) return Quoted(value.text);
  if (LooksLikeBool(value.text)) return value.text;
  if (LooksLikeNumber(value.text) && value.text.size() < 30) return Cat("the number ", value.text);
  return Quoted(value.text);
}

std::string SetScalar(const YamlNode& value, const FieldDescriptor& field, Message& message) {
  if (value.kind != YamlNode::Kind::kScalar) {
    return Cat("expected ", Expected(field), ", got ", Describe(value));
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(value, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(value, field, message);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetText(value, field, message);
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetNumber(value, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(value, field, message);
    default:
      return Cat("this build reads no ", field.type_name(), " here");
  }
}

}  // namespace frontdesk::config
