#include "gateway/route/matcher.h"

#include <algorithm>
#include <set>

#include "gateway/route/trie.h"

namespace frontdesk::route {
namespace {

// A path cut at its slashes.
struct Segments {
  size_t count = 0;
  bool trailing_slash = false;
  bool escaped = false;  // some '%' somewhere
  // Left uninitialised: clearing 4 KiB would cost more than the search.
  std::array<uint32_t, contract::kMaxPathSegments> begin;
  std::array<uint32_t, contract::kMaxPathSegments> end;
  std::string_view path;

  // False for a path that no template can match.
  bool Split(std::string_view text) {
    path = text;
    if (path.empty() || path[0] != '/' || path.size() > UINT32_MAX) return false;
    escaped = path.find('%') != std::string_view::npos;
    for (size_t at = 1; at < path.size();) {
      const size_t slash = std::min(path.find('/', at), path.size());
      if (slash == at || count == contract::kMaxPathSegments) return false;
      begin[count] = static_cast<uint32_t>(at);
      end[count++] = static_cast<uint32_t>(slash);
      trailing_slash = slash + 1 == path.size();
      at = slash + 1;
    }
    return true;
  }

  std::string_view operator[](size_t i) const { return path.substr(begin[i], end[i] - begin[i]); }
};

}  // namespace

// One walk over the trie. Nodes above a "**" are entered with one index only, and below it are
// literals that must end where the path ends, so no node is ever visited often.
class Search {
 public:
  Search(const Matcher::Trie& trie, const Segments& segments, MethodId method)
      : trie_(trie), segments_(segments), method_(method) {}

  // `verb`: what the text after the last ':' of the path means if it means anything. With `cut`
  // the last segment ends before it, and only templates with this verb match; else only those
  // match for which it is no verb.
  const Target* Run(VerbId verb, bool cut) {
    verb_ = verb;
    cut_ = cut;
    return Visit(trie_.nodes[0], 0);
  }
  uint64_t allow() const { return allow_; }

 private:
  const Target* Visit(const Node& node, size_t index) {
    if (index == segments_.count) {
      if (const Target* target = Accept(node)) return target;
    } else {
      const uint32_t literal = Literal(node, index);
      if (literal != kNoNode) {
        if (const Target* target = Visit(trie_.nodes[literal], index + 1)) return target;
      }
      if (node.star != kNoNode) {
        if (const Target* target = Visit(trie_.nodes[node.star], index + 1)) return target;
      }
    }
    return node.star_star == kNoNode ? nullptr : VisitRest(trie_.nodes[node.star_star], index);
  }

  // "**" from `index` on. The template with most literals after it is the most specific.
  const Target* VisitRest(const Node& node, size_t index) {
    const size_t suffix = std::min(segments_.count - index, trie_.longest_suffix);
    for (size_t start = segments_.count - suffix; start <= segments_.count; ++start) {
      const Node* end = &node;
      for (size_t i = start; end != nullptr && i < segments_.count; ++i) {
        const uint32_t literal = Literal(*end, i);
        end = literal == kNoNode ? nullptr : &trie_.nodes[literal];
      }
      if (end == nullptr) continue;
      if (const Target* target = Accept(*end)) return target;
    }
    return nullptr;
  }

  uint32_t Literal(const Node& node, size_t index) const {
    if (node.literals.empty()) return kNoNode;
    const std::string_view segment = segments_[index];
    if (!segments_.escaped || segment.find('%') == std::string_view::npos) {
      return node.FindLiteral(segment);
    }
    std::string decoded;
    return contract::PercentDecode(segment, decoded) ? node.FindLiteral(decoded) : kNoNode;
  }

  const Target* Accept(const Node& node) {
    if (!cut_ && verb_ != kNoVerb && node.FindTerminal(verb_) != nullptr) return nullptr;
    const Terminal* terminal = node.FindTerminal(cut_ ? verb_ : kNoVerb);
    if (terminal == nullptr) return nullptr;
    const Target* get = nullptr;
    const Target* any = nullptr;
    for (const Target& target : terminal->targets) {
      if (segments_.trailing_slash && !target.ignore_trailing_slash) continue;
      if (target.method == method_) return &target;
      if (target.method == kGet) get = &target;
      if (target.method == kAnyMethod) any = &target;
      allow_ |= uint64_t{1} << target.method;
    }
    if (method_ == kHead && get != nullptr) return get;
    return method_ == kOptions ? nullptr : any;  // answered at the edge, as on any other path
  }

