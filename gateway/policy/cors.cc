#include "gateway/policy/cors.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/http/chars.h"

namespace frontdesk::policy {
namespace {

constexpr std::string_view kMethod = "access-control-request-method";
constexpr std::string_view kHeaders = "access-control-request-headers";
constexpr std::string_view kPrivateNetwork = "access-control-request-private-network";

// Takes the next element off a list of names.
std::string_view NextName(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view name = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return http::Trim(name);
}

// The one origin of a request; "" for none, or more than one, of which no browser is guilty.
std::string_view OriginOf(const http::Request& request) {
  if (request.headers.Count("origin") != 1) return "";
  return *request.headers.Find("origin");
}

void AllowOrigin(const route::Cors& cors, std::string_view origin, http::ResponseHead& head) {
  head.headers.emplace_back("Access-Control-Allow-Origin", cors.origins.any() ? "*" : origin);
  if (cors.credentials) head.headers.emplace_back("Access-Control-Allow-Credentials", "true");
}

void VaryByOrigin(const route::Cors& cors, http::ResponseHead& head) {
  if (!cors.origins.any()) head.headers.emplace_back("Vary", "Origin");
}

bool IsListed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    if (http::EqualsLower(name, NextName(list))) return true;
  }
  return false;
}

// Whether browsers may take what is said of the one for the other. Fields that only the one asked
// for takes do no harm: what a method does not take goes no further.
bool AllowAlike(const route::Cors& one, const route::Cors& other) {
  return one.credentials == other.credentials && one.private_network == other.private_network;
}

// Methods of a path that pages of the origin may use as they may the one that they ask for, whose
// `cors` is: one preflight is good for all of them.
std::string MethodsFor(const route::Matcher& matcher, std::string_view path, std::string_view asked,
                       const route::Cors& cors, std::string_view origin) {
  const route::Match others = matcher.Find("OPTIONS", path);
  // A path with an OPTIONS of its own does not say what else there is.
  if (others.outcome != route::Match::Outcome::kOptions) return std::string(asked);
  const std::string allow = matcher.Allow(others);
  std::string methods;
  bool has_asked = false;
  for (std::string_view rest = allow; !rest.empty();) {
    const std::string_view method = NextName(rest);
    if (method == "OPTIONS") continue;
    const route::Route* const route = matcher.Find(method, path).route;
    if (!route || !route->cors || !route->cors->origins.Has(origin)) continue;
    if (!AllowAlike(*route->cors, cors)) continue;
    has_asked = has_asked || method == asked;
    methods += Cat(methods.empty() ? "" : ", ", method);
  }
  // Not one of the usual ones, where any will do.
  if (!has_asked) methods += Cat(methods.empty() ? "" : ", ", asked);
  return methods;
}

absl::Status Refuse(std::string_view reason, std::string_view message) {
  return Failure(absl::StatusCode::kPermissionDenied, reason, message);
}

}  // namespace

const route::Cors* FindPreflight(const http::Request& request, const route::Matcher& matcher,
                                 std::string_view path) {
  if (request.method != "OPTIONS" || !request.headers.Find("origin")) return nullptr;
  const auto method = request.headers.Find(kMethod);
  // To browsers that is any method, also one that has another route.
  if (!method || *method == "*") return nullptr;
  const route::Route* const route = matcher.Find(*method, path).route;
  return route ? route->cors.get() : nullptr;
}

absl::Status AnswerPreflight(const http::Request& request, const route::Matcher& matcher,
                             std::string_view path, const route::Cors& cors,
                             http::ResponseHead& head) {
  const std::string_view origin = OriginOf(request);
  if (!cors.origins.Has(origin)) {
    return Refuse("CORS_ORIGIN_REFUSED", "pages of this origin may not call this address");
  }
  for (const http::Header& field : request.headers.fields()) {
    if (field.name != kHeaders) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view name = NextName(rest);
      if (name.empty() || IsListed(cors.allow_headers, name)) continue;
      return Refuse("CORS_HEADER_REFUSED", "pages may not set one of these headers here");
    }
  }
  head.status = 204;
  VaryByOrigin(cors, head);
  AllowOrigin(cors, origin, head);
  const std::string_view asked = *request.headers.Find(kMethod);
  head.headers.emplace_back("Access-Control-Allow-Methods",
                            MethodsFor(matcher, path, asked, cors, origin));
  head.headers.emplace_back("Access-Control-Allow-Headers", cors.allow_headers);
  head.headers.emplace_back("Access-Control-Max-Age", cors.max_age);
  if (cors.private_network && request.headers.Find(kPrivateNetwork) == "true") {
    head.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
  return absl::OkStatus();
}

void AddCorsHeaders(const http::Request& request, const route::Cors& cors,
                    http::ResponseHead& head) {
  VaryByOrigin(cors, head);
  const std::string_view origin = OriginOf(request);
  // For everybody it is the same answer, also from a cache that filled itself without a page.
  if (!cors.origins.any() && !cors.origins.Has(origin)) return;
  AllowOrigin(cors, origin, head);
  head.headers.emplace_back("Access-Control-Expose-Headers", cors.expose_headers);
}

}  // namespace frontdesk::policy
