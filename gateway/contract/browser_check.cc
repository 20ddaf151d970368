#include "gateway/contract/browser_check.h"

#include <algorithm>
#include <array>
#include <set>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/origin.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::array kTimes = {
    TimeRule{"cors.max_age", std::chrono::seconds(1), std::chrono::hours(24)}};

void CheckOrigins(const Texts& origins, const std::vector<int>& field, std::string_view name,
                  const AddWrong& add) {
  std::set<std::string> seen;
  for (int i = 0; i < origins.size(); ++i) {
    std::string wrong = OriginSet().Add(origins[i]);
    if (wrong.empty() && !seen.insert(origins[i]).second) wrong = "stands here twice";
    std::vector<int> at = field;
    at.push_back(i);
    if (!wrong.empty()) add(at, name, Cat(Quoted(origins[i]), ' ', wrong));
  }
}

// `never`: what browsers let nobody do, whatever is allowed.
void CheckNames(const Texts& names, int field, std::string_view name, std::string_view never,
                const AddWrong& add) {
  std::set<std::string> seen;
  for (int i = 0; i < names.size(); ++i) {
    const std::string lower = LowerCase(names[i]);
    std::string wrong;
    if (lower == "*") {
      wrong = "is not offered: name them";
    } else if (!IsMetadataKey(lower)) {
      wrong = "is no name of a header";
    } else if (lower == never) {
      wrong = "is nothing that browsers leave to pages";
    } else if (!seen.insert(lower).second) {
      wrong = "stands here twice";
    }
    if (!wrong.empty()) {
      add({Policy::kCorsFieldNumber, field, i}, name, Cat(Quoted(names[i]), ' ', wrong));
    }
  }
}

bool Contains(const Texts& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

bool IsOn(const Policy::Cors& cors) {
  return cors.allow_origins_size() > 0 && (!cors.has_enabled() || cors.enabled());
}

void CheckBrowserValues(const Policy& policy, const AddWrong& add) {
  using Cors = Policy::Cors;
  CheckValues(policy, {}, kTimes, add);
  CheckOrigins(policy.cors().allow_origins(),
               {Policy::kCorsFieldNumber, Cors::kAllowOriginsFieldNumber}, "cors.allow_origins",
               add);
  CheckNames(policy.cors().allow_headers(), Cors::kAllowHeadersFieldNumber, "cors.allow_headers",
             "cookie", add);
  CheckNames(policy.cors().expose_headers(), Cors::kExposeHeadersFieldNumber, "cors.expose_headers",
             "set-cookie", add);
  const std::vector<int> csrf = {Policy::kCsrfFieldNumber, Policy::Csrf::kAllowOriginsFieldNumber};
  CheckOrigins(policy.csrf().allow_origins(), csrf, "csrf.allow_origins", add);
  if (Contains(policy.csrf().allow_origins(), "*")) {
    add(csrf, "csrf.allow_origins", "\"*\" lets every site in: if that is meant, `enabled: false`");
  }
}

void CheckBrowsersTogether(
    const Policy& policy, const PolicyPlaces& places,
    const std::function<void(const std::string& name, std::string_view text)>& add) {
  const Policy::Cors& cors = policy.cors();
  const auto elsewhere = [&](const std::string& name, const std::string& other) {
    return Elsewhere(PlaceOfValue(places, name), PlaceOfValue(places, other));
  };
  if (cors.has_enabled() && !cors.enabled()) return;
  const Texts& origins = cors.allow_origins();
  const bool asks_more = cors.allow_headers_size() > 0 || cors.expose_headers_size() > 0 ||
                         cors.allow_credentials() || cors.has_max_age() ||
                         cors.allow_private_network() || cors.enabled();
  if (origins.empty()) {
    if (asks_more) add("cors", "has no allow_origins, and so allows nobody anything");
    return;
  }
  if (Contains(origins, "*") && origins.size() > 1) {
    add("cors.allow_origins", "\"*\" is everybody: nothing else has a meaning beside it");
  }
  for (const char* anybody : {"*", "null"}) {
    if (!cors.allow_credentials() || !Contains(origins, anybody)) continue;
    add("cors.allow_credentials",
        Cat("would let any page act as whoever looks at it: allow_origins has ", Quoted(anybody),
            elsewhere("cors.allow_credentials", "cors.allow_origins")));
  }
  for (const std::string& header : policy.response_headers()) {
    if (!LowerCase(header).starts_with("access-control-")) continue;
    add("response_headers", Cat(Quoted(header), " is set by `cors`",
                                elsewhere("response_headers", "cors.allow_origins")));
  }
}

}  // namespace frontdesk::contract