  const Matcher::Trie& trie_;
  const Segments& segments_;
  const MethodId method_;
  VerbId verb_ = kNoVerb;
  bool cut_ = false;
  uint64_t allow_ = 0;
};
namespace {

// The verb that the last segment may end in; `colon` is where its ':' stands.
VerbId FindVerb(const Matcher::Trie& trie, std::string_view last, size_t& colon) {
  colon = last.rfind(':');
  if (colon == std::string_view::npos) return kNoVerb;
  const std::string_view verb = last.substr(colon + 1);
  if (verb.find('%') == std::string_view::npos) return trie.FindVerb(verb);
  std::string decoded;
  return contract::PercentDecode(verb, decoded) ? trie.FindVerb(decoded) : kNoVerb;
}

void Fill(const Target& target, const Segments& segments, Match& match) {
  match.outcome = Match::Outcome::kRoute;
  match.route = target.route;
  match.capture_count = static_cast<uint32_t>(target.variables.size());
  // Behind a "**" the path is this much longer than the template; at -1 it covers nothing.
  const ptrdiff_t longer = static_cast<ptrdiff_t>(segments.count) - target.segments;
  const auto in_path = [&](size_t i) {
    return static_cast<size_t>(static_cast<ptrdiff_t>(i) + (i > target.star_star ? longer : 0));
  };
  for (size_t i = 0; i < target.variables.size(); ++i) {
    const VariableSpan& variable = target.variables[i];
    const size_t begin = in_path(variable.begin);
    const size_t end = in_path(variable.end);
    match.storage[i].multi = variable.multi;
    if (begin == end) continue;
    const size_t from = segments.begin[begin];
    match.storage[i].raw = segments.path.substr(from, segments.end[end - 1] - from);
  }
}

}  // namespace

Matcher::Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Match Matcher::Find(std::string_view method, std::string_view path) const {
  Match match;
  Segments segments;
  if (trie_ == nullptr || !segments.Split(path)) return match;
  if (segments.trailing_slash && !trie_->any_ignores_trailing_slash) return match;
  const MethodId id = trie_->FindMethod(method);
  Search search(*trie_, segments, id);
  VerbId verb = kNoVerb;
  const Target* target = nullptr;
  if (trie_->verbs.size() > 1 && segments.count > 0) {
    const size_t last = segments.count - 1;
    size_t colon = 0;
    verb = FindVerb(*trie_, segments[last], colon);
    if (verb != kNoVerb && colon > 0) {  // a verb needs something to act on
      const uint32_t end = segments.end[last];
      segments.end[last] = segments.begin[last] + static_cast<uint32_t>(colon);
      target = search.Run(verb, /*cut=*/true);
      if (target == nullptr) segments.end[last] = end;
    }
  }
  if (target == nullptr) target = search.Run(verb, /*cut=*/false);
  if (target != nullptr) {
    Fill(*target, segments, match);
  } else if (search.allow() != 0) {
    match.outcome = id == kOptions ? Match::Outcome::kOptions : Match::Outcome::kMethodNotAllowed;
    match.allow = search.allow();
  }
  return match;
}

std::string Matcher::Allow(const Match& match) const {
  std::set<std::string_view> names = {"OPTIONS"};
  if (match.allow >> kAnyMethod & 1)
    names = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
  for (size_t i = 0; trie_ != nullptr && i < trie_->methods.size(); ++i) {
    if ((match.allow >> i & 1) == 0 || i == kOptions) continue;
    names.insert(trie_->methods[i]);
    if (i == kGet) names.insert("HEAD");
  }
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out.append(", ");
    out.append(name);
  }
  return out;
}

}  // namespace frontdesk::route
