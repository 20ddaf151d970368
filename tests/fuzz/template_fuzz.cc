// Path templates, the matcher, and whether a path is decided as its canonical form. Input: "METHOD
// template" lines, an empty line, a method, a space and a path. What must hold for any input is
// checked with FUZZ_CHECK.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/path_template.h"
#include "gateway/contract/path_text.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/canonical_path.h"

namespace frontdesk {
namespace {

using contract::PathTemplate;
using testing_support::CanonicalPath;
using Kind = PathTemplate::Segment::Kind;
using Outcome = route::Match::Outcome;

struct Entry {
  std::string method;
  PathTemplate path;
  route::Route route;
};

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::string_view rest = path.substr(1); !rest.empty();) {
    const size_t end = rest.find('/');
    segments.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return segments;
}

// The definition, without any trie: does the template match these segments from here on?
bool Matches(const PathTemplate& path, size_t at, const std::vector<std::string>& segments,
             size_t index) {
  if (at == path.segments.size()) return index == segments.size();
  if (path.segments[at].kind == Kind::kStarStar) {
    for (size_t next = index; next <= segments.size(); ++next) {
      if (Matches(path, at + 1, segments, next)) return true;
    }
    return false;
  }
  if (index == segments.size() || segments[index].empty()) return false;
  if (path.segments[at].kind == Kind::kLiteral) {
    std::string decoded;
    if (!contract::PercentDecode(segments[index], decoded)) return false;
    if (contract::PercentEncode(decoded) != path.segments[at].literal) return false;
  }
  return Matches(path, at + 1, segments, index + 1);
}

// Likewise with the verb.
bool Matches(const PathTemplate& path, std::string_view text) {
  std::vector<std::string> segments = Split(text);
  if (!path.verb.empty()) {
    if (segments.empty()) return false;
    const size_t colon = segments.back().rfind(':');
    if (colon == std::string::npos || colon == 0) return false;
    std::string verb;
    if (!contract::PercentDecode(segments.back().substr(colon + 1), verb)) return false;
    if (contract::PercentEncode(verb) != path.verb) return false;
    segments.back().resize(colon);
  }
  return Matches(path, 0, segments, 0);
}

void CheckTemplate(const PathTemplate& path) {
  const std::string shape = ShapeOf(path);
  const auto again = contract::ParsePathTemplate(shape);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(ShapeOf(*again) == shape);
  for (const PathTemplate::Variable& variable : path.variables) {
    FUZZ_CHECK(variable.begin < variable.end && variable.end <= path.segments.size());
  }
}

void CheckMatch(const route::Matcher& matcher, const std::deque<Entry>& entries,
                std::string_view method, std::string_view path) {
  const route::Match match = matcher.Find(method, path);
  if (match.outcome == Outcome::kMethodNotAllowed || match.outcome == Outcome::kOptions) {
    FUZZ_CHECK(!matcher.Allow(match).empty());
  }
  // Whatever is decided, is decided as for the canonical form of the path.
  const std::string canonical = CanonicalPath(path);
  FUZZ_CHECK(route::CheckPath(path).ok() == route::CheckPath(canonical).ok());
  FUZZ_CHECK(route::HealthPath(path) == route::HealthPath(canonical));
  if (!route::CheckPath(path).ok()) return;
  const route::Match same = matcher.Find(method, canonical);
  FUZZ_CHECK(same.outcome == match.outcome && same.route == match.route);
  FUZZ_CHECK(same.allow == match.allow && same.capture_count == match.capture_count);
  for (size_t i = 0; i < match.captures().size(); ++i) {
    FUZZ_CHECK(CanonicalPath(match.captures()[i].raw) == same.captures()[i].raw);
  }
  bool known = false;
  for (const Entry& entry : entries) {
    const bool matches = !path.ends_with('/') && Matches(entry.path, path);
    known |= matches && entry.path.verb.empty() && path.rfind(':') == std::string_view::npos;
    if (&entry.route != match.route) continue;
    FUZZ_CHECK(matches || path == "/");
    FUZZ_CHECK(match.captures().size() == entry.path.variables.size());
    for (const route::Capture& capture : match.captures()) {
      FUZZ_CHECK(capture.raw.empty() ||
                 (capture.raw.data() >= path.data() &&
                  capture.raw.data() + capture.raw.size() <= path.data() + path.size()));
    }
  }
  if (known) FUZZ_CHECK(match.outcome != Outcome::kNotFound);
}

void Run(std::string_view input) {
  std::deque<Entry> entries;
  route::MatcherBuilder forward, backward;
  while (!input.empty()) {
    const std::string_view line = fuzz::TakeLine(input);
    if (line.empty()) break;
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || entries.size() == 64) continue;
    auto path = contract::ParsePathTemplate(line.substr(space + 1));
    if (!path.ok()) {
      FUZZ_CHECK(path.status().message().substr(0, 7) == "column ");
      continue;
    }
    CheckTemplate(*path);
    entries.push_back({std::string(line.substr(0, space)), std::move(*path), {}});
    const Entry& entry = entries.back();
    if (!forward.Add(entry.method, entry.path, &entry.route).ok()) entries.pop_back();
  }
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    FUZZ_CHECK(backward.Add(entry->method, entry->path, &entry->route).ok());
  }
  const route::Matcher matcher = forward.Build();
  const route::Matcher other = backward.Build();
  while (!input.empty()) {
    const std::string_view line = fuzz::TakeLine(input);
    const size_t space = line.find(' ');
    const std::string_view method = line.substr(0, space);
    const std::string_view path = space == std::string_view::npos ? "" : line.substr(space + 1);
    CheckMatch(matcher, entries, method, path);
    const route::Match match = matcher.Find(method, path);
    const route::Match same = other.Find(method, path);
    FUZZ_CHECK(match.route == same.route && match.outcome == same.outcome);
    FUZZ_CHECK(matcher.Allow(match) == other.Allow(same));
  }
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontdesk::Run(frontdesk::fuzz::Text(data, size));
  return 0;
}
