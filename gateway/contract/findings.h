// What is wrong with a contract or a configuration: all of it at once, each with its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontdesk::contract {

// Place in a file, 1-based; line 0 when only the file is known.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;

  std::string ToString() const;  // "file:line:col", "file" or ""
};

struct Finding {
  Place place;
  std::string path;  // "upstreams.orders.timeout" or "shop.order.v1.Orders.GetOrder"; may be ""
  std::string text;  // what is wrong, and what was probably meant

  std::string ToString() const;  // "file:line:col: path: text"
};

class Findings {
 public:
  // Control characters are escaped ("\x1b"), so that a finding is one line whatever it cites.
  void Add(Place place, std::string_view path, std::string_view text);
  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  const std::vector<Finding>& all() const { return all_; }
  std::string ToString() const;  // a line each
  // In the order in which they stand in their files.
  Findings Sorted() const;

 private:
  std::vector<Finding> all_;
};

// Text of a file or a client as a finding may show it: quoted, escaped, cut after `limit` bytes.
std::string Quoted(std::string_view text, size_t limit = 60);

// " (did you mean \"x\"?)" for the candidate nearest to `word`, or "" when none is near, or one is
// the word itself: what is wrong with it then is not its spelling.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace frontdesk::contract
