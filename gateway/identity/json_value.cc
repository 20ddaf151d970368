#include "gateway/identity/json_value.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gateway/base/text.h"

namespace frontdesk::identity {
namespace {

using Kind = JsonValue::Kind;

// Names of one object that are looked for one by one; more are sorted.
constexpr size_t kFewNames = 16;

bool HasNameTwice(const JsonValue& object) {
  const auto& members = object.members;
  if (members.size() <= kFewNames) {
    for (size_t i = 1; i < members.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (members[i].name == members[j].name) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const auto& [name, value] : members) names.push_back(name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Events of the parser -> tree. The parser itself keeps no stack but a vector of bits.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return Add({}) != nullptr; }
  bool boolean(bool truth) override {
    return Add({.kind = Kind::kBool, .truth = truth}) != nullptr;
  }
  bool number_integer(number_integer_t number) override {
    return Add({.kind = Kind::kInteger, .integer = number}) != nullptr;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (number <= static_cast<uint64_t>(INT64_MAX)) {
      return number_integer(static_cast<int64_t>(number));
    }
    return Add({.kind = Kind::kNumber, .text = Cat(number)}) != nullptr;
  }
  bool number_float(number_float_t, const string_t& written) override {
    return Add({.kind = Kind::kNumber, .text = written}) != nullptr;
  }
  bool string(string_t& text) override {
    return Add({.kind = Kind::kText, .text = std::move(text)}) != nullptr;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(Kind::kObject); }
  bool start_array(size_t) override { return Open(Kind::kArray); }
  bool key(string_t& name) override {
    name_ = std::move(name);
    return true;
  }
  bool end_object() override {
    if (HasNameTwice(*open_.back())) return Fail("a name stands twice in an object");
    return end_array();
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(Cat("is not JSON at byte ", position));
  }

  JsonValue Take() { return std::move(root_); }
  const std::string& fault() const { return fault_; }

 private:
  bool Fail(std::string text) {
    fault_ = std::move(text);
    return false;
  }

  // Its place in the tree; it moves when a sibling is added, and by then nothing points to it.
  JsonValue* Add(JsonValue value) {
    if (++values_ > limits_.values) {
      Fail("has too many values");
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    auto& members = open_.back()->members;
    members.push_back({std::move(name_), std::move(value)});
    name_.clear();
    return &members.back().value;
  }

  bool Open(Kind kind) {
    if (open_.size() >= limits_.depth) return Fail("is nested too deeply");
    JsonValue* const value = Add({.kind = kind});
    if (value == nullptr) return false;
    open_.push_back(value);
    return true;
  }

  const JsonLimits limits_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::string name_;
  size_t values_ = 0;
  std::string fault_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  for (const auto& [own, value] : members) {
    if (own == name) return &value;
  }
  return nullptr;
}

const std::string* JsonValue::FindText(std::string_view name) const {
  const JsonValue* const value = Find(name);
  return value != nullptr && value->is(Kind::kText) ? &value->text : nullptr;
}

const JsonValue* JsonValue::FindPath(std::string_view path) const {
  if (const JsonValue* const whole = Find(path)) return whole;
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const JsonValue* const next = Find(path.substr(0, dot));
  return next == nullptr ? nullptr : next->FindPath(path.substr(dot + 1));
}

std::optional<std::string> JsonValue::ScalarText() const {
  switch (kind) {
    case Kind::kBool:
      return truth ? "true" : "false";
    case Kind::kInteger:
      return Cat(integer);
    case Kind::kNumber:
    case Kind::kText:
      return text;
    case Kind::kNull:
    case Kind::kArray:
    case Kind::kObject:
      return std::nullopt;
  }
  return std::nullopt;
}

size_t JsonValue::MemoryUsed() const {
  size_t bytes = text.capacity() + (members.capacity() - members.size()) * sizeof(JsonMember);
  for (const JsonMember& member : members) {
    bytes += sizeof member + member.name.capacity() + member.value.MemoryUsed();
  }
  return bytes;
}

absl::StatusOr<JsonValue> ParseJson(std::string_view text, const JsonLimits& limits) {
  // The parser would skip it.
  if (text.starts_with("\xef\xbb\xbf")) {
    return absl::InvalidArgumentError("begins with a byte order mark");
  }
  Builder builder(limits);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return absl::InvalidArgumentError(Absl(builder.fault()));
  }
  return builder.Take();
}

}  // namespace frontdesk::identity
