#include "gateway/config/load_message.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/scalar.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::config {
namespace {

using contract::Place;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// More is either a mistake or an attack with aliases of aliases.
constexpr size_t kMaxValues = 100'000;
constexpr size_t kMaxKeyBytes = 256;

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

constexpr std::string_view kUnknownKey = "unknown key";

// "headerBytes", "header-bytes" -> "header_bytes"
std::string SnakeCase(std::string_view key) {
  std::string snake;
  for (const char c : key) {
    if (c >= 'A' && c <= 'Z') {
      if (!snake.empty() && snake.back() != '_') snake += '_';
      snake += static_cast<char>(c + 32);
    } else {
      snake += c == '-' ? '_' : c;
    }
  }
  return snake;
}

std::string UnknownKey(const std::string& key, const Descriptor& type) {
  const std::string snake = SnakeCase(key);
  const std::string meant = type.FindFieldByName(snake)
                                ? Cat(" (did you mean \"", snake, "\"?)")
                                : contract::DidYouMean(key, FieldNames(type));
  return Cat(kUnknownKey, meant);
}

std::string Join(const std::string& path, std::string_view key) {
  return Cat(path, path.empty() ? "" : ".", key);
}

// Keys become paths, which are printed as they are.
bool IsPlain(std::string_view key) {
  return std::all_of(key.begin(), key.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace

bool HasUnknownKey(const contract::Findings& findings, std::string_view path) {
  return std::any_of(
      findings.all().begin(), findings.all().end(), [&](const contract::Finding& finding) {
        if (!std::string_view(finding.text).starts_with(kUnknownKey)) return false;
        const size_t dot = finding.path.rfind('.');
        return path == std::string_view(finding.path).substr(0, dot == std::string::npos ? 0 : dot);
      });
}

void AddNew(const contract::Findings& found, contract::Findings& findings) {
  if (found.empty()) return;
  const contract::Findings before = findings;
  for (const contract::Finding& one : found.all()) {
    const bool said =
        std::any_of(before.all().begin(), before.all().end(),
                    [&](const contract::Finding& other) { return other.path == one.path; });
    const std::string above = one.path.substr(0, one.path.rfind('.'));
    if (said || (one.text == contract::kMissing && HasUnknownKey(before, above))) continue;
    findings.Add(one.place, one.path, one.text);
  }
}

void MessageReader::Read(const YamlNode& root, Message& message) {
  if (root.kind == YamlNode::Kind::kMap) {
    ReadMembers(root, "", message);
  } else {
    findings_.Add(root.place, "", Cat("expected keys such as \"listen:\", got ", Describe(root)));
  }
}

bool MessageReader::TooMany(const Place& place) {
  if (findings_.size() >= kMaxFindings) return true;
  if (++read_ == kMaxValues) findings_.Add(place, "", Cat("more than ", kMaxValues, " values"));
  return read_ >= kMaxValues;
}

Place MessageReader::PlaceOf(const Entry& entry) const {
  return entry.value.kind == YamlNode::Kind::kScalar ? entry.value.place : entry.key.place;
}

bool MessageReader::TakeKey(const YamlNode& key, const std::string& path,
                            std::map<std::string, Place>& seen) {
  if (key.kind != YamlNode::Kind::kScalar || key.text.empty()) {
    findings_.Add(key.place, path, Cat("expected a key, got ", Describe(key)));
    return false;
  }
  if (key.text.size() > kMaxKeyBytes || !IsPlain(key.text)) {
    findings_.Add(key.place, path,
                  Cat("expected a key of at most ", kMaxKeyBytes,
                      " printable ASCII characters, got ", Quoted(key.text)));
    return false;
  }
  const auto [first, added] = seen.try_emplace(key.text, key.place);
  if (!added) {
    findings_.Add(key.place, Join(path, key.text),
                  Cat("stands here twice, first at ", first->second.ToString()));
  }
  return added;
}

bool MessageReader::Expect(const Entry& entry, YamlNode::Kind kind) {
  if (entry.value.kind == kind) return true;
  if (entry.value.kind == YamlNode::Kind::kNothing) {
    findings_.Add(entry.key.place, entry.path, "the value is missing");
    return false;
  }
  const bool list = kind == YamlNode::Kind::kList;
  const bool single = list && entry.value.kind == YamlNode::Kind::kScalar;
  findings_.Add(PlaceOf(entry), entry.path,
                Cat("expected ", list ? "a list" : "a map", ", got ", Describe(entry.value),
                    single ? Cat(" (did you mean [", Quoted(entry.value.text), "]?)") : ""));
  return false;
}

void MessageReader::ReadMembers(const YamlNode& map, const std::string& path, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  std::map<std::string, Place> seen;
  std::map<const google::protobuf::OneofDescriptor*, std::string> chosen;
  for (const auto& [key, value] : map.members) {
    if (TooMany(key->place)) return;
    if (!TakeKey(*key, path, seen)) continue;
    const FieldDescriptor* field = type.FindFieldByName(key->text);
    const Entry entry{*key, *value, Join(path, key->text)};
    if (field == nullptr) {
      findings_.Add(key->place, entry.path, UnknownKey(key->text, type));
      continue;
    }
    if (const auto* oneof = field->real_containing_oneof()) {
      const auto [other, added] = chosen.try_emplace(oneof, field->name());
      if (!added) {
        findings_.Add(
            key->place, entry.path,
            Cat("can't stand beside ", Quoted(other->second), ": only one of them counts"));
        continue;
      }
    }
    ReadField(entry, *field, message);
  }
}

void MessageReader::ReadField(const Entry& entry, const FieldDescriptor& field, Message& message) {
  places_.try_emplace(entry.path, PlaceOf(entry));
  if (field.is_map()) {
    if (Expect(entry, YamlNode::Kind::kMap)) ReadMap(entry, field, message);
  } else if (field.is_repeated()) {
    if (Expect(entry, YamlNode::Kind::kList)) ReadList(entry, field, message);
  } else if (field.message_type() != nullptr) {
    // Present even when its value is wrong: what belongs into it was meant.
    Message& inner = *message.GetReflection()->MutableMessage(&message, &field);
    if (Expect(entry, YamlNode::Kind::kMap)) ReadMembers(entry.value, entry.path, inner);
  } else if (entry.value.kind == YamlNode::Kind::kNothing) {
    findings_.Add(entry.key.place, entry.path, "the value is missing");
  } else if (const std::string wrong = SetScalar(entry.value, field, message); !wrong.empty()) {
    findings_.Add(PlaceOf(entry), entry.path, wrong);
  }
}

// map<string, Message>: the only kind that the schema has.
void MessageReader::ReadMap(const Entry& entry, const FieldDescriptor& field, Message& message) {
  const Descriptor& pair = *field.message_type();
  std::map<std::string, Place> seen;
  for (const auto& [key, value] : entry.value.members) {
    if (TooMany(key->place)) return;
    if (!TakeKey(*key, entry.path, seen)) continue;
    const Entry member{*key, *value, Join(entry.path, key->text)};
    places_.try_emplace(member.path, PlaceOf(member));
    if (!Expect(member, YamlNode::Kind::kMap)) continue;
    Message& added = *message.GetReflection()->AddMessage(&message, &field);
    added.GetReflection()->SetString(&added, pair.map_key(), key->text);
    ReadMembers(*value, member.path,
                *added.GetReflection()->MutableMessage(&added, pair.map_value()));
  }
}

void MessageReader::ReadList(const Entry& entry, const FieldDescriptor& field, Message& message) {
  // An empty list can't be told from none once it is read.
  if (entry.value.items.empty()) {
    findings_.Add(PlaceOf(entry), entry.path, "the list is empty; leave it out or fill it");
  }
  for (size_t i = 0; i < entry.value.items.size(); ++i) {
    const YamlNode& item = *entry.value.items[i];
    if (TooMany(item.place)) return;
    const std::string path = Cat(entry.path, "[", i, "]");
    const bool nothing = item.kind == YamlNode::Kind::kNothing;
    const Place place = nothing ? entry.key.place : item.place;
    places_.try_emplace(path, place);
    if (field.message_type() != nullptr) {
      const Entry element{entry.key, item, path};
      if (!Expect(element, YamlNode::Kind::kMap)) continue;
      ReadMembers(item, path, *message.GetReflection()->AddMessage(&message, &field));
      continue;
    }
    const std::string wrong = nothing ? "the value is missing" : SetScalar(item, field, message);
    if (!wrong.empty()) findings_.Add(place, path, wrong);
  }
}

}  // namespace frontdesk::config
