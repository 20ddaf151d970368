#include "gateway/contract/origin.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/text.h"
#include "gateway/contract/header_names.h"

namespace frontdesk::contract {
namespace {

constexpr std::string_view kSchemes[] = {"https://", "http://"};
constexpr std::string_view kWildcard = "*.";

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// Labels between dots, none of them empty.
bool IsName(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
  return host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || IsNameChar(c); });
}

// An IPv6 address in brackets, as far as its letters go.
bool IsBracketed(std::string_view host) {
  return host.size() > 4 && host.front() == '[' && host.back() == ']' &&
         host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
}

// What is wrong with ":443" behind a host; browsers leave out the usual port.
std::string WrongPort(std::string_view port, std::string_view scheme) {
  unsigned number = 0;
  const char* const end = port.data() + port.size();
  const auto [rest, error] = std::from_chars(port.data(), end, number);
  const bool good =
      error == std::errc() && rest == end && number >= 1 && number <= 65535 && port.front() != '0';
  if (!good) return Cat("has no port behind its \":\"");
  const bool usual = number == (scheme == "https://" ? 443u : 80u);
  return usual ? Cat("names the usual port, which browsers leave out") : "";
}

std::string Wrong(std::string_view pattern, std::string_view& scheme, std::string_view& host) {
  const auto found = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                  [&](std::string_view each) { return pattern.starts_with(each); });
  if (found == std::end(kSchemes)) return "does not begin with \"https://\" or \"http://\"";
  scheme = *found;
  host = pattern.substr(scheme.size());
  if (host.find('/') != std::string_view::npos) return "has a path: an origin ends with its host";
  if (LowerCase(host) != host) return "has capitals, which no browser sends";
  const size_t bracket = host.rfind(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view name = host.substr(0, colon);
  if (colon != std::string_view::npos) {
    std::string wrong = WrongPort(host.substr(colon + 1), scheme);
    if (!wrong.empty()) return wrong;
  }
  if (!name.starts_with(kWildcard)) {
    return IsHost(name) ? "" : "has no host that a browser would name";
  }
  const std::string_view below = name.substr(kWildcard.size());
  if (!IsName(below)) return "has no name behind \"*.\"";
  return below.find('.') == std::string_view::npos ? "has only one label behind \"*.\"" : "";
}

}  // namespace

bool IsHost(std::string_view host) { return IsName(host) || IsBracketed(host); }

std::string OriginSet::Add(std::string_view pattern) {
  if (pattern == "*") {
    any_ = true;
    return "";
  }
  std::string_view scheme, host;
  if (pattern != "null") {
    std::string wrong = Wrong(pattern, scheme, host);
    if (!wrong.empty()) return wrong;
  }
  if (host.starts_with(kWildcard)) {
    below_.push_back({std::string(scheme), std::string(host.substr(1))});
  } else {
    exact_.insert(std::upper_bound(exact_.begin(), exact_.end(), pattern), std::string(pattern));
  }
  return "";
}

bool OriginSet::Has(std::string_view origin) const {
  if (any_) return !origin.empty();
  if (std::binary_search(exact_.begin(), exact_.end(), origin)) return true;
  // Everything between scheme and suffix must be a name: no '/', '@' or '#' may hide another host.
  return std::any_of(below_.begin(), below_.end(), [&](const Below& below) {
    if (origin.size() <= below.scheme.size() + below.suffix.size()) return false;
    if (!origin.starts_with(below.scheme) || !origin.ends_with(below.suffix)) return false;
    std::string_view name = origin.substr(below.scheme.size());
    name.remove_suffix(below.suffix.size());
    return IsName(name);
  });
}

std::vector<std::string> OriginSet::Patterns() const {
  std::vector<std::string> patterns = exact_;
  for (const Below& below : below_) patterns.push_back(Cat(below.scheme, '*', below.suffix));
  if (any_) patterns.emplace_back("*");
  std::sort(patterns.begin(), patterns.end());
  return patterns;
}

}  // namespace frontdesk::contract
