#include "gateway/config/headers.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/config/field_path.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/browser_check.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/to_call_policy.h"
#include "gateway/policy/via.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::LowerCase;
using contract::Quoted;
using Headers = v1::Config::Headers;
using Names = std::set<std::string>;

// Instead of a value.
constexpr std::string_view kOff = "off";
constexpr std::string_view kNosniff = "X-Content-Type-Options";
constexpr std::string_view kHsts = "Strict-Transport-Security";
constexpr std::string_view kContentPolicy = "Content-Security-Policy";
constexpr std::string_view kReferrer = "Referrer-Policy";

// What the gateway says by itself, each time as it is.
constexpr std::array<std::string_view, 14> kOurs = {"allow",
                                                    "cache-control",
                                                    "content-length",
                                                    "content-type",
                                                    "date",
                                                    "etag",
                                                    "frontdesk-incomplete",
                                                    "idempotency-replayed",
                                                    "ratelimit-limit",
                                                    "retry-after",
                                                    "set-cookie",
                                                    "vary",
                                                    "www-authenticate",
                                                    "x-request-id"};

// Values of Referrer-Policy.
const std::vector<std::string>& ReferrerPolicies() {
  static const auto* const policies =
      new std::vector<std::string>{"no-referrer",
                                   "no-referrer-when-downgrade",
                                   "origin",
                                   "origin-when-cross-origin",
                                   "same-origin",
                                   "strict-origin",
                                   "strict-origin-when-cross-origin",
                                   "unsafe-url"};
  return *policies;
}

// Name of a gateway in Via: a token, or host and port.
bool IsViaName(std::string_view name) {
  constexpr std::string_view kMarks = "-._:[]";
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

class Checker {
 public:
  Checker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), headers_(loaded.config.headers()), findings_(findings) {}

  void Run() {
    if (headers_.has_via() && !headers_.via().empty() && !IsViaName(headers_.via())) {
      Add("via", Cat(Quoted(headers_.via()), " is no name that can stand in Via"));
    }
    CheckText("strict_transport_security", headers_.strict_transport_security());
    CheckText("content_security_policy", headers_.content_security_policy());
    const std::string& hsts = headers_.strict_transport_security();
    if (headers_.has_strict_transport_security() && hsts != kOff &&
        LowerCase(hsts).find("max-age=") == std::string::npos) {
      Add("strict_transport_security", "has no max-age");
    }
    const std::string& referrer = headers_.referrer_policy();
    const auto& policies = ReferrerPolicies();
    if (headers_.has_referrer_policy() && referrer != kOff &&
        std::find(policies.begin(), policies.end(), referrer) == policies.end()) {
      Add("referrer_policy", Cat(Quoted(referrer), " is no policy that browsers know",
                                 contract::DidYouMean(referrer, policies)));
    }
    CheckAdded();
    CheckCors();
  }

 private:
  void CheckText(std::string_view name, const std::string& value) {
    if (!IsPrintable(value)) Add(name, "has more than printable ASCII");
  }

  void CheckAdded() {
    Names seen;
    for (int i = 0; i < headers_.add_size(); ++i) {
      const std::string& name = headers_.add(i).name();
      const std::string lower = LowerCase(name);
      const std::string path = Cat("add[", i, ']');
      CheckText(Cat(path, ".value"), headers_.add(i).value());
      if (headers_.add(i).value().empty() && !HasUnknownKey(findings_, Cat("headers.", path))) {
        Add(path, "has no value");
      }
      if (!contract::IsMetadataKey(lower)) {
        Add(Cat(path, ".name"), Cat(Quoted(name), " is no name of a header"));
      } else if (std::find(kOurs.begin(), kOurs.end(), lower) != kOurs.end() ||
                 lower.starts_with("access-control-") || lower.starts_with("ratelimit-") ||
                 contract::NeverForwarded(lower)) {
        Add(Cat(path, ".name"), Cat(Quoted(name), " is set by the gateway itself"));
      } else if (IsOwn(lower)) {
        Add(Cat(path, ".name"), Cat(Quoted(name), " has a word of its own here"));
      } else if (!seen.insert(lower).second) {
        Add(Cat(path, ".name"), Cat(Quoted(name), " stands here twice"));
      }
    }
  }

  static bool IsOwn(const std::string& lower) {
    const auto same = [&](std::string_view own) { return LowerCase(own) == lower; };
    return same(kNosniff) || same(kHsts) || same(kContentPolicy) || same(kReferrer);
  }

  // As in a method's policy, but for its place.
  void CheckCors() {
    if (!headers_.has_cors()) return;
    v1::Policy policy;
    *policy.mutable_cors() = headers_.cors();
    contract::CheckBrowserValues(
        policy, [&](const std::vector<int>& field, std::string_view name, std::string_view text) {
          const std::string at = Cat("headers.", FieldPath(*v1::Policy::descriptor(), field));
          findings_.Add(loaded_.PlaceOf(at), Cat("headers.", name), text);
        });
    contract::CheckBrowsersTogether(
        policy, {}, [&](const std::string& name, std::string_view text) { Add(name, text); });
  }

  void Add(std::string_view name, std::string_view text) {
    const std::string path = Cat("headers.", name);
    findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  const LoadedConfig& loaded_;
  const Headers& headers_;
  Findings& findings_;
};

template <class List>
void AddNames(const List& list, Names& names) {
  for (const std::string& name : list) names.insert(LowerCase(name));
}

std::string Joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += Cat(text.empty() ? "" : ", ", name);
  return text;
}

