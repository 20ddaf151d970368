// Which route a request has: an immutable trie over path segments.
//
// Of several templates that match, the most specific wins: at the first segment where they differ a
// literal goes before `*` and `*` before `**`; a registered verb goes before a value that contains
// ':'. The search backs up over paths and methods, so the order of adding never matters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/contract/path_template.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::route {

struct Route;  // route/route.h; the matcher only hands it back

// The part of the path that a variable covers, still percent-encoded.
struct Capture {
  std::string_view raw;
  bool multi = false;  // %2F stays encoded when it is decoded
};

struct Match {
  enum class Outcome {
    kNotFound,          // no template has this path
    kRoute,             // `route` and `captures()` are set
    kMethodNotAllowed,  // 405: the path is known, `allow` says for which methods
    kOptions,           // OPTIONS on a known path without a route of its own for it
  };

  Outcome outcome = Outcome::kNotFound;
  const Route* route = nullptr;
  // Set of methods for Matcher::Allow(), where the outcome has one.
  uint64_t allow = 0;

  // Parallel to the template's variables. Views into the path given to Find().
  std::span<const Capture> captures() const { return {storage.data(), capture_count}; }

  uint32_t capture_count = 0;
  std::array<Capture, contract::kMaxPathVariables> storage;
};

// Fails with 400 INVALID_PATH for a path that must not get as far as matching: not starting with
// '/', empty segments in the middle, more than kMaxPathSegments, bytes that RFC 3986 wants encoded,
// '\', malformed percent-encoding, and, once decoded, dot segments, NUL and invalid UTF-8.
// `raw` is the path alone, without the query.
absl::Status CheckPath(std::string_view raw);

// Immutable, shared by all loops.
class Matcher {
 public:
  struct Trie;  // route/trie.h

  Matcher();  // matches nothing
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  // The route of a path that CheckPath() passed; safe for any other text. The work is bounded by
  // the size of the trie, whatever the path is, and usually nothing is allocated. HEAD is served by
  // GET's route unless it has its own; method "*" of a template is any method without its own but
  // OPTIONS.
  Match Find(std::string_view method, std::string_view path) const;

  // Value of the header Allow, sorted: "GET, HEAD, OPTIONS". For any method it names the usual
  // ones.
  std::string Allow(const Match& match) const;

 private:
  friend class MatcherBuilder;

  std::unique_ptr<const Trie> trie_;
};

struct MatchOptions {
  bool ignore_trailing_slash = false;  // "/a/" also matches the template "/a"
};

class MatcherBuilder {
 public:
  MatcherBuilder();
  ~MatcherBuilder();

  // `route` stays the caller's and is only handed back. Fails with kAlreadyExists when the method
  // has a route of the same shape, with kResourceExhausted for a 63rd different method.
  absl::Status Add(std::string_view method, const contract::PathTemplate& path, const Route* route,
                   const MatchOptions& options = {});
  // The builder is empty afterwards.
  Matcher Build();

 private:
  std::unique_ptr<Matcher::Trie> trie_;
};

}  // namespace frontdesk::route
