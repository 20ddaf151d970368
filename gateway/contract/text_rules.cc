#include "gateway/contract/text_rules.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "gateway/contract/formats.h"
#include "gateway/contract/pattern.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::BytesRules;
using frontdesk::v1::StringRules;

// A string that came so far is UTF-8.
uint64_t Characters(const RuleValue& value) {
  return static_cast<uint64_t>(std::count_if(value.text.begin(), value.text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}
uint64_t Bytes(const RuleValue& value) { return value.text.size(); }
// A character has four bytes at most.
uint64_t FewestCharacters(const RuleValue& value) { return (value.text.size() + 3) / 4; }

RuleValue Text(std::string_view text) {
  RuleValue value;
  value.text = text;
  return value;
}

// What strings and bytes have in common, `const` and `in` last: they are looked at with the others.
template <class Rules>
void AddParts(const Rules& from, RuleSink& sink) {
  if (from.has_pattern()) {
    AddPattern(from.pattern(), "pattern", Rules::kPatternFieldNumber, sink);
  }
  if (from.has_prefix()) {
    sink.Add("prefix", Cat("must begin with ", Quoted(from.prefix())),
             [part = from.prefix()](const RuleValue& v) { return v.text.starts_with(part); });
  }
  if (from.has_suffix()) {
    sink.Add("suffix", Cat("must end with ", Quoted(from.suffix())),
             [part = from.suffix()](const RuleValue& v) { return v.text.ends_with(part); });
  }
  if (from.has_contains()) {
    sink.Add("contains", Cat("must contain ", Quoted(from.contains())),
             [part = from.contains()](const RuleValue& v) {
               return v.text.find(part) != std::string_view::npos;
             });
  }
}

template <class Rules>
void AddWhole(const Rules& from, RuleSink& sink) {
  AddChoice(from.not_in(), true, "not_in", Rules::kNotInFieldNumber, sink);
  if (from.has_const_() && sink.CheckAllowed(Text(from.const_()), {Rules::kConstFieldNumber},
                                             "const", Quoted(from.const_()))) {
    sink.Add("const", Cat("must be ", Quoted(from.const_())),
             [wanted = from.const_()](const RuleValue& v) { return v.text == wanted; });
  }
  AddChoice(from.in(), false, "in", Rules::kInFieldNumber, sink);
}

struct Format {
  StringRules::WellKnownCase word;
  bool (StringRules::*on)() const;
  const char* name;
  const char* text;
  bool (*is)(std::string_view);
};
constexpr Format kFormats[] = {
    {StringRules::kEmail, &StringRules::email, "email", "must be an email address", IsEmail},
    {StringRules::kHostname, &StringRules::hostname, "hostname", "must be a host name", IsHostname},
    {StringRules::kIp, &StringRules::ip, "ip", "must be an IP address",
     [](std::string_view text) { return IsIpv4(text) || IsIpv6(text); }},
    {StringRules::kIpv4, &StringRules::ipv4, "ipv4", "must be an IPv4 address", IsIpv4},
    {StringRules::kIpv6, &StringRules::ipv6, "ipv6", "must be an IPv6 address", IsIpv6},
    {StringRules::kUri, &StringRules::uri, "uri", "must be a URI", IsUri},
    {StringRules::kUuid, &StringRules::uuid, "uuid", "must be a UUID", IsUuid},
};

void AddFormat(const StringRules& from, RuleSink& sink) {
  const auto format =
      std::find_if(std::begin(kFormats), std::end(kFormats),
                   [&](const Format& one) { return one.word == from.well_known_case(); });
  if (format == std::end(kFormats) || !(from.*format->on)()) return;
  sink.Add(format->name, format->text,
           [is = format->is](const RuleValue& v) { return is(v.text); });
}

}  // namespace

void AddPattern(const std::string& pattern, std::string_view word, int number, RuleSink& sink) {
  absl::StatusOr<Pattern> compiled = CompilePattern(pattern);
  if (!compiled.ok()) {
    return sink.Wrong({number}, word, Cat(Quoted(pattern), ' ', Std(compiled.status().message())));
  }
  sink.Add(word, Cat("must match ", Quoted(pattern, 200)),
           [matches = *std::move(compiled)](const RuleValue& v) { return matches(v.text); });
}

void AddChoice(const google::protobuf::RepeatedPtrField<std::string>& values, bool none,
               std::string_view word, int number, RuleSink& sink) {
  if (values.empty()) return;
  std::set<std::string, std::less<>> all;
  std::vector<std::string> texts;
  for (int i = 0; i < values.size(); ++i) {
    texts.push_back(Quoted(values[i]));
    if (!all.insert(values[i]).second)
      sink.Wrong({number, i}, word, texts.back() + " stands twice");
    if (!none) sink.CheckAllowed(Text(values[i]), {number, i}, word, texts.back());
  }
  sink.Add(
      word, Cat(none ? "must be none of " : "must be one of ", ListText(texts)),
      [all = std::move(all), none](const RuleValue& v) { return all.contains(v.text) != none; });
}

void AddStringRules(const StringRules& from, RuleSink& sink) {
  AddSizes({"len", StringRules::kLenFieldNumber, from.has_len(), from.len()},
           {"min_len", StringRules::kMinLenFieldNumber, from.has_min_len(), from.min_len()},
           {"max_len", StringRules::kMaxLenFieldNumber, from.has_max_len(), from.max_len()},
           {Characters, FewestCharacters, Bytes}, "character", sink);
  AddSizes({},
           {"min_bytes", StringRules::kMinBytesFieldNumber, from.has_min_bytes(), from.min_bytes()},
           {"max_bytes", StringRules::kMaxBytesFieldNumber, from.has_max_bytes(), from.max_bytes()},
           {Bytes}, "byte", sink);
  AddParts(from, sink);
  if (from.has_not_contains()) {
    sink.Add("not_contains", Cat("must not contain ", Quoted(from.not_contains())),
             [part = from.not_contains()](const RuleValue& v) {
               return v.text.find(part) == std::string_view::npos;
             });
  }
  AddFormat(from, sink);
  AddWhole(from, sink);
}

void AddBytesRules(const BytesRules& from, RuleSink& sink) {
  AddSizes({"len", BytesRules::kLenFieldNumber, from.has_len(), from.len()},
           {"min_len", BytesRules::kMinLenFieldNumber, from.has_min_len(), from.min_len()},
           {"max_len", BytesRules::kMaxLenFieldNumber, from.has_max_len(), from.max_len()}, {Bytes},
           "byte", sink);
  AddParts(from, sink);
  AddWhole(from, sink);
}

}  // namespace frontdesk::contract
