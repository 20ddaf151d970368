// Origins of web pages, as browsers write them (RFC 6454 section 6.2): "https://shop.example",
// "http://127.0.0.1:3000", "null" for a page that has none of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontdesk::contract {

// Whether it is a host as they name one, in lower case and without a port: labels between dots, or
// an IPv6 address in brackets, as far as its letters go.
bool IsHost(std::string_view host);

// Origins that are allowed something. Immutable once built; any thread.
class OriginSet {
 public:
  // Adds an origin, "https://*.shop.example" for those of all names below (and not that name
  // itself), "null", or "*" for all. Returns what is wrong with it, as the end of a sentence, and
  // then adds nothing; "" when it was added.
  std::string Add(std::string_view pattern);

  // Compares byte by byte: browsers write an origin in one way only.
  bool Has(std::string_view origin) const;
  bool any() const { return any_; }
  bool empty() const { return !any_ && exact_.empty() && below_.empty(); }
  // As they were added, sorted.
  std::vector<std::string> Patterns() const;

 private:
  // Of "https://*.shop.example:8443": "https://" and ".shop.example:8443".
  struct Below {
    std::string scheme;
    std::string suffix;
  };

  bool any_ = false;
  std::vector<std::string> exact_;  // sorted
  std::vector<Below> below_;
};

}  // namespace frontdesk::contract
