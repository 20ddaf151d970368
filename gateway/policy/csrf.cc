#include "gateway/policy/csrf.h"

#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/contract/header_names.h"

namespace frontdesk::policy {
namespace {

// Of "https://shop.example/cart?a=b" what goes before the path; "" for what is no URL.
std::string_view OriginOfUrl(std::string_view url) {
  const size_t host = url.find("://");
  if (host == std::string_view::npos) return "";
  return url.substr(0, url.find_first_of("/?#\\", host + 3));
}

bool IsOwn(std::string_view origin, const http::Request& request) {
  const size_t host = origin.find("://");
  if (host == std::string_view::npos || host + 3 == origin.size()) return false;
  // Within TLS, a page that came without it may be anybody's. Behind a proxy nobody here knows.
  if (request.scheme == "https" && !origin.starts_with("https://")) return false;
  return origin.substr(host + 3) == contract::LowerCase(request.authority);
}

bool MayChange(const http::Request& request, const route::Route& route) {
  const http::Headers& headers = request.headers;
  for (const char* name : {"sec-fetch-site", "origin", "referer"}) {
    if (headers.Count(name) > 1) return false;
  }
  const auto origin = headers.Find("origin");
  if (origin && route.csrf_origins.Has(*origin)) return true;
  if (const auto site = headers.Find("sec-fetch-site")) {
    // "none": by the user's own hand, such as an address that was typed in.
    return *site == "same-origin" || *site == "none";
  }
  if (origin) return IsOwn(*origin, request);
  const std::string_view page = OriginOfUrl(headers.Find("referer").value_or(""));
  return IsOwn(page, request) || route.csrf_origins.Has(page);
}

// By its verb; but where any verb will do, GET carries out what POST does.
bool ChangesNothing(const http::Request& request, const route::Route& route) {
  const std::string_view method = request.method;
  if (method != "GET" && method != "HEAD" && method != "OPTIONS") return false;
  return route.binding->http_method != "*" || route.method->no_side_effects();
}

}  // namespace

absl::Status CheckCsrf(const http::Request& request, const route::Route& route, bool by_cookie) {
  if (!route.csrf || ChangesNothing(request, route)) return absl::OkStatus();
  const http::Headers& headers = request.headers;
  const bool page = by_cookie || headers.Find("sec-fetch-site") || headers.Find("origin") ||
                    headers.Find("referer");
  if (!page || MayChange(request, route)) return absl::OkStatus();
  return Failure(absl::StatusCode::kPermissionDenied, "CROSS_SITE",
                 "what browsers send by themselves counts only from this site's own pages");
}

}  // namespace frontdesk::policy
