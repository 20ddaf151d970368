// The matcher's data, private to route/. Built by MatcherBuilder, searched by Matcher::Find().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/route/matcher.h"

namespace frontdesk::route {

// Methods are numbered, so that a set of them is a word. The first numbers are fixed.
using MethodId = uint32_t;
inline constexpr MethodId kGet = 0;
inline constexpr MethodId kHead = 1;
inline constexpr MethodId kOptions = 2;
inline constexpr MethodId kMaxMethods = 63;
inline constexpr MethodId kAnyMethod = 63;      // "*"
inline constexpr MethodId kUnknownMethod = 64;  // no template names it
// Verbs are numbered likewise, none being 0.
using VerbId = uint32_t;
inline constexpr VerbId kNoVerb = 0;
inline constexpr uint32_t kNoNode = 0;  // the root is nobody's child

// A template's variable, in segments of the template.
struct VariableSpan {
  uint16_t begin = 0;
  uint16_t end = 0;
  bool multi = false;
};

// One method of one shape.
struct Target {
  MethodId method = kGet;
  const Route* route = nullptr;
  bool ignore_trailing_slash = false;
  uint16_t segments = 0;   // of the template
  uint16_t star_star = 0;  // index of its "**", or `segments`
  std::vector<VariableSpan> variables;
};

// What may end at a node, by verb.
struct Terminal {
  VerbId verb = kNoVerb;
  std::vector<Target> targets;
};

struct Node {
  std::vector<std::pair<std::string, uint32_t>> literals;  // decoded, sorted
  uint32_t star = kNoNode;
  uint32_t star_star = kNoNode;  // below it are literals only
  std::vector<Terminal> terminals;

  uint32_t FindLiteral(std::string_view decoded) const;  // kNoNode if there is none
  const Terminal* FindTerminal(VerbId verb) const;
};

struct Matcher::Trie {
  std::vector<Node> nodes = std::vector<Node>(1);
  std::vector<std::string> methods = {"GET", "HEAD", "OPTIONS"};
  std::vector<std::string> verbs = {""};  // decoded
  size_t longest_suffix = 0;              // literals after a "**", at most
  bool any_ignores_trailing_slash = false;

  MethodId FindMethod(std::string_view name) const;
  VerbId FindVerb(std::string_view decoded) const;  // kNoVerb if no template has it
};

}  // namespace frontdesk::route
