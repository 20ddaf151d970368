// What a request says of the page that it is from, and of the way that it came. Input: a pattern of
// origins, then a line each for Origin, Referer and Via. What must hold for any input: whatever is
// let in is a host that was named, as whoever reads URLs would see it.
#include <string>

#include "gateway/contract/header_names.h"
#include "gateway/contract/origin.h"
#include "gateway/policy/csrf.h"
#include "gateway/policy/via.h"
#include "tests/fuzz/fuzz.h"

namespace {

// Scheme and authority of a URL, or "" for what has none, or a user part.
std::string_view SiteOf(std::string_view url) {
  const size_t host = url.find("://");
  if (host == std::string_view::npos) return "";
  const std::string_view site = url.substr(0, url.find_first_of("/?#\\", host + 3));
  return site.find('@') == std::string_view::npos ? site : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  std::string_view text = fuzz::Text(data, size);
  const std::string_view pattern = fuzz::TakeLine(text);
  const std::string_view origin = fuzz::TakeLine(text);
  const std::string_view referer = fuzz::TakeLine(text);
  const std::string via(fuzz::TakeLine(text));

  contract::OriginSet set;
  const bool added = set.Add(pattern).empty();
  FUZZ_CHECK(added != set.empty());
  if (set.Has(origin) && !set.any() && origin != "null") {
    FUZZ_CHECK(SiteOf(origin) == origin);
    const size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
      FUZZ_CHECK(origin == pattern);
    } else {
      FUZZ_CHECK(origin.starts_with(pattern.substr(0, star)));
      FUZZ_CHECK(origin.ends_with(pattern.substr(star + 1)));
      FUZZ_CHECK(origin.size() > pattern.size() - 1);
    }
  }

  http::Request request;
  request.method = "POST";
  request.scheme = "https";
  request.authority = "shop.example";
  request.headers.Add("referer", referer);
  route::Route route;
  if (policy::CheckCsrf(request, route, true).ok())
    FUZZ_CHECK(SiteOf(referer) == "https://shop.example");
  request.headers.Add("origin", origin);
  if (policy::CheckCsrf(request, route, true).ok()) FUZZ_CHECK(origin == "https://shop.example");

  // Comments may hide what follows, and nothing else does.
  if (via.find('(') == std::string::npos) FUZZ_CHECK(policy::HasBeenAt(via + ",1.1 desk", "desk"));
  policy::HasBeenAt(via, "desk");
  return 0;
}
