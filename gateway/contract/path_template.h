// The path template of google.api.http.
//
//   Template  = "/" [ Segments [ Verb ] ]
//   Segments  = Segment { "/" Segment }
//   Segment   = "*" | "**" | LITERAL | Variable
//   Variable  = "{" FieldPath [ "=" Segments ] "}"
//   FieldPath = IDENT { "." IDENT }
//   Verb      = ":" LITERAL
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace frontdesk::contract {

struct PathTemplate {
  struct Segment {
    enum class Kind { kLiteral, kStar, kStarStar };
    Kind kind = Kind::kLiteral;
    std::string literal;  // percent-encoding normalised: reserved characters encoded, hex upper case
  };
  struct Variable {
    std::vector<std::string> field_path;
    size_t begin = 0;  // first segment it covers
    size_t end = 0;    // one past its last
    bool multi = false;  // "**" or more than one segment: %2F stays encoded in its value
  };

  std::string text;  // as written
  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // "" for none
  // Something legal but unusual, for `check` to warn about, such as a literal after "**".
  std::string warning;
};

// Fails with the column (1-based) and what was expected: "column 8: expected '}', got '-'".
absl::StatusOr<PathTemplate> ParsePathTemplate(std::string_view text);

// What decides which paths match, such as "/users/*:cancel": equal for two templates that differ
// only in their variables.
std::string ShapeOf(const PathTemplate& path);

}  // namespace frontdesk::contract
