// Fronts for several kinds of clients: which one a request is for, by its host and the begin of its
// path. Each has a matcher of its own, so that one path may lead elsewhere for everybody.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/route/matcher.h"

namespace frontdesk::route {

// Constant once it was added.
struct Api {
  std::string name;
  // Lower case, without port; "*.example.com" for every name below. None: any host, or no host.
  std::vector<std::string> hosts;
  // Decoded segments of the prefix; none for every path.
  std::vector<std::string> prefix;
  // The matcher sees what stands behind the prefix.
  bool strip_prefix = true;
  Matcher matcher;

  // "/mobile", or "" without one.
  std::string PrefixText() const;
};

// The host of an authority as it is compared: in lower case, without its port and without the dot
// that may end a name. In `room`, or "" for one that is longer than any name.
std::string_view CanonicalHost(std::string_view authority, std::array<char, 256>& room);

// What of a path, which CheckPath() passed, stands behind a prefix: from its '/' on, or "/" where
// nothing does. Its segments are compared decoded. A null view when the path does not begin so.
std::string_view PathBehind(std::string_view path, const std::vector<std::string>& prefix);

// Immutable while requests are served, shared by all loops.
class Apis {
 public:
  struct Found {
    const Api* api = nullptr;  // null: nobody's
    std::string_view path;     // what its matcher is to be asked for
  };

  // The host of the authority decides first: exact, then the longest wildcard, then any. Among
  // those of one host the longest prefix that the path has does; where none has, hosts that say
  // less are looked at.
  Found Find(std::string_view authority, std::string_view path) const;
  // Without fronts requests are everybody's, and nothing is to be found here.
  bool empty() const { return all_.empty(); }

  // Null for a name that none has.
  const Api* FindByName(std::string_view name) const;

  void Add(std::unique_ptr<const Api> api);
  const std::vector<std::unique_ptr<const Api>>& all() const { return all_; }

 private:
  using List = std::vector<const Api*>;  // the longest prefix first

  static void Insert(List& list, const Api* api);
  static Found FindIn(const List& list, std::string_view path);

  std::vector<std::unique_ptr<const Api>> all_;
  absl::flat_hash_map<std::string, List> by_host_;
  absl::flat_hash_map<std::string, List> by_suffix_;  // ".example.com"
  List any_host_;
};

}  // namespace frontdesk::route
