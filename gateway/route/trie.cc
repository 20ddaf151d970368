#include "gateway/route/trie.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace frontdesk::route {
namespace {

using Kind = contract::PathTemplate::Segment::Kind;

std::string Decoded(std::string_view encoded) {
  std::string out;
  contract::PercentDecode(encoded, out);
  return out;
}

Target MakeTarget(MethodId method, const contract::PathTemplate& path, const Route* route,
                  const MatchOptions& options) {
  Target target;
  target.method = method;
  target.route = route;
  target.ignore_trailing_slash = options.ignore_trailing_slash;
  target.segments = target.star_star = static_cast<uint16_t>(path.segments.size());
  for (size_t i = 0; i < path.segments.size(); ++i) {
    if (path.segments[i].kind == Kind::kStarStar) target.star_star = static_cast<uint16_t>(i);
  }
  for (const contract::PathTemplate::Variable& variable : path.variables) {
    target.variables.push_back({static_cast<uint16_t>(variable.begin),
                                static_cast<uint16_t>(variable.end), variable.multi});
  }
  return target;
}

// The node of a template's last segment, made if need be.
uint32_t Descend(std::vector<Node>& nodes, const contract::PathTemplate& path) {
  uint32_t at = 0;
  for (const contract::PathTemplate::Segment& segment : path.segments) {
    const std::string literal = Decoded(segment.literal);
    uint32_t next = segment.kind == Kind::kLiteral ? nodes[at].FindLiteral(literal)
                    : segment.kind == Kind::kStar  ? nodes[at].star
                                                   : nodes[at].star_star;
    if (next == kNoNode) {
      next = static_cast<uint32_t>(nodes.size());
      nodes.emplace_back();
      Node& node = nodes[at];
      if (segment.kind == Kind::kLiteral) {
        const std::pair<std::string, uint32_t> entry(literal, next);
        node.literals.insert(std::upper_bound(node.literals.begin(), node.literals.end(), entry),
                             entry);
      } else {
        (segment.kind == Kind::kStar ? node.star : node.star_star) = next;
      }
    }
    at = next;
  }
  return at;
}

Terminal& TerminalFor(Node& node, VerbId verb) {
  for (Terminal& terminal : node.terminals) {
    if (terminal.verb == verb) return terminal;
  }
  return node.terminals.emplace_back(Terminal{verb, {}});
}

}  // namespace

uint32_t Node::FindLiteral(std::string_view decoded) const {
  const auto found =
      std::lower_bound(literals.begin(), literals.end(), decoded,
                       [](const auto& entry, std::string_view text) { return entry.first < text; });
  return found != literals.end() && found->first == decoded ? found->second : kNoNode;
}

const Terminal* Node::FindTerminal(VerbId verb) const {
  for (const Terminal& terminal : terminals) {
    if (terminal.verb == verb) return &terminal;
  }
  return nullptr;
}

MethodId Matcher::Trie::FindMethod(std::string_view name) const {
  for (size_t i = 0; i < methods.size(); ++i) {
    if (methods[i] == name) return static_cast<MethodId>(i);
  }
  return kUnknownMethod;
}

VerbId Matcher::Trie::FindVerb(std::string_view decoded) const {
  const auto found = std::find(verbs.begin() + 1, verbs.end(), decoded);
  return found == verbs.end() ? kNoVerb : static_cast<VerbId>(found - verbs.begin());
}

MatcherBuilder::MatcherBuilder() : trie_(std::make_unique<Matcher::Trie>()) {}
MatcherBuilder::~MatcherBuilder() = default;

absl::Status MatcherBuilder::Add(std::string_view method, const contract::PathTemplate& path,
                                 const Route* route, const MatchOptions& options) {
  MethodId id = method == "*" ? kAnyMethod : trie_->FindMethod(method);
  if (id == kUnknownMethod) {
    if (trie_->methods.size() == kMaxMethods) {
      return absl::ResourceExhaustedError(
          Absl(Cat(method, ": more than ", kMaxMethods, " different HTTP methods")));
    }
    id = static_cast<MethodId>(trie_->methods.size());
    trie_->methods.emplace_back(method);
  }
  VerbId verb = kNoVerb;
  if (!path.verb.empty()) {
    verb = trie_->FindVerb(Decoded(path.verb));
    if (verb == kNoVerb) {
      verb = static_cast<VerbId>(trie_->verbs.size());
      trie_->verbs.push_back(Decoded(path.verb));
    }
  }
  Terminal& terminal = TerminalFor(trie_->nodes[Descend(trie_->nodes, path)], verb);
  for (const Target& other : terminal.targets) {
    if (other.method == id) {
      return absl::AlreadyExistsError(
          Absl(Cat(method, ' ', path.text, ": another route has the shape ", ShapeOf(path))));
    }
  }
  terminal.targets.push_back(MakeTarget(id, path, route, options));
  const Target& added = terminal.targets.back();
  if (added.star_star < added.segments) {
    trie_->longest_suffix =
        std::max<size_t>(trie_->longest_suffix, added.segments - added.star_star - 1);
  }
  trie_->any_ignores_trailing_slash |= options.ignore_trailing_slash;
  return absl::OkStatus();
}

Matcher MatcherBuilder::Build() {
  Matcher matcher;
  matcher.trie_ = std::move(trie_);
  trie_ = std::make_unique<Matcher::Trie>();
  return matcher;
}

}  // namespace frontdesk::route
