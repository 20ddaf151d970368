#include "gateway/identity/json_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "absl/strings/charconv.h"
#include "gateway/base/json_reader.h"
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

// Most claims of a token, so that they need no second place.
constexpr size_t kUsualMembers = 16;

// Text -> tree, without anything between them.
class Builder {
 public:
  Builder(std::string_view text, const JsonLimits& limits)
      : text_(text), limits_(limits), reader_(text, static_cast<int>(limits.depth)) {}

  bool Read(JsonValue& root) {
    if (limits_.only_object && reader_.Peek() != '{') return Fail("is no JSON object");
    return Value(root) && reader_.End();
  }
  std::string Fault() const {
    if (!fault_.empty()) return std::string(fault_);
    if (reader_.reason() == "JSON_TOO_DEEP") return "is nested too deeply";
    return Cat("is not JSON at ", reader_.Where(text_.data()), ": ", reader_.error());
  }

 private:
  bool Fail(std::string_view text) {
    fault_ = text;
    return false;
  }

  bool Value(JsonValue& into) {
    if (++values_ > limits_.values) return Fail("has too many values");
    switch (reader_.Peek()) {
      case '{':
        return Object(into);
      case '[':
        return Array(into);
      case '"':
        into.kind = Kind::kText;
        return Text(into.text);
      case 't':
        into.truth = true;
        [[fallthrough]];
      case 'f':
        into.kind = Kind::kBool;
        return reader_.Literal(into.truth ? "true" : "false");
      case 'n':
        return reader_.Literal("null");
      default:
        return Number(into);
    }
  }

  bool Text(std::string& into) {
    std::string_view text;
    if (!reader_.String(text)) return false;
    into = text;
    return true;
  }

  bool Number(JsonValue& into) {
    const char first = reader_.Peek();
    if (first != '-' && (first < '0' || first > '9')) return reader_.Fail("expected a value");
    std::string_view written;
    if (!reader_.Number(written)) return false;
    const char* const end = written.data() + written.size();
    const auto [rest, error] = std::from_chars(written.data(), end, into.integer);
    if (error == std::errc() && rest == end) {
      into.kind = Kind::kInteger;
      return true;
    }
    into.kind = Kind::kNumber;
    into.integer = 0;
    into.text = written;
    // Too small a number is nought; too large a one is none.
    double number = 0;
    const auto range = absl::from_chars(written.data(), end, number).ec;
    const bool fits = range != std::errc::result_out_of_range || std::abs(number) < 1;
    return fits || Fail("has a number that is too large for any");
  }

  bool Object(JsonValue& into) {
    into.kind = Kind::kObject;
    if (!reader_.Enter()) return false;
    if (values_ == 1) into.members.reserve(kUsualMembers);
    std::string_view name;
    for (bool first = true;; first = false) {
      const JsonReader::Step step = reader_.Member(first, name);
      if (step == JsonReader::Step::kError) return false;
      if (step == JsonReader::Step::kEnd) break;
      JsonMember& member = into.members.emplace_back();
      member.name = name;
      if (!Value(member.value)) return false;
    }
    return !HasNameTwice(into) || Fail("a name stands twice in an object");
  }

  bool Array(JsonValue& into) {
    into.kind = Kind::kArray;
    if (!reader_.Enter()) return false;
    for (bool first = true;; first = false) {
      const JsonReader::Step step = reader_.Element(first);
      if (step != JsonReader::Step::kItem) return step == JsonReader::Step::kEnd;
      if (!Value(into.members.emplace_back().value)) return false;
    }
  }

  const std::string_view text_;
  const JsonLimits limits_;
  JsonReader reader_;
  size_t values_ = 0;
  std::string_view fault_;
};

// Goes through an object as Builder does, and keeps nothing but one member.
class Finder {
 public:
  Finder(std::string_view text, const JsonLimits& limits)
      : limits_(limits), reader_(text, static_cast<int>(limits.depth)) {}

  // False for what can't be read, or has the member twice.
  bool Find(std::string_view wanted, TextMember& found) {
    if (!Count() || reader_.Peek() != '{' || !reader_.Enter()) return false;
    std::string_view name;
    for (bool first = true;; first = false) {
      const JsonReader::Step step = reader_.Member(first, name);
      if (step != JsonReader::Step::kItem) return step == JsonReader::Step::kEnd && reader_.End();
      if (name != wanted) {
        if (!Skip()) return false;
      } else if (std::exchange(found.there, true) || !Keep(found)) {
        return false;
      }
    }
  }

 private:
  bool Count() { return ++values_ <= limits_.values; }

  bool Keep(TextMember& member) {
    if (reader_.Peek() != '"') return Skip();
    std::string_view text;
    if (!Count() || !reader_.String(text)) return false;
    member.text.emplace(text);
    return true;
  }

  // As JsonReader's, which does not count: very many small values would take long.
  bool Skip() {
    if (!Count()) return false;
    std::string_view name;
    switch (reader_.Peek()) {
      case '{':
        if (!reader_.Enter()) return false;
        for (bool first = true;; first = false) {
          const JsonReader::Step step = reader_.Member(first, name);
          if (step != JsonReader::Step::kItem) return step == JsonReader::Step::kEnd;
          if (!Skip()) return false;
        }
      case '[':
        if (!reader_.Enter()) return false;
        for (bool first = true;; first = false) {
          const JsonReader::Step step = reader_.Element(first);
          if (step != JsonReader::Step::kItem) return step == JsonReader::Step::kEnd;
          if (!Skip()) return false;
        }
      default:
        return reader_.Skip();
    }
  }

  const JsonLimits limits_;
  JsonReader reader_;
  size_t values_ = 0;
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
  if (text.starts_with("\xef\xbb\xbf")) {
    return absl::InvalidArgumentError("begins with a byte order mark");
  }
  Builder builder(text, limits);
  JsonValue root;
  if (!builder.Read(root)) return absl::InvalidArgumentError(Absl(builder.Fault()));
  return root;
}

std::optional<TextMember> FindTextMember(std::string_view text, std::string_view name,
                                         const JsonLimits& limits) {
  TextMember found;
  if (!Finder(text, limits).Find(name, found)) return std::nullopt;
  return found;
}

}  // namespace frontdesk::identity