// What requests may have that the gateway reads.
Names RequestHeaders(const v1::Config& config, const route::Route* route) {
  Names names = {"accept",     "content-type", "traceparent",
                 "tracestate", "x-request-id", "x-request-timeout"};
  const bool open = route && route->auth.access == route::Route::Auth::Access::kPublic;
  if (!open && config.auth().providers_size() > 0) names.insert("authorization");
  if (!open && config.auth().has_api_keys()) {
    const std::string& header = config.auth().api_keys().header();
    names.insert(header.empty() ? "x-api-key" : LowerCase(header));
  }
  if (!route) return names;
  if (route->idempotency.on) names.insert("idempotency-key");
  AddNames(route->request_headers, names);
  return names;
}

// What answers may have that the gateway sets, and no page may read otherwise.
Names AnswerHeaders(const route::Route* route) {
  Names names = {"retry-after", "www-authenticate", "x-request-id"};
  if (!route) return names;
  if (route->idempotency.on) names.insert("idempotency-replayed");
  if (route->method->plan) names.insert("frontdesk-incomplete");
  if (route->version) names.insert({"deprecation", "link", "link-template", "sunset"});
  if (!route->limits_by_address.empty() || !route->limits_by_caller.empty() ||
      !route->limits_by_field.empty()) {
    names.insert({"ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset"});
  }
  AddNames(route->response_headers, names);
  return names;
}

}  // namespace

void CheckHeaders(const LoadedConfig& loaded, Findings& findings) {
  Checker(loaded, findings).Run();
}

policy::AnswerHeaders ToAnswerHeaders(const Headers& from) {
  policy::AnswerHeaders headers;
  const auto text = [](bool said, const std::string& own, std::string_view otherwise) {
    return said ? std::string_view(own) : otherwise;
  };
  if (!from.has_nosniff() || from.nosniff()) headers.Add(kNosniff, "nosniff");
  const std::string_view content =
      text(from.has_content_security_policy(), from.content_security_policy(),
           "default-src 'none'; frame-ancestors 'none'");
  if (content != kOff) headers.Add(kContentPolicy, content);
  const std::string_view referrer =
      text(from.has_referrer_policy(), from.referrer_policy(), "no-referrer");
  if (referrer != kOff) headers.Add(kReferrer, referrer);
  for (const auto& field : from.add()) headers.Add(field.name(), field.value());
  // What clients get from here came by HTTP/2 or was made here.
  if (!from.via().empty()) headers.Add("Via", policy::ViaText("2", from.via()));
  const std::string_view hsts = text(from.has_strict_transport_security(),
                                     from.strict_transport_security(), "max-age=31536000");
  if (hsts != kOff) headers.AddSecure(kHsts, hsts);
  if (!from.has_no_store() || from.no_store()) headers.AddNoStore();
  return headers;
}

std::shared_ptr<const route::Cors> ToCors(const v1::Policy::Cors& from, const v1::Config& config,
                                          const route::Route* route) {
  if (!contract::IsOn(from)) return nullptr;
  auto cors = std::make_shared<route::Cors>();
  for (const std::string& origin : from.allow_origins()) cors->origins.Add(origin);
  cors->credentials = from.allow_credentials();
  cors->private_network = from.allow_private_network();
  Names requests = RequestHeaders(config, route);
  AddNames(from.allow_headers(), requests);
  cors->allow_headers = Joined(requests);
  Names answers = AnswerHeaders(route);
  AddNames(from.expose_headers(), answers);
  cors->expose_headers = Joined(answers);
  const Duration age = contract::ToDuration(from.max_age(), std::chrono::minutes(10));
  cors->max_age = Cat(std::chrono::duration_cast<std::chrono::seconds>(age).count());
  return cors;
}

void ProtectFromOtherSites(const v1::Policy& policy, route::Route& route) {
  route.csrf = !policy.csrf().has_enabled() || policy.csrf().enabled();
  for (const std::string& origin : policy.csrf().allow_origins()) route.csrf_origins.Add(origin);
  // Who may send cookies along and read the answer is trusted with more already.
  if (!contract::IsOn(policy.cors()) || !policy.cors().allow_credentials()) return;
  for (const std::string& origin : policy.cors().allow_origins()) route.csrf_origins.Add(origin);
}

}  // namespace frontdesk::config
