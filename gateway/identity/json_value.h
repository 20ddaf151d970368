// JSON of tokens and key sets: read strictly and kept as a plain tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace frontdesk::identity {

struct JsonMember;

struct JsonValue {
  // kInteger: a number without fraction and exponent that fits an int64; kNumber: all others.
  enum class Kind : uint8_t { kNull, kBool, kInteger, kNumber, kText, kArray, kObject };

  Kind kind = Kind::kNull;
  bool truth = false;
  int64_t integer = 0;
  std::string text;  // kText; of kNumber as it was written
  // Of kObject in their order; those of kArray have no names.
  std::vector<JsonMember> members;

  bool is(Kind other) const { return kind == other; }
  // Null when this is no object or has no such member.
  const JsonValue* Find(std::string_view name) const;
  // The text of a member; null when there is none or it is no text.
  const std::string* FindText(std::string_view name) const;
  // A member of a member: "realm_access.roles". A name that holds dots itself is tried first.
  const JsonValue* FindPath(std::string_view path) const;
  // A text, integer, number or bool as text; nothing for the others.
  std::optional<std::string> ScalarText() const;
  // About how many bytes it has besides itself.
  size_t MemoryUsed() const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

struct JsonLimits {
  size_t depth = 16;
  size_t values = 10'000;
  bool only_object = false;  // anything else is refused by its first character
};

// RFC 8259 and I-JSON: valid UTF-8, no byte order mark, no name twice in an object. The status says
// what is wrong and where, without citing the text.
absl::StatusOr<JsonValue> ParseJson(std::string_view text, const JsonLimits& limits = {});

// A member of an object.
struct TextMember {
  bool there = false;
  std::optional<std::string> text;  // nothing for what is no text
};

// Looks for a member of the object that `text` is, and builds nothing but that. Nothing for what
// ParseJson() would refuse, except that only a tree tells whether another name stands twice, and
// whether a number is too large for any.
std::optional<TextMember> FindTextMember(std::string_view text, std::string_view name,
                                         const JsonLimits& limits);

}  // namespace frontdesk::identity
